"""Sweeps as pages show them: what one would cost, how far it is, and its takes as a grid.

Rule: the page of a sweep asks the same number of queries for 2 takes as for 500, and what it is
told afterwards holds only the takes that changed. Reason: five hundred takes are one screen to a
person, and must stay one to the server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, Max, Min, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from speech.catalog import ENGINES, EngineCard
from speech.models import Batch, Job, Line, Project, Take
from speech.params import TUNING
from speech.plans import SweepPlan, from_json
from speech.queries import takes
from speech.queries.staleness import plain
from speech.queries.takes import TakeCard
from speech.queries.waiting import Reason, budget_sentence, engine_states, held_by
from speech.states import FINISHED, LIVE, OVER_BUDGET, BatchKind, Charged, JobState, Waits

LISTED = 20
MOST_COMPARED = 8
SEEDS_AS_COLUMNS = 6
"""With one knob, so many seeds stand side by side; more of them share a cell."""
LATELY = timedelta(minutes=2)
FEWEST_FOR_A_RATE = 3


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What a plan would make and cost, before anybody presses anything. US dollars."""

    plan: SweepPlan
    engine: EngineCard
    price: Decimal
    room: Decimal | None
    """What is left of the project's budget; None where it has none, or nothing costs."""
    fit: int
    """How many takes that covers now."""
    held: Reason | None
    """Why the engine sends nothing at the moment."""
    silent: Sequence[str]
    """A sentence for each knob that changes nothing on this engine."""

    @property
    def count(self) -> int:
        return self.plan.count

    @property
    def wait(self) -> int:
        return self.count - self.fit

    @property
    def counted(self) -> str:
        """What the button has to send back: the number and the engine that were looked at."""
        return f"{self.count} {self.engine.key}"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a sweep is. Money in US dollars, of all tries of its takes."""

    batch: Batch
    engine: EngineCard
    line_id: int
    total: int
    done: int
    failed: int
    cancelled: int
    expired: int
    in_doubt: int
    waiting: int
    over_budget: int
    being_made: int
    marked: int
    spent: Decimal
    """Charged, or may have been."""
    reserved: Decimal
    """Of those that are under way, without those that wait for budget."""
    rate: float | None
    """Takes a minute over the last while; None where too few are finished to say."""
    reasons: Sequence[tuple[int, Reason]]
    """Why some wait, and how many."""
    first_done: Sequence[int]
    """The first finished takes, as many as fit on a board."""

    @property
    def live(self) -> int:
        return self.waiting + self.being_made

    @property
    def to_decide(self) -> int:
        """Being made, and nobody has said yet that they are not wanted."""
        return self.being_made - self.marked

    @property
    def stoppable(self) -> int:
        """Those that a stop would do something about."""
        return self.waiting + self.to_decide

    @property
    def finished(self) -> int:
        return self.total - self.live

    @property
    def left_seconds(self) -> float | None:
        """Until the last one that can be made now is made; None where nobody can say."""
        able = self.live - self.over_budget
        held = any(reason.cure == "engine" for _, reason in self.reasons)
        return 60 * able / self.rate if self.rate and able and not held else None

    @property
    def title(self) -> str:
        if self.live:
            return f"{self.finished} of {self.total} takes"
        return "✓ Sweep finished" if self.done == self.total else "Sweep ended"

    @property
    def board(self) -> str:
        """The query of the board with the first finished takes; empty where too few are."""
        pks = self.first_done
        return "&".join(f"take={pk}" for pk in pks) if len(pks) > 1 else ""


@dataclass(frozen=True, kw_only=True)
class Cell:
    label: str
    """Such as "temperature 0.7, seed 42", for whoever does not see the axes."""
    cards: Sequence[TakeCard]


@dataclass(frozen=True, kw_only=True)
class Row:
    label: str
    cells: Sequence[Cell]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Takes by what they were asked for with. Without knobs one cell holds all seeds."""

    row_name: str
    column_name: str
    columns: Sequence[str]
    rows: Sequence[Row]
    seeds_inside: bool
    """Whether the takes of a cell differ by their seeds, and have to say them."""


@dataclass(frozen=True, kw_only=True)
class SweepRow:
    """A sweep in its project's list."""

    batch: Batch
    plan: SweepPlan
    line: Line
    engine: EngineCard
    live: int
    done: int


def outlook(
    project: Project, plan: SweepPlan, *, engine: str, price: Decimal, room: Decimal | None
) -> Outlook:
    """One query. `room`: what is left of the budget of the project."""
    limited = room is not None and price > 0
    return Outlook(
        plan=plan,
        engine=ENGINES[engine],
        price=price * plan.count,
        room=room if limited else None,
        fit=min(plan.count, int(room / price)) if room is not None and limited else plan.count,
        held=held_by(engine_states().get(engine)),
        silent=[
            f"{axis.param.label}: {axis.param.no_effect_on[engine]}"
            for axis in plan.axes
            if engine in axis.param.no_effect_on
        ],
    )


def plan_of(batch: Batch) -> SweepPlan:
    return from_json(batch.plan)


def first_take(batch: Batch) -> Take:
    """What all takes of a sweep have in common. One query."""
    own = Take.objects.filter(batch=batch).select_related("line__voice").order_by("pk")
    found = own.defer("peaks", "words", "measured", "timings")[:1].get()
    found.project = found.line.project = batch.project
    return found


def cards(batch: Batch, line: Line, *, since: int = -1) -> list[TakeCard]:
    """The takes of a sweep of `line` in their order, without waveforms; those that changed after
    the project's version `since`. Queries as in `speech.queries.takes.page`."""
    own = takes.base(around=False).filter(batch=batch, version__gt=since)
    found = list(
        own.defer("words", "measured", "timings", "search_text", "job__result", "peaks").order_by(
            "pk"
        )
    )
    for take in found:
        take.line, take.project = line, batch.project
    return takes.cards(found)


def grid(plan: SweepPlan, cards: Sequence[TakeCard]) -> Grid:
    """No query."""
    by_key: dict[tuple[Any, ...], TakeCard] = {}
    for card in cards:
        key = (card.take.seed, *(getattr(card.take, axis.name) for axis in plan.axes))
        by_key.setdefault(key, card)
    axes = plan.axes
    side_by_side = len(axes) == 1 and len(plan.seeds) <= SEEDS_AS_COLUMNS

    def cell(*values: Any, seeds: Sequence[int]) -> Cell:
        said = [
            f"{axis.param.label.lower()} {plain(value)}"
            for axis, value in zip(axes, values, strict=False)
        ]
        said += [f"seed {seeds[0]}"] if len(seeds) == 1 else []
        found = [by_key[seed, *values] for seed in seeds if (seed, *values) in by_key]
        return Cell(label=", ".join(said), cards=found)

    if not axes:
        columns: list[str] = []
        rows = [Row(label="", cells=[cell(seeds=plan.seeds)])]
    elif side_by_side:
        columns = [str(seed) for seed in plan.seeds]
        rows = [
            Row(label=plain(value), cells=[cell(value, seeds=[seed]) for seed in plan.seeds])
            for value in axes[0].values
        ]
    elif len(axes) == 1:
        columns = []
        rows = [
            Row(label=plain(value), cells=[cell(value, seeds=plan.seeds)])
            for value in axes[0].values
        ]
    else:
        columns = [plain(value) for value in axes[1].values]
        rows = [
            Row(
                label=plain(first),
                cells=[cell(first, second, seeds=plan.seeds) for second in axes[1].values],
            )
            for first in axes[0].values
        ]
    return Grid(
        row_name=axes[0].param.label if axes else "",
        column_name="Seed" if side_by_side else axes[1].param.label if len(axes) > 1 else "",
        columns=columns,
        rows=rows,
        seeds_inside=not side_by_side,
    )


def knobs(tuning: Mapping[str, Any], *, without: SweepPlan | None = None) -> list[tuple[str, str]]:
    """Label and value of each knob, but those that a plan turns. No query."""
    turned = {axis.name for axis in without.axes} if without else set()
    return [
        (param.label, plain(tuning[param.name])) for param in TUNING if param.name not in turned
    ]


def progress(batch: Batch, *, now: datetime | None = None) -> Progress:
    """At most four queries, whatever the number of takes."""
    now = now or timezone.now()
    own = Take.objects.filter(batch=batch)
    counts = _counts(own, now)
    money = _money(batch)
    recent, since = counts["recent"], max(now - LATELY, counts["began"] or now)
    span = max((now - since).total_seconds(), 1.0)
    engine = counts["engine"]
    first = own.filter(state=JobState.DONE, archived_at=None).order_by("pk")
    return Progress(
        batch=batch,
        engine=ENGINES[engine],
        line_id=counts["line"],
        total=batch.count,
        done=counts["done"],
        failed=counts["failed"],
        cancelled=counts["cancelled"],
        expired=counts["expired"],
        in_doubt=counts["unknown"],
        waiting=counts["waiting"],
        over_budget=counts["project_budget"] + counts["key_budget"],
        being_made=counts["live"] - counts["waiting"],
        marked=counts["marked"],
        spent=money["spent"],
        reserved=money["reserved"],
        rate=60 * recent / span if recent >= FEWEST_FOR_A_RATE else None,
        reasons=_reasons(batch.project, engine, counts, now),
        first_done=list(first.values_list("pk", flat=True)[:MOST_COMPARED]),
    )


def rows(project: Project, *, before: int | None = None) -> tuple[list[SweepRow], int | None]:
    """The newest sweeps of a project, and `before` of the next page. Two queries."""
    sweeps = Batch.objects.filter(project=project, kind=BatchKind.SWEEP)
    if before is not None:
        sweeps = sweeps.filter(pk__lt=before)
    found = list(
        sweeps.filter(takes__line__deleted_at=None)
        .select_related("asked_by")
        .annotate(
            line=Min("takes__line"),
            engine=Min("takes__engine"),
            live=Count("takes", filter=Q(takes__state__in=sorted(LIVE))),
            done=Count("takes", filter=Q(takes__state=JobState.DONE)),
        )
        .order_by("-pk")[: LISTED + 1]
    )
    lines = Line.objects.in_bulk({batch.line for batch in found})
    shown = [
        SweepRow(
            batch=batch,
            plan=plan_of(batch),
            line=lines[batch.line],
            engine=ENGINES[batch.engine],
            live=batch.live,
            done=batch.done,
        )
        for batch in found[:LISTED]
    ]
    return shown, shown[-1].batch.pk if len(found) > LISTED else None


def _counts(own: QuerySet[Take], now: datetime) -> dict[str, Any]:
    """Takes by state, and why those that wait do. One query."""
    queued = Q(state=JobState.QUEUED)
    ended = {state.value: Count("pk", filter=Q(state=state)) for state in sorted(FINISHED)}
    return own.aggregate(
        **ended,
        live=Count("pk", filter=Q(state__in=sorted(LIVE))),
        waiting=Count("pk", filter=Q(state__in=[JobState.QUEUED, JobState.CLAIMED])),
        project_budget=Count("pk", filter=queued & Q(job__waits=Waits.BUDGET)),
        key_budget=Count("pk", filter=queued & Q(job__waits=Waits.KEY_BUDGET)),
        ready=Count("pk", filter=queued & Q(job__waits="")),
        marked=Count("pk", filter=Q(state__in=sorted(LIVE)) & ~Q(job__cancel="")),
        recent=Count("pk", filter=Q(state=JobState.DONE, finished_at__gte=now - LATELY)),
        began=Max("created_at"),
        engine=Min("engine"),
        line=Min("line"),
    )


def _money(batch: Batch) -> dict[str, Decimal]:
    """One query."""
    nothing = Value(Decimal(0), output_field=DecimalField())
    free = Q(waits__in=OVER_BUDGET)
    return Job.objects.filter(take__batch=batch).aggregate(
        spent=Coalesce(
            Sum("amount", filter=Q(state__in=sorted(FINISHED)) & ~Q(charged=Charged.NO)), nothing
        ),
        reserved=Coalesce(Sum("amount", filter=Q(state__in=sorted(LIVE)) & ~free), nothing),
    )


def _reasons(
    project: Project, engine: str, counts: Mapping[str, Any], now: datetime
) -> list[tuple[int, Reason]]:
    """At most one query."""
    found: list[tuple[int, Reason]] = []
    if counts["ready"]:
        held = held_by(engine_states().get(engine), now=now)
        if held is not None:
            found.append((counts["ready"], held))
    if counts["project_budget"]:
        why = budget_sentence(project)
        reason = Reason(words="Waiting for budget.", why=why, cure="budget")
        found.append((counts["project_budget"], reason))
    return found
