from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q

from speech.models.engines import EngineState
from speech.states import LIVE, NOT_CONFIGURED, OVER_BUDGET, OWNED, Cancel, Charged, JobState, Waits


class JobQuerySet(models.QuerySet["Job"]):
    def actionable(self) -> JobQuerySet:
        """Rows that a driver could move on: live, and not waiting for a person.

        Queued rows of a paused engine do not count, nor those that wait for money or for their
        clip, nor any row of an engine that is not configured any more: nothing is wrong with the
        worker then.
        """
        paused = EngineState.objects.paused()
        return self.filter(
            Q(state__in=OWNED)
            & ~Q(engine__in=[k for k, c in paused.items() if c == NOT_CONFIGURED])
            | Q(state=JobState.QUEUED, waits="") & ~Q(engine__in=list(paused))
        )

    def live(self) -> JobQuerySet:
        """Those that are not finished, one way or the other."""
        return self.filter(state__in=sorted(LIVE))

    def counted(self) -> JobQuerySet:
        """Those that count against a budget: all but the ones that wait for room in it."""
        return self.exclude(waits__in=OVER_BUDGET)

    def owned(self) -> JobQuerySet:
        """Rows that drivers hold."""
        return self.filter(state__in=OWNED)

    def due(self, now: datetime) -> JobQuerySet:
        return self.actionable().filter(due_at__lte=now)


class Job(models.Model):
    """One submission of one take: the row *is* the queue, and the account of its money.

    A take that is sent again gets a new row; the old one keeps what is known of its charge.
    Writes by a driver are fenced by `owner` and `epoch`.
    """

    ref = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    take = models.ForeignKey("speech.Take", on_delete=models.CASCADE, related_name="jobs")
    project = models.ForeignKey(
        "speech.Project", on_delete=models.CASCADE, related_name="jobs", db_index=False
    )
    """No index of its own: `job_money` begins with it, and SQLite preferred it to better ones."""
    asked_by = models.ForeignKey(
        "speech.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    key = models.ForeignKey(
        "speech.ApiKey", on_delete=models.SET_NULL, null=True, blank=True, related_name="jobs"
    )
    """The API key that asked, if none of the studio's people did."""
    engine = models.CharField(max_length=20)
    state = models.CharField(max_length=12, choices=JobState, default=JobState.QUEUED)
    owner = models.CharField(max_length=40, blank=True)
    epoch = models.IntegerField(default=0)
    due_at = models.DateTimeField()
    flow = models.CharField(max_length=60, blank=True)
    """Whose turn it takes: jobs of one flow go one after the other, flows take turns."""
    turn = models.BigIntegerField(default=0)
    """The place in the queue among all flows of the engine; see `speech.services.queueing`."""
    waits = models.CharField(max_length=12, choices=Waits, blank=True)
    """What a queued job waits for before it may be sent; empty for nothing."""
    cancel = models.CharField(max_length=8, choices=Cancel, blank=True)
    """What a person who cancelled it while it was being made wants done with the result."""
    amount = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    """What it counts for against budgets, in US dollars: the price while that is reserved or in
    doubt, the actual cost once known, 0 when nothing was charged."""
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
            models.CheckConstraint(name="job_amount", condition=Q(amount__gte=0)),
            models.CheckConstraint(
                name="job_waits_only_in_the_queue", condition=Q(waits="") | Q(state=JobState.QUEUED)
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
            # Whole, since SQLite uses a partial one for the very words of its condition only.
            models.Index(fields=["state", "waits", "engine"], name="job_by_state"),
            models.Index(
                fields=["engine", "id"],
                name="job_unsettled",
                condition=Q(state=JobState.UNKNOWN, settled=""),
            ),
            models.Index(
                fields=["engine", "turn", "id"],
                name="job_in_turn",
                condition=Q(state=JobState.QUEUED, waits=""),
            ),
            models.Index(
                fields=["engine", "flow", "turn"],
                name="job_flow",
                condition=Q(state=JobState.QUEUED),
            ),
            # What is summed for budgets and on the pages of spend stands in the index itself: the
            # rows are wide, and reading them took five times as long.
            models.Index(
                name="job_money",
                fields=[
                    "project",
                    "created_at",
                    "asked_by",
                    "key",
                    "engine",
                    "charged",
                    "waits",
                    "amount",
                ],
            ),
            models.Index(
                name="job_money_by_key",
                fields=["key", "waits", "amount"],
                condition=Q(key__isnull=False),
            ),
            models.Index(
                name="job_money_lost",
                fields=["project", "created_at", "state", "charged", "amount"],
                condition=Q(error_code__gt=""),
            ),
            models.Index(fields=["created_at"], name="job_by_day"),
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
