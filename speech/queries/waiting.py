"""Why takes wait, and what is said of one that was cancelled while it was being made.

Rule: a queued take names what holds it: money, its clip, its engine, or an earlier try that was
refused; only one that is simply not its turn yet says "Queued". Reason: whoever waits wants to
know for whom. Price: one more query where a take on the page is queued.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from speech.catalog import ENGINES
from speech.models import Batch, EngineState, Project, Take
from speech.states import LIVE, OVER_BUDGET, BatchKind, Cancel, JobState, Waits

MANY_WAIT = 5
"""From so many on, a project's pages offer to cancel all that wait."""
MOST_SWEEPS = 3
"""Sweeps under way that a project's pages name."""

Cure = Literal["", "budget", "engine"]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """`words` are for a glance, `why` is the whole sentence; `cure` says who can do something:
    an owner (budget), an administrator (engine), or nobody."""

    words: str
    why: str
    cure: Cure = ""

    @property
    def mark(self) -> str:
        """Equal for two that read the same."""
        return f"{self.words} {self.why}"


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A sweep that is under way."""

    batch: Batch
    position: int
    left: int

    @property
    def done(self) -> int:
        return self.batch.count - self.left


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What waits in a project, and what is being made in one go."""

    waiting: int
    over_budget: int
    """Of those, how many wait for a budget."""
    sweeps: tuple[Sweep, ...]
    more_sweeps: int

    @property
    def many_wait(self) -> bool:
        return self.waiting >= MANY_WAIT


def engine_states() -> dict[str, EngineState]:
    """What is known of each engine. One query."""
    return {state.key: state for state in EngineState.objects.all()}


def reason_of(
    take: Take, engines: Mapping[str, EngineState], *, now: datetime | None = None
) -> Reason | None:
    """Why a queued take is not sent; None where nothing but its turn is missing. No query for a
    take with its job and project."""
    job = take.job
    if take.state != JobState.QUEUED or job is None:
        return None
    now = now or timezone.now()
    match job.waits:
        case Waits.BUDGET:
            why = budget_sentence(take.project)
            return Reason(words="Waiting for budget.", why=why, cure="budget")
        case Waits.KEY_BUDGET:
            why = "The budget of the API key that asked for it does not cover it."
            return Reason(words="Waiting for budget.", why=why, cure="budget")
        case Waits.CLIP:
            why = "It is sent as soon as the reference clip of its voice is checked."
            return Reason(words="Waiting for its voice.", why=why)
    held = held_by(engines.get(take.engine), now=now)
    if held is not None:
        return held
    if job.error and job.due_at > now:
        return Reason(words=f"Tries again at {clock(job.due_at, now=now)}.", why=job.error)
    return None


def held_by(state: EngineState | None, *, now: datetime | None = None) -> Reason | None:
    """Why an engine sends nothing now; None where it does."""
    now = now or timezone.now()
    if state is None:
        return None
    short = ENGINES[state.key].short if state.key in ENGINES else state.key
    if state.paused_at is not None:
        return Reason(words=f"{short} is paused.", why=state.pause_sentence, cure="engine")
    if state.hold_until is not None and state.hold_until > now:
        until = clock(state.hold_until, now=now)
        return Reason(words=f"{short} waits until {until}.", why=state.hold_sentence)
    return None


def budget_sentence(project: Project) -> str:
    if project.budget is None:
        return "There is room in the project’s budget again; it is sent in a moment."
    return f"What is left of the project’s ${project.budget:,.2f} does not cover it."


def marked_sentence(engine: str, cancel: str) -> str:
    """What a take that is still being made says once it was cancelled."""
    card = ENGINES[engine]
    if cancel == Cancel.KEEP:
        fate = "its result is kept when it comes"
    else:
        fate = "its result will be thrown away"
    if not card.price:
        return f"Cancelled: {fate}."
    return f"Cancelled, but it is being made already and will be charged; {fate}."


def queue_of(project: Project) -> Queue:
    """Two queries."""
    live = Take.objects.filter(project=project, state__in=sorted(LIVE), line__deleted_at=None)
    counts = live.filter(state=JobState.QUEUED).aggregate(
        waiting=Count("pk"), over=Count("pk", filter=Q(job__waits__in=OVER_BUDGET))
    )
    sweeps = _sweeps(live)
    return Queue(
        waiting=counts["waiting"],
        over_budget=counts["over"],
        sweeps=tuple(sweeps[:MOST_SWEEPS]),
        more_sweeps=max(0, len(sweeps) - MOST_SWEEPS),
    )


def clock(moment: datetime, *, now: datetime) -> str:
    """14:05:10, with the day where it is not within half a day."""
    local = timezone.localtime(moment)
    if abs(moment - now) > timedelta(hours=12):
        return f"{local:%H:%M} on {local.day} {local:%b}"
    return f"{local:%H:%M:%S}"


def _sweeps(live: QuerySet[Take]) -> list[Sweep]:
    rows = (
        live.filter(batch__kind=BatchKind.SWEEP)
        .order_by()
        .values_list("batch", "batch__count", "line__position")
        .annotate(left=Count("pk"))
        .order_by("-batch")
    )
    return [
        Sweep(batch=Batch(pk=pk, count=count), position=position, left=left)
        for pk, count, position, left in rows
    ]
