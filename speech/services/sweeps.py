"""Sweeps: many takes of one line in one go, and stopping them.

Rule: a sweep is one batch, one event and one flow of the queue, so that it delays nobody; what the
budget does not cover waits, as any take does. Stopping cancels at once what was not sent; what is
being made is marked, and the answer says how many of those are charged. Reason: a count and a
price come before, so that nobody is surprised after. Price: a take of a sweep that fails is tried
again one by one, as other takes are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from speech.catalog import ENGINES
from speech.errors import Fault, ParamErrors, WrongState
from speech.models import Batch, Line, Take, User
from speech.params import TUNING
from speech.plans import MOST_TAKES, SweepPlan, check
from speech.queries.tuning import effective_voice
from speech.services import budgets
from speech.services.cancelling import cancel_queued, mark_being_made
from speech.services.events import hold, log, touch
from speech.services.takes import Reading, check_request, draw_seed, lock_line, make_takes
from speech.states import BatchKind, Cancel


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """What became of the takes of a sweep that were not finished."""

    cancelled: int
    """Not sent yet; nothing is charged for them."""
    marked: int
    """Being made already."""
    then: Cancel
    charged: bool
    """Whether the marked ones cost money."""

    @property
    def sentence(self) -> str:
        said = []
        if self.cancelled:
            are, them = ("is", "it") if self.cancelled == 1 else ("are", "them")
            took = _takes(self.cancelled)
            said.append(f"{took} {are} cancelled; nothing is charged for {them}.")
        if self.marked:
            are, its = ("is", "its result is") if self.marked == 1 else ("are", "their results are")
            money = " and will be charged" if self.charged else ""
            fate = "kept" if self.then == Cancel.KEEP else "thrown away"
            took = _takes(self.marked)
            said.append(f"{took} {are} being made already{money}; {its} {fate}.")
        return " ".join(["The sweep is stopped.", *said])


def plan_sweep(
    *,
    many: int = 0,
    seeds: Sequence[object] = (),
    axes: Sequence[tuple[str, Sequence[object]]] = (),
) -> SweepPlan:
    """A plan with these seeds, or with `many` that are drawn now, all different. Raises
    `ParamErrors` with every fault (see `speech.plans.check`)."""
    fault: list[Fault] = []
    drawn: dict[int, None] = {}
    if not seeds:
        if not 1 <= many <= MOST_TAKES:
            sentence = f"Between 1 and {MOST_TAKES} seeds can be drawn."
            fault.append(Fault(field="many", sentence=sentence))
        while len(drawn) < min(max(many, 1), MOST_TAKES):
            drawn[draw_seed()] = None
    try:
        plan = check(seeds=seeds or list(drawn), axes=axes)
    except ParamErrors as error:
        raise ParamErrors([*fault, *error.faults]) from error
    if fault:
        raise ParamErrors(fault)
    return plan


def check_sweep(line: Line, *, engine: str, plan: SweepPlan) -> dict[str, Any]:
    """What all its takes have in common, clean; nothing is written. Raises `ParamErrors` with
    every fault of the line: no text, no voice."""
    return check_request(
        line, engine=engine, count=plan.count, seed=None, tuning=None, voice=effective_voice(line),
        text=None, most=MOST_TAKES,
    )  # fmt: skip


@transaction.atomic
def request_sweep(actor: User, *, line: Line, engine: str, plan: SweepPlan) -> Batch:
    """Ask for every take of the plan, with the line's own text, voice and other knobs. Those that
    the project's budget does not cover wait."""
    line = lock_line(line)
    voice = effective_voice(line)
    values = check_sweep(line, engine=engine, plan=plan)
    batch = Batch.objects.create(
        project=line.project, kind=BatchKind.SWEEP, count=plan.count, asked_by=actor,
        plan=plan.to_json(),
    )  # fmt: skip
    knobs = {param.name: values[param.name] for param in TUNING}
    takes = make_takes(
        actor,
        line=line,
        batch=batch,
        engine=engine,
        voice=voice,
        text=values["text"],
        readings=[Reading(seed=seed, tuning=knobs | given) for seed, given in plan.readings()],
    )
    log(
        actor, "sweep asked for", project=line.project, target=f"line {line.pk}",
        plan=plan.phrase, engine=engine, sweep=batch.pk,
        numbers=[takes[0].number, takes[-1].number],
    )  # fmt: skip
    return batch


@transaction.atomic
def stop_sweep(actor: User, *, batch: Batch, then: Cancel = Cancel.KEEP) -> Stopped:
    """Send nothing more of a sweep. `then`: what becomes of the results that are being made."""
    hold(batch.project_id)
    mine = Take.objects.filter(batch=batch)
    cancelled = cancel_queued(mine, why="The sweep was stopped", code="sweep_stopped")
    marked = mark_being_made(mine.filter(job__cancel=""), then=then)
    if not cancelled and not marked:
        raise WrongState(
            "Nothing of this sweep is under way any more, so there is nothing to stop."
        )
    Batch.objects.filter(pk=batch.pk, stopped_at=None).update(stopped_at=timezone.now())
    first = mine.order_by("pk").only("line_id", "engine").first()
    assert first is not None
    log(
        actor, "sweep stopped", project=batch.project, target=f"line {first.line_id}",
        sweep=batch.pk, cancelled=len(cancelled), marked=len(marked),
        then=then.value if marked else "",
    )  # fmt: skip
    budgets.admit(batch.project_id)
    touch(batch.project_id, takes=[*cancelled, *marked], lines=[first.line_id])
    return Stopped(
        cancelled=len(cancelled), marked=len(marked), then=then,
        charged=bool(ENGINES[first.engine].price),
    )  # fmt: skip


def _takes(count: int) -> str:
    return f"{count:,} take" + ("" if count == 1 else "s")
