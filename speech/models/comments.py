from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class GuestLink(models.Model):
    """A link by which somebody without an account hears one take and comments on it.

    Only the SHA-256 of the token is stored. It works until it expires or is taken back.
    """

    take = models.ForeignKey("speech.Take", on_delete=models.CASCADE, related_name="guest_links")
    token_hash = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=80, blank=True)
    """For whom it is meant."""
    created_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    """When it was last used."""

    class Meta:
        ordering = ["-id"]


class Comment(models.Model):
    """Something said about a take: as a whole, at a time, or about a range. Seconds.

    A thread is a comment without `parent` and its replies. Either `author` is set, or, for a
    guest, `guest` and `guest_name`.
    """

    take = models.ForeignKey("speech.Take", on_delete=models.CASCADE, related_name="comments")
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="replies"
    )
    author = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    guest = models.ForeignKey(
        GuestLink, on_delete=models.SET_NULL, null=True, blank=True, related_name="comments"
    )
    guest_name = models.CharField(max_length=60, blank=True)
    text = models.TextField()
    start = models.FloatField(null=True, blank=True)
    end = models.FloatField(null=True, blank=True)
    mentions = models.ManyToManyField("speech.User", related_name="+", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="comment_has_text", condition=~Q(text="")),
            models.CheckConstraint(
                name="comment_times",
                condition=Q(end=None) | Q(start__isnull=False, end__gt=F("start")),
            ),
            models.CheckConstraint(
                name="comment_start_positive", condition=Q(start=None) | Q(start__gte=0)
            ),
        ]
        ordering = ["id"]

    @property
    def who(self) -> str:
        if self.author is not None:
            return self.author.label
        return f"{self.guest_name} (guest)" if self.guest_name else "Somebody"
