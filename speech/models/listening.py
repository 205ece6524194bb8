from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse

from speech.states import VoteMethod


class ListeningTest(models.Model):
    """A blind comparison: each person hears the takes unnamed and in an order of their own."""

    project = models.ForeignKey(
        "speech.Project", on_delete=models.CASCADE, related_name="listening_tests"
    )
    title = models.CharField(max_length=120)
    question = models.CharField(max_length=300, blank=True)
    method = models.CharField(max_length=8, choices=VoteMethod, default=VoteMethod.PICK)
    takes = models.ManyToManyField("speech.Take", through="TestEntry", related_name="tests")
    created_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="test_method", condition=Q(method__in=VoteMethod.values)),
        ]
        ordering = ["-id"]

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_ranked(self) -> bool:
        return self.method == VoteMethod.RANK

    def get_absolute_url(self) -> str:
        return reverse("speech:test", args=[self.pk])


class TestEntry(models.Model):
    __test__ = False  # not a class of tests

    test = models.ForeignKey(ListeningTest, on_delete=models.CASCADE, related_name="entries")
    take = models.ForeignKey("speech.Take", on_delete=models.CASCADE, related_name="+")
    position = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["test", "take"], name="take_once_in_a_test"),
        ]
        ordering = ["position"]


class Ballot(models.Model):
    """One person's vote, or, without `voted_at`, the task of voting. A cast vote is final."""

    test = models.ForeignKey(ListeningTest, on_delete=models.CASCADE, related_name="ballots")
    person = models.ForeignKey("speech.User", on_delete=models.CASCADE, related_name="ballots")
    asked_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField(auto_now_add=True)
    ranking = models.JSONField(default=list, blank=True)
    """Keys of takes, best first; one only where the method is to pick."""
    remark = models.CharField(max_length=1000, blank=True)
    voted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["test", "person"], name="one_ballot_each"),
        ]
        indexes = [models.Index(fields=["person", "voted_at"], name="ballot_tasks")]
