from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from speech.states import ReviewState, Verdict


class Review(models.Model):
    """How far a take has come with the people who decide. No row: it was never submitted.

    Written by `speech.services.reviews` only. `fell_*` say why the last approval, or the wait for
    one, ended by itself; they are cleared when the take is submitted again.
    """

    take = models.OneToOneField("speech.Take", on_delete=models.CASCADE, related_name="review")
    line = models.ForeignKey("speech.Line", on_delete=models.CASCADE, related_name="reviews")
    project = models.ForeignKey("speech.Project", on_delete=models.CASCADE, related_name="reviews")
    state = models.CharField(max_length=12, choices=ReviewState, default=ReviewState.NONE)
    note = models.CharField(max_length=500, blank=True)
    """What the person who asked wants the reviewers to know."""
    asked_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(auto_now=True)
    fell_from = models.CharField(max_length=12, blank=True)
    fell_at = models.DateTimeField(null=True, blank=True)
    fell_why = models.CharField(max_length=300, blank=True)
    fell_changes = models.JSONField(default=list, blank=True)
    """What differed: [{"what", "then", "now"}] as people read it."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["line"],
                condition=Q(state=ReviewState.APPROVED),
                name="one_approved_take_per_line",
            ),
            models.CheckConstraint(name="review_state", condition=Q(state__in=ReviewState.values)),
        ]
        indexes = [
            models.Index(fields=["project", "state", "asked_at"], name="review_queue"),
            models.Index(fields=["state", "asked_at", "id"], name="review_in_turn"),
            models.Index(fields=["line", "state"], name="review_of_line"),
        ]

    @property
    def fell(self) -> bool:
        return self.fell_at is not None


class Decision(models.Model):
    """What one person said about one take. In force until `ended_at`; never deleted.

    `fingerprint` is what was approved: line text, voice reference, parameters and sound.
    """

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="decisions")
    by = models.ForeignKey("speech.User", on_delete=models.SET_NULL, null=True, related_name="+")
    verdict = models.CharField(max_length=8, choices=Verdict)
    reason = models.TextField(blank=True)
    fingerprint = models.CharField(max_length=64)
    heard_words = models.JSONField(default=list, blank=True)
    """Must-say words that this person confirmed as heard."""
    played_to_end = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["review", "by"],
                condition=Q(ended_at=None),
                name="one_decision_each_in_force",
            ),
            models.CheckConstraint(
                name="decision_verdict", condition=Q(verdict__in=Verdict.values)
            ),
        ]
        indexes = [models.Index(fields=["by", "review"], name="decision_by_person")]
        ordering = ["id"]


class Hearing(models.Model):
    """This person has played this take to its end."""

    take = models.ForeignKey("speech.Take", on_delete=models.CASCADE, related_name="hearings")
    user = models.ForeignKey("speech.User", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["take", "user"], name="one_hearing_each"),
        ]


class MustSay(models.Model):
    """A word or name that has to be said right; whoever approves confirms it as heard."""

    project = models.ForeignKey("speech.Project", on_delete=models.CASCADE, related_name="must_say")
    word = models.CharField(max_length=80)
    respelling = models.CharField(max_length=120, blank=True)
    """How it sounds, such as "FAIRN-vay"; a hint for people, never sent."""
    note = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("project", Lower("word"), name="must_say_once"),
            models.CheckConstraint(name="must_say_has_a_word", condition=~Q(word="")),
        ]
        ordering = ["id"]
