"""Budgets in US dollars: reserved when a take is queued, settled with what it cost.

Rule: what a project or an API key has used is the sum of `Job.amount`: the price while a job is
queued, being made or in doubt, the provider's own figure once it is known, nothing where nothing
was charged. A job that does not fit waits in the queue with its reason, counts for nothing, and is
let in, in order, as soon as there is room. Reason: one sum over rows that exist anyway cannot
drift from them. Price: a sum for each request in a project with a budget (an index holds it), and
the actual cost may exceed the price by which a take was let in.
"""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from speech.background import wake_driver
from speech.catalog import ENGINES
from speech.errors import BadInput
from speech.models import ApiKey, Job, Project, Take, User
from speech.models.jobs import JobQuerySet
from speech.services.events import hold, log, touch
from speech.states import OVER_BUDGET, JobState, Waits

MOST = Decimal(1_000_000)
CENT = Decimal("0.01")


def price_of(engine: str) -> Decimal:
    """What one take is expected to cost, in US dollars."""
    return Decimal(str(ENGINES[engine].price))


def used(jobs: JobQuerySet) -> Decimal:
    """What these jobs cost, or may yet cost."""
    found = jobs.counted().aggregate(sum=Sum("amount"))["sum"]
    return Decimal(found or 0)


def room_of_project(project: Project) -> Decimal | None:
    """What is left of its budget, never below 0; None where it has none."""
    return _room(project.budget, Job.objects.filter(project=project))


def room_of_key(key: ApiKey) -> Decimal | None:
    return _room(key.budget, Job.objects.filter(key=key))


def reserve(
    *, project_id: int, key: ApiKey | None, price: Decimal, count: int
) -> list[Waits | str]:
    """For each of `count` takes of one price, in order: "" where it fits, else what it waits for.
    Call it in a transaction that holds the project."""
    if not price:
        return [""] * count
    project = Project.objects.only("budget").get(pk=project_id)
    if key is not None:
        key = ApiKey.objects.select_for_update().get(pk=key.pk)
    fits = _places(room_of_project(project), price)
    fits_key = _places(room_of_key(key), price) if key is not None else None
    found: list[Waits | str] = []
    for index in range(count):
        if fits is not None and index >= fits:
            found.append(Waits.BUDGET)
        elif fits_key is not None and index >= fits_key:
            found.append(Waits.KEY_BUDGET)
        else:
            found.append("")
    return found


@transaction.atomic
def set_project_budget(actor: User, *, project: Project, budget: Decimal | None) -> Project:
    """None for no limit. What waited for budget is let in where it fits now."""
    refuse_odd(budget)
    hold(project.pk)
    old, project.budget = project.budget, budget
    project.save(update_fields=["budget"])
    if old != budget:
        log(actor, "budget changed", project=project, old=said(old), new=said(budget))
    admit(project.pk)
    touch(project.pk)
    return project


@transaction.atomic
def set_key_budget(actor: User, *, key: ApiKey, budget: Decimal | None) -> ApiKey:
    refuse_odd(budget)
    hold(key.project_id)
    old, key.budget = key.budget, budget
    key.save(update_fields=["budget"])
    if old != budget:
        log(
            actor, "key budget changed", project=key.project, target=f"key {key.pk}",
            name=key.name, old=said(old), new=said(budget),
        )  # fmt: skip
    admit(key.project_id)
    return key


def admit_everywhere() -> int:
    """Let in whatever fits now, in every project where something waits; how many were."""
    waiting = Job.objects.filter(state=JobState.QUEUED, waits__in=OVER_BUDGET)
    return sum(admit(pk) for pk in sorted(set(waiting.values_list("project", flat=True))))


@transaction.atomic
def admit(project_id: int) -> int:
    """Let in jobs of a project that waited for budget, oldest turn first, as far as it goes."""
    waiting = Job.objects.filter(project=project_id, state=JobState.QUEUED, waits__in=OVER_BUDGET)
    if not waiting.exists():
        return 0
    hold(project_id)
    room = room_of_project(Project.objects.only("budget").get(pk=project_id))
    rooms: dict[int, Decimal | None] = {}
    let_in: dict[str, list[int]] = {wait: [] for wait in ("", *OVER_BUDGET)}
    rows = waiting.select_related("key").order_by("turn", "pk")
    for job in rows.select_for_update(of=("self",)):
        if job.key is not None and job.key.pk not in rooms:
            rooms[job.key.pk] = room_of_key(job.key)
        own = rooms[job.key.pk] if job.key is not None else None
        if room is not None and job.amount > room:
            wait = Waits.BUDGET.value
        elif own is not None and job.amount > own:
            wait = Waits.KEY_BUDGET.value
        else:
            wait = ""
            room = None if room is None else room - job.amount
            if job.key is not None and own is not None:
                rooms[job.key.pk] = own - job.amount
        if wait != job.waits:
            let_in[wait].append(job.pk)
    for wait, jobs in let_in.items():
        Job.objects.filter(pk__in=jobs).update(waits=wait, due_at=timezone.now())
    shown = Take.objects.filter(job__in=[pk for jobs in let_in.values() for pk in jobs])
    pairs = list(shown.values_list("pk", "line_id"))
    if pairs:
        touch(project_id, takes=[pk for pk, _ in pairs], lines={line for _, line in pairs})
    if let_in[""]:
        wake_driver()
    return len(let_in[""])


def _room(budget: Decimal | None, jobs: JobQuerySet) -> Decimal | None:
    return None if budget is None else max(Decimal(0), budget - used(jobs))


def _places(room: Decimal | None, price: Decimal) -> int | None:
    return None if room is None else int(room / price)


def refuse_odd(budget: Decimal | None) -> None:
    """Raise `BadInput` for what cannot be a budget."""
    if budget is None:
        return
    if not budget.is_finite() or not 0 <= budget <= MOST:
        raise BadInput(f"A budget is between $0 and ${MOST:,}.")
    if budget != budget.quantize(CENT):
        raise BadInput("A budget is given in whole cents.")


def said(budget: Decimal | None) -> str:
    """As events tell it."""
    return "no limit" if budget is None else f"${budget:,.2f}"
