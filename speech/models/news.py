from __future__ import annotations

from django.db import models
from django.db.models import Q

from speech.states import NoticeKind


class Notice(models.Model):
    """Something that concerns one person: shown in the studio, and mailed where they want it.

    `sentence` and `path` are written once, so that a notice stays true to what happened.
    """

    class Mail(models.TextChoices):
        NO = "no", "Not mailed"
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    person = models.ForeignKey("speech.User", on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=16, choices=NoticeKind)
    project = models.ForeignKey("speech.Project", on_delete=models.CASCADE, related_name="+")
    actor = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    sentence = models.CharField(max_length=400)
    path = models.CharField(max_length=200)
    in_app = models.BooleanField(default=True)
    """False where the person wants this kind by e-mail only."""
    mail = models.CharField(max_length=8, choices=Mail, default=Mail.NO)
    mail_tries = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["person", "-id"], name="notices_of_person"),
            models.Index(
                fields=["person"], name="notices_unread", condition=Q(read_at=None, in_app=True)
            ),
            models.Index(fields=["id"], name="notices_to_mail", condition=Q(mail="waiting")),
        ]
        ordering = ["-id"]


class Presence(models.Model):
    """Who has a page of a project before them now, and which line."""

    project = models.ForeignKey(
        "speech.Project", on_delete=models.CASCADE, related_name="presences"
    )
    user = models.ForeignKey("speech.User", on_delete=models.CASCADE, related_name="+")
    line = models.ForeignKey(
        "speech.Line", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_presence_each"),
        ]
