"""What takes cost: in a period, by project, person, engine and day.

Rule: money is read off jobs, one row for each try of a take, and from nowhere else. Reason: the
row that is charged is the row that is counted. One pass groups by all that is asked for at once;
days are cut from hours in the studio's own zone. Price: one wide index holds what is summed, so
that a hundred thousand tries are read in a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum, TextField
from django.db.models.functions import Cast, Substr
from django.urls import reverse
from django.utils import timezone

from speech.catalog import ENGINES
from speech.models import ApiKey, Balance, Job, Project, Review, User
from speech.queries.budgets import Standing
from speech.states import OVER_BUDGET, Charged, JobState, ReviewState

ZERO = Decimal(0)
MOST_DAYS = 62
"""Longer periods are told by months."""
MOST_BALANCES = 100


@dataclass(frozen=True, kw_only=True)
class Period:
    """From the first moment of `since` to the last of `until`, in the studio's zone; None for
    all that there is."""

    since: date | None = None
    until: date | None = None

    def of(self, jobs: QuerySet[Job]) -> QuerySet[Job]:
        if self.since:
            jobs = jobs.filter(created_at__gte=_start(self.since))
        if self.until:
            jobs = jobs.filter(created_at__lt=_start(self.until + timedelta(days=1)))
        return jobs


@dataclass(kw_only=True)
class Part:
    """One row of a breakdown. US dollars."""

    label: str
    path: str = ""
    note: str = ""
    takes: int = 0
    spent: Decimal = ZERO
    doubt: Decimal = ZERO

    def add(self, charged: str, many: int, amount: Decimal) -> None:
        self.takes += many
        if charged == Charged.YES:
            self.spent += amount
        elif charged == Charged.MAYBE:
            self.doubt += amount


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """`by`: what its rows are."""

    by: str
    parts: Sequence[Part]

    @property
    def heading(self) -> str:
        return f"By {self.by[0].lower()}{self.by[1:]}"

    @property
    def most(self) -> Decimal:
        """What the longest bar stands for, never 0."""
        return max((part.spent for part in self.parts), default=ZERO) or Decimal(1)


@dataclass(frozen=True, kw_only=True)
class Amount:
    """How many, and what they come to."""

    count: int = 0
    amount: Decimal = ZERO


@dataclass(frozen=True, kw_only=True)
class BalanceRow:
    day: date
    engine: str
    credits: float
    change: float | None
    """Since the day before that is known."""


@dataclass(frozen=True, kw_only=True)
class Spend:
    """What a spend page draws."""

    total: Part
    doubt: Amount
    failed: Amount
    """Tries that failed, and those few of them that were charged all the same."""
    discarded: Amount
    """Takes that were cancelled while they were made, and charged."""
    reserved: Amount
    """Right now: queued or being made."""
    waiting: Amount
    """Right now: for budget."""
    breakdowns: Sequence[Breakdown]
    approved: int
    approved_seconds: float
    balances: Sequence[BalanceRow] = field(default=())

    @property
    def per_second(self) -> Decimal | None:
        """US dollars for each second of approved takes; None where there is none."""
        if not self.approved_seconds:
            return None
        return self.total.spent / Decimal(str(round(self.approved_seconds, 3)))


def spend(
    period: Period, *, project: Project | None = None, standing: Standing | None = None
) -> Spend:
    """Of one project, with its `standing`, or of the studio. Nine queries at most, however many
    rows there are."""
    jobs = Job.objects.all() if project is None else Job.objects.filter(project=project)
    within = period.of(jobs).order_by()
    total, doubtful = Part(label="All"), 0
    grouped: dict[tuple[str, object], Part] = {}
    for project_id, person, key, engine, charged, many, amount in within.values_list(
        "project", "asked_by", "key", "engine", "charged"
    ).annotate(many=Count("pk"), sum=Sum("amount")):
        who = ("key", key) if key else ("person", person)
        for place in (("project", project_id), who, ("engine", engine)):
            grouped.setdefault(place, Part(label="")).add(charged, many, amount or ZERO)
        total.add(charged, many, amount or ZERO)
        doubtful += many if charged == Charged.MAYBE else 0
    _name(grouped)
    lost = _lost(within)
    now = _studio_now() if standing is None else _project_now(standing)
    approved, seconds = _approved(period, project)
    return Spend(
        total=total,
        doubt=Amount(count=doubtful, amount=total.doubt),
        failed=lost.get(JobState.FAILED, Amount()),
        discarded=lost.get(JobState.CANCELLED, Amount()),
        reserved=now[0],
        waiting=now[1],
        breakdowns=[
            *([Breakdown(by="Project", parts=_sorted(grouped, "project"))] if not project else []),
            Breakdown(by="Person or API key", parts=_sorted(grouped, "person", "key")),
            Breakdown(by="Engine", parts=_sorted(grouped, "engine")),
            _days(within),
        ],
        approved=approved,
        approved_seconds=seconds,
        balances=_balances(period) if project is None else (),
    )


def tries(period: Period, *, project: Project | None = None) -> QuerySet[Job]:
    """The rows themselves, with what names them."""
    jobs = Job.objects.all() if project is None else Job.objects.filter(project=project)
    return period.of(jobs).select_related("project", "take__line", "asked_by", "key")


def _lost(jobs: QuerySet[Job]) -> dict[str, Amount]:
    """Failed tries, and discarded ones that were charged."""
    found: dict[str, Amount] = {}
    ended = jobs.filter(error_code__gt="", state__in=(JobState.CANCELLED, JobState.FAILED))
    for state, charged, many, amount in ended.values_list("state", "charged").annotate(
        many=Count("pk"), sum=Sum("amount")
    ):
        if state == JobState.CANCELLED and charged == Charged.NO:
            continue
        before = found.get(state, Amount())
        cost = amount if charged == Charged.YES and amount else ZERO
        found[state] = Amount(count=before.count + many, amount=before.amount + cost)
    return found


def _project_now(standing: Standing) -> tuple[Amount, Amount]:
    """What is reserved, and what waits for budget."""
    return (
        Amount(count=standing.reserved_takes, amount=standing.reserved),
        Amount(count=standing.waits, amount=standing.waits_for),
    )


def _studio_now() -> tuple[Amount, Amount]:
    """The same for all projects together; only the queue and what is in flight are read."""
    sums = {"many": Count("pk"), "sum": Sum("amount")}
    queued = Job.objects.filter(state=JobState.QUEUED, amount__gt=0).order_by()
    made = Job.objects.owned().filter(charged=Charged.NO, amount__gt=0).aggregate(**sums)
    many, amount = made["many"], made["sum"] or ZERO
    waiting = Amount()
    for waits, count, price in queued.values_list("waits").annotate(**sums):
        if waits in OVER_BUDGET:
            waiting = Amount(count=waiting.count + count, amount=waiting.amount + price)
        else:
            many, amount = many + count, amount + price
    return Amount(count=many, amount=amount), waiting


def _days(jobs: QuerySet[Job]) -> Breakdown:
    """By day, newest first; by month where it is a long time."""
    zone = timezone.get_current_timezone()
    offset = datetime.now(zone).utcoffset() or timedelta(0)
    # "2026-11-25 14", or to the minute in the zones that are not whole hours apart.
    length = 13 if offset.seconds % 3600 == 0 else 16
    moment = Substr(Cast("created_at", TextField()), 1, length)
    days: dict[date, Part] = {}
    for text, charged, many, amount in (
        jobs.annotate(moment=moment)
        .values_list("moment", "charged")
        .annotate(many=Count("pk"), sum=Sum("amount"))
    ):
        day = datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(zone).date()
        days.setdefault(day, Part(label="")).add(charged, many, amount or ZERO)
    by_month = bool(days) and (max(days) - min(days)).days >= MOST_DAYS
    found: dict[date, Part] = {}
    for day, part in sorted(days.items(), reverse=True):
        first = day.replace(day=1) if by_month else day
        label = f"{first:%B %Y}" if by_month else f"{first:%a} {first.day} {first:%b %Y}"
        row = found.setdefault(first, Part(label=label))
        row.takes, row.spent, row.doubt = (
            row.takes + part.takes, row.spent + part.spent, row.doubt + part.doubt,
        )  # fmt: skip
    return Breakdown(by="Month" if by_month else "Day", parts=list(found.values()))


def _approved(period: Period, project: Project | None) -> tuple[int, float]:
    """Takes that were made in the period and are approved now, and their seconds."""
    reviews = Review.objects.filter(state=ReviewState.APPROVED, line__deleted_at=None)
    if project is not None:
        reviews = reviews.filter(project=project)
    if period.since:
        reviews = reviews.filter(take__created_at__gte=_start(period.since))
    if period.until:
        reviews = reviews.filter(take__created_at__lt=_start(period.until + timedelta(days=1)))
    found = reviews.aggregate(many=Count("pk"), seconds=Sum("take__duration"))
    return found["many"], found["seconds"] or 0.0


def _balances(period: Period) -> list[BalanceRow]:
    """One for each day, newest first, with what changed since the row before."""
    rows = Balance.objects.order_by("-day", "engine")
    if period.until:
        rows = rows.filter(day__lte=period.until)
    found = list(rows[: MOST_BALANCES + 1])
    shown: list[BalanceRow] = []
    for at, row in enumerate(found[:MOST_BALANCES]):
        if period.since and row.day < period.since:
            break
        before = next((one for one in found[at + 1 :] if one.engine == row.engine), None)
        shown.append(
            BalanceRow(
                day=row.day,
                engine=ENGINES[row.engine].label if row.engine in ENGINES else row.engine,
                credits=row.credits,
                change=row.credits - before.credits if before else None,
            )
        )
    return shown


def _name(grouped: dict[tuple[str, object], Part]) -> None:
    """Labels and links of all parts. Three queries."""
    keys: dict[str, list[int]] = {"project": [], "person": [], "key": []}
    for kind, pk in grouped:
        if kind in keys and isinstance(pk, int):
            keys[kind].append(pk)
    projects = Project.objects.in_bulk(keys["project"])
    people = User.objects.in_bulk(keys["person"])
    api_keys = ApiKey.objects.in_bulk(keys["key"])
    for (kind, pk), part in grouped.items():
        match kind, pk:
            case "project", int():
                part.label = projects[pk].name
                part.path = reverse("speech:spend", args=[projects[pk].slug])
            case "person", int():
                part.label = people[pk].label
            case "person", _:
                part.label = "The studio itself"
            case "key", int():
                part.label, part.note = api_keys[pk].name, "API key"
            case _:
                engine = ENGINES.get(str(pk))
                part.label = engine.label if engine else str(pk)


def _sorted(grouped: dict[tuple[str, object], Part], *kinds: str) -> list[Part]:
    found = [part for (kind, _), part in grouped.items() if kind in kinds]
    return sorted(found, key=lambda part: (-part.spent, -part.doubt, -part.takes, part.label))


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
