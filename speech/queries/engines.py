"""What an engine is doing right now, for administrators, and what was learned of it."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import BooleanField, Count, ExpressionWrapper, Max, Q
from django.db.models.functions import Now
from django.utils import timezone

from speech.limits import BREAKS_AFTER, Limits, limits_of, polls_row, regrown, submits_row
from speech.models import Allowance, DriverLease, EngineState, Event, Job
from speech.pauses import MOST_RESUMES, RESUMES_WITHIN, Pause, pause_of
from speech.states import OVER_BUDGET, JobState, Waits

SENDING = frozenset({JobState.CLAIMED, JobState.SUBMITTING})
"""What takes a place in the submit window."""
IN_FLIGHT = (
    JobState.CLAIMED, JobState.SUBMITTING, JobState.RUNNING, JobState.DOWNLOADING,
    JobState.MEASURING,
)  # fmt: skip
ERRORS_OF = timedelta(days=7)
MOST_ERRORS = 8
DURATIONS = 40
Since = Literal["accepted_at", "submit_started_at"]


@dataclass(frozen=True, kw_only=True)
class Queue:
    """Queued jobs by what they wait for."""

    due: int = 0
    """For nothing but their turn."""
    later: int = 0
    """For the moment that their next try is set for."""
    budget: int = 0
    clip: int = 0

    @property
    def total(self) -> int:
        return self.due + self.later + self.budget + self.clip


@dataclass(frozen=True, kw_only=True)
class Speed:
    """A limit per minute: as set, and as it stands after the provider said "too much"."""

    limit: int
    now: float

    @property
    def lowered(self) -> bool:
        return bool(self.limit) and round(self.now, 1) < self.limit


@dataclass(frozen=True, kw_only=True)
class DriverRow:
    """A driver that holds a lease, and its jobs of this engine by state. One without a lease is
    gone; its jobs are taken over."""

    host: str = ""
    pid: int = 0
    since: datetime | None = None
    until: datetime | None = None
    alive: bool = False
    jobs: Sequence[tuple[str, int]] = ()

    @property
    def total(self) -> int:
        return sum(many for _, many in self.jobs)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """The newest of the errors with one code, and how many there were."""

    code: str
    count: int
    at: datetime
    sentence: str
    job: Job
    reachable: bool
    """Its take can be opened: the line is not deleted."""


@dataclass(frozen=True, kw_only=True)
class EngineStatus:
    """Everything that the status page of an engine draws."""

    key: str
    state: EngineState
    limits: Limits
    now: datetime
    flight: Sequence[tuple[str, int]]
    """The five states in flight, in order, by their words."""
    sending: int
    queue: Queue
    submits: Speed
    polls: Speed
    drivers: Sequence[DriverRow]
    oldest: Job | None
    """The due job that has waited longest."""
    usual: float | None
    """Seconds from sending to COMPLETED, the median of the last takes."""
    troubles: Sequence[Trouble]
    weary: bool
    """It went on by itself so often of late that it waits longer before the next time."""
    pause: Pause = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pause", pause_of(self.state.pause_code))

    @property
    def in_flight(self) -> int:
        return sum(many for _, many in self.flight)

    @property
    def paused(self) -> bool:
        return self.state.paused_at is not None

    @property
    def held(self) -> bool:
        return self.state.hold_until is not None and self.state.hold_until > self.now

    @property
    def breaker(self) -> str:
        """closed, counting, open (until the hold's end) or probing."""
        if self.state.failures >= BREAKS_AFTER:
            return "open" if self.held else "probing"
        return "counting" if self.state.failures else "closed"

    @property
    def breaks_after(self) -> int:
        return BREAKS_AFTER

    @property
    def waited(self) -> float | None:
        """Seconds that the oldest due job has waited."""
        return (self.now - self.oldest.due_at).total_seconds() if self.oldest else None


def engine_status(key: str) -> EngineStatus:
    """Nine queries, and one more where it is paused for what a task looks at."""
    now = timezone.now()
    state = EngineState.objects.filter(key=key).first() or EngineState(key=key)
    flight, drivers = _drivers(key)
    limits = limits_of(key)
    rows = Allowance.objects.in_bulk([submits_row(key), polls_row(key)])
    durations = usual_durations(key, since="submit_started_at")
    looked_at = state.paused_at is not None and pause_of(state.pause_code).looked_at
    return EngineStatus(
        key=key,
        state=state,
        limits=limits,
        now=now,
        flight=[(one.label, flight[one]) for one in IN_FLIGHT],
        sending=sum(flight[one] for one in SENDING),
        queue=_queue(key, now),
        submits=_speed(rows.get(submits_row(key)), limits.submits_per_minute, now),
        polls=_speed(rows.get(polls_row(key)), limits.polls_per_minute, now),
        drivers=drivers,
        oldest=_oldest(key, now),
        usual=statistics.median(durations) if durations else None,
        troubles=_troubles(key, now),
        weary=looked_at and resumes_lately(key) >= MOST_RESUMES,
    )


def resumes_lately(key: str) -> int:
    """How often its submissions went on by themselves within the last hour."""
    since = timezone.now() - RESUMES_WITHIN
    return Event.objects.filter(
        project=None, actor=None, verb="submissions resumed", target=key, created_at__gte=since
    ).count()


def usual_durations(key: str, *, since: Since = "accepted_at") -> list[float]:
    """Seconds from acceptance, or from sending, to COMPLETED of this engine's last takes."""
    known = {f"{since}__isnull": False, "completed_at__isnull": False}
    rows = Job.objects.filter(engine=key, state=JobState.DONE, **known).order_by("-pk")[:DURATIONS]
    return [
        (done - began).total_seconds()
        for began, done in rows.values_list(since, "completed_at")
        if began and done
    ]


def alarms() -> bool:
    """True where an administrator is needed: a paused engine, or takes in doubt. Two queries."""
    return (
        EngineState.objects.exclude(paused_at=None).exists()
        or Job.objects.filter(
            state=JobState.UNKNOWN, settled="", take__line__deleted_at=None
        ).exists()
    )


def _queue(key: str, now: datetime) -> Queue:
    due = ExpressionWrapper(Q(due_at__lte=now), output_field=BooleanField())
    queued = Job.objects.filter(engine=key, state=JobState.QUEUED).order_by()
    queue = Counter[str]()
    for waits, is_due, many in queued.values_list("waits", due).annotate(many=Count("pk")):
        if waits in OVER_BUDGET:
            queue["budget"] += many
        elif waits == Waits.CLIP:
            queue["clip"] += many
        else:
            queue["due" if is_due else "later"] += many
    return Queue(**queue)


def _speed(row: Allowance | None, limit: int, now: datetime) -> Speed:
    if row is None or not limit:
        return Speed(limit=limit, now=float(limit))
    seconds = (now - row.at).total_seconds()
    return Speed(limit=limit, now=regrown(row.per_minute, seconds=seconds, limit=limit))


def _drivers(key: str) -> tuple[Mapping[str, int], list[DriverRow]]:
    owned = Job.objects.owned().filter(engine=key).order_by()
    jobs: dict[str, list[tuple[str, int]]] = {}
    flight = Counter[str]()
    for owner, state, many in owned.values_list("owner", "state").annotate(many=Count("pk")):
        jobs.setdefault(owner, []).append((JobState(state).label, many))
        flight[state] += many
    alive = ExpressionWrapper(Q(until__gt=Now()), output_field=BooleanField())
    found = [
        DriverRow(
            host=lease.host, pid=lease.pid, since=lease.started_at, until=lease.until,
            alive=lease.is_alive, jobs=jobs.pop(lease.owner, ()),
        )
        for lease in DriverLease.objects.annotate(is_alive=alive).order_by("started_at")
    ]  # fmt: skip
    gone = Counter[str]()
    for rest in jobs.values():
        gone.update(dict(rest))
    shown = [row for row in found if row.alive or row.jobs]
    return flight, [*shown, DriverRow(jobs=sorted(gone.items()))] if gone else shown


def _oldest(key: str, now: datetime) -> Job | None:
    due = Job.objects.filter(engine=key, state=JobState.QUEUED, waits="", due_at__lte=now)
    return due.select_related("take__line", "project").order_by("due_at", "pk").first()


def _troubles(key: str, now: datetime) -> list[Trouble]:
    recent = Job.objects.filter(engine=key, created_at__gte=now - ERRORS_OF)
    wrong = recent.exclude(error_code="").exclude(state=JobState.CANCELLED)
    counts = (
        wrong.order_by()
        .values_list("error_code")
        .annotate(many=Count("pk"), newest=Max("pk"))
        .order_by("-newest")[:MOST_ERRORS]
    )
    rows = list(counts)
    jobs = Job.objects.select_related("take__line", "project").in_bulk([pk for *_, pk in rows])
    return [
        Trouble(
            code=code,
            count=many,
            at=job.finished_at or job.submit_started_at or job.created_at,
            sentence=job.error,
            job=job,
            reachable=job.take.line.deleted_at is None,
        )
        for code, many, pk in rows
        if (job := jobs.get(pk)) is not None
    ]
