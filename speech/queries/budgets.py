"""How a project stands with its budget, for pages. US dollars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from speech.models import Job, Membership, Project
from speech.states import OVER_BUDGET, Charged, JobState, Role, Waits

ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """`budget` None: no limit. What waits counts for nothing yet."""

    budget: Decimal | None
    spent: Decimal = ZERO
    reserved: Decimal = ZERO
    """The price of what is queued or being made."""
    reserved_takes: int = 0
    """Free ones do not count."""
    doubt: Decimal = ZERO
    """What may have been charged."""
    waits: int = 0
    waits_for: Decimal = ZERO

    @property
    def used(self) -> Decimal:
        return self.spent + self.reserved + self.doubt

    @property
    def left(self) -> Decimal | None:
        return None if self.budget is None else max(ZERO, self.budget - self.used)

    @property
    def is_over(self) -> bool:
        return self.budget is not None and self.used >= self.budget

    @property
    def scale(self) -> Decimal:
        """What a full bar stands for, never 0."""
        return max(self.budget or ZERO, self.used) or Decimal(1)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Takes of a project that wait for budget, and who can let them go on."""

    count: int
    amount: Decimal
    by_key: bool
    """Some of them wait for the budget of an API key."""
    by_project: bool
    owners: Sequence[str]


def standing(project: Project) -> Standing:
    """One query, of an index alone."""
    rows = (
        Job.objects.filter(project=project)
        .order_by()
        .values_list("charged", "waits")
        .annotate(many=Count("pk", filter=Q(amount__gt=0)), sum=Sum("amount"))
    )
    sums = dict.fromkeys(("spent", "reserved", "doubt", "waits_for"), ZERO)
    waits = reserved = 0
    for charged, wait, many, amount in rows:
        if wait in OVER_BUDGET:
            waits += many
            sums["waits_for"] += amount or ZERO
        else:
            named = {Charged.YES: "spent", Charged.MAYBE: "doubt"}.get(charged, "reserved")
            sums[named] += amount or ZERO
            reserved += many if named == "reserved" else 0
    return Standing(budget=project.budget, waits=waits, reserved_takes=reserved, **sums)


def waiting(project: Project) -> Waiting | None:
    """None where nothing waits. One query then, else two."""
    rows = list(
        Job.objects.filter(
            project=project, state=JobState.QUEUED, waits__gt="", waits__in=OVER_BUDGET
        )
        .order_by()
        .values_list("waits")
        .annotate(many=Count("pk"), sum=Sum("amount"))
    )
    if not rows:
        return None
    kinds = {kind for kind, *_ in rows}
    owners = Membership.objects.filter(project=project, role=Role.OWNER, user__is_active=True)
    return Waiting(
        count=sum(many for _, many, _ in rows),
        amount=sum((amount or ZERO for *_, amount in rows), start=ZERO),
        by_key=Waits.KEY_BUDGET in kinds,
        by_project=Waits.BUDGET in kinds,
        owners=[one.user.label for one in owners.select_related("user").order_by("pk")],
    )
