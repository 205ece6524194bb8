from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q

from speech.states import LIVE, NOT_CONFIGURED, OWNED, Charged, JobState


class JobQuerySet(models.QuerySet["Job"]):
    def actionable(self) -> JobQuerySet:
        """Rows that a driver could move on: live, and not waiting for a person.

        Queued rows of a paused engine do not count, nor any row of an engine that is not
        configured any more: nothing is wrong with the worker then.
        """
        paused = EngineState.objects.paused()
        return self.filter(
            Q(state__in=OWNED)
            & ~Q(engine__in=[k for k, c in paused.items() if c == NOT_CONFIGURED])
            | Q(state=JobState.QUEUED) & ~Q(engine__in=list(paused))
        )

    def due(self, now: datetime) -> JobQuerySet:
        return self.actionable().filter(due_at__lte=now)


class Job(models.Model):
    """One submission of one take: the row *is* the queue, and the account of its money.

    A take that is sent again gets a new row; the old one keeps what is known of its charge.
    Writes by a driver are fenced by `owner` and `epoch`.
    """

    ref = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    take = models.ForeignKey("speech.Take", on_delete=models.CASCADE, related_name="jobs")
    engine = models.CharField(max_length=20)
    state = models.CharField(max_length=12, choices=JobState, default=JobState.QUEUED)
    owner = models.CharField(max_length=40, blank=True)
    epoch = models.IntegerField(default=0)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    submits = models.IntegerField(default=0)
    """How often a POST was begun for this row."""
    failures = models.IntegerField(default=0)
    """Failures in a row, for the backoff; a success sets it back to 0."""
    submit_started_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    """When the engine said COMPLETED."""
    finished_at = models.DateTimeField(null=True, blank=True)
    request_id = models.CharField(max_length=100, blank=True)
    status_url = models.CharField(max_length=500, blank=True)
    response_url = models.CharField(max_length=500, blank=True)
    output_url = models.CharField(max_length=2000, blank=True)
    result = models.JSONField(default=dict, blank=True)
    charged = models.CharField(max_length=8, choices=Charged, default=Charged.NO)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)
    settled = models.CharField(max_length=12, blank=True)
    """How a person settled an unknown: `resubmitted` or `dismissed`."""

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["take"], condition=Q(state__in=sorted(LIVE)), name="one_live_job_per_take"
            ),
            models.CheckConstraint(name="job_state", condition=Q(state__in=JobState.values)),
            models.CheckConstraint(
                name="job_owned_has_owner", condition=~Q(state__in=sorted(OWNED)) | ~Q(owner="")
            ),
            models.CheckConstraint(
                name="job_running_has_request_id",
                condition=~Q(state=JobState.RUNNING) | ~Q(request_id=""),
            ),
            models.CheckConstraint(
                name="job_submitting_has_time",
                condition=~Q(state=JobState.SUBMITTING) | Q(submit_started_at__isnull=False),
            ),
            models.CheckConstraint(
                name="job_unknown_may_be_charged",
                condition=~Q(state=JobState.UNKNOWN) | Q(charged=Charged.MAYBE),
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "due_at"], name="job_due", condition=Q(state__in=sorted(LIVE))
            ),
            models.Index(
                fields=["owner", "state"], name="job_owned", condition=Q(state__in=sorted(OWNED))
            ),
            models.Index(
                fields=["engine", "id"],
                name="job_unsettled",
                condition=Q(state=JobState.UNKNOWN, settled=""),
            ),
        ]


class DriverLease(models.Model):
    """A driver that is alive. Renewed by one UPDATE a few seconds; rows of an expired one are
    taken over."""

    owner = models.CharField(max_length=40, primary_key=True)
    host = models.CharField(max_length=120)
    pid = models.IntegerField()
    until = models.DateTimeField()
    started_at = models.DateTimeField(auto_now_add=True)


class Heartbeat(models.Model):
    """A sign of life by a worker. `name` is the cluster's."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    pid = models.IntegerField(default=0)
    detail = models.CharField(max_length=200, blank=True)


class EngineStateQuerySet(models.QuerySet["EngineState"]):
    def paused(self) -> dict[str, str]:
        """Paused engines: key → the code of the reason."""
        return dict(self.exclude(paused_at=None).values_list("key", "pause_code"))


class EngineState(models.Model):
    """What is known of an engine right now: paused or not, credits, last trouble."""

    key = models.CharField(max_length=20, primary_key=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_code = models.CharField(max_length=40, blank=True)
    pause_sentence = models.TextField(blank=True)
    failures = models.IntegerField(default=0)
    """Refused submits in a row, for the breaker."""
    hold_until = models.DateTimeField(null=True, blank=True)
    """No submit before this (rate limit or breaker)."""
    hold_sentence = models.TextField(blank=True)
    credits = models.FloatField(null=True, blank=True)
    credits_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_asked_at = models.DateTimeField(null=True, blank=True)
    check_sentence = models.TextField(blank=True)
    check_ok = models.BooleanField(default=False)

    objects = EngineStateQuerySet.as_manager()
