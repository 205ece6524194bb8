"""Writing moves into the rows: all that share a commit at once, each fenced.

Rule: the jobs are locked and read first, in one query; a move whose job has another owner or a
newer epoch, or is in a state that the move does not lead from, is not written. Reason: the fence
is then one comparison in memory, and moves that are alike become one UPDATE. Price: whoever
changes a job must lock its row, as everybody does who cancels one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models.expressions import Combinable

from speech.jobs.moves import Move
from speech.jobs.rows import update_each
from speech.models import Event, Job, Take
from speech.services.comments import answered_by
from speech.services.events import entry, hold, touch
from speech.states import MOVES, JobState


@dataclass(frozen=True, kw_only=True)
class _Row:
    epoch: int
    state: JobState
    cancel: str


def write(owner: str, moves: Sequence[Move]) -> list[bool]:
    """Write what may be written; for each move whether it was. Call it in a transaction."""
    if connection.features.has_select_for_update:
        # Before the jobs, as everybody does: two that lock in another order would wait for ever.
        hold(*{move.work.project_id for move in moves})
    rows = _lock(owner, [move.work.pk for move in moves])
    chosen = [_choose(move, rows.get(move.work.pk)) for move in moves]
    taken = [move for move in chosen if move is not None]
    _write_jobs(taken)
    _write_takes(taken)
    Event.objects.bulk_create(
        entry(
            None, move.verb, project_id=move.work.project_id, target=f"take {move.work.take_id}",
            line_id=move.work.line_id, **move.data,
        )
        for move in taken
        if move.verb
    )  # fmt: skip
    _show(taken)
    for move in taken:
        if move.to is not None:
            move.work.state = move.to
    return [move is not None for move in chosen]


def _lock(owner: str, jobs: Iterable[int]) -> dict[int, _Row]:
    mine = Job.objects.filter(pk__in=list(jobs), owner=owner).select_for_update(of=("self",))
    found = mine.order_by("pk").values_list("pk", "epoch", "state", "cancel")
    return {
        pk: _Row(epoch=epoch, state=JobState(state), cancel=cancel)
        for pk, epoch, state, cancel in found
    }


def _choose(move: Move, row: _Row | None) -> Move | None:
    """What is to be written: the move, another one because somebody cancelled, or nothing."""
    if row is None or row.epoch != move.work.epoch:
        return None
    move = move.instead.get(row.cancel, move)
    return move if move.to is None or move.to in MOVES[row.state] else None


def _write_jobs(moves: Sequence[Move]) -> None:
    alike: dict[JobState, list[Move]] = defaultdict(list)
    each: dict[int, dict[str, Any]] = {}
    for move in moves:
        if move.alike and move.to is not None:
            alike[move.to].append(move)
            continue
        columns = dict(move.job) if move.to is None else {"state": move.to, **move.job}
        if any(isinstance(value, Combinable) for value in columns.values()):
            Job.objects.filter(pk=move.work.pk).update(**columns)
        else:
            each[move.work.pk] = columns
    for to, several in alike.items():
        Job.objects.filter(pk__in=[move.work.pk for move in several]).update(
            state=to, **several[0].job
        )
    update_each(Job, each)


def _write_takes(moves: Sequence[Move]) -> None:
    states: dict[JobState, list[int]] = defaultdict(list)
    each: dict[int, dict[str, Any]] = {}
    for move in moves:
        if move.take:
            each[move.work.take_id] = {"state": move.to, **move.take}
        elif move.to is not None:
            states[move.to].append(move.work.take_id)
    for state, takes in states.items():
        Take.objects.filter(pk__in=takes).update(state=state)
    update_each(Take, each)


def _show(moves: Sequence[Move]) -> None:
    """Stamp what a page should notice, with the takes whose comments were answered."""
    takes: dict[int, set[int]] = defaultdict(set)
    lines: dict[int, set[int]] = defaultdict(set)
    for move in moves:
        work = move.work
        if move.show:
            takes[work.project_id].add(work.take_id)
            lines[work.project_id].add(work.line_id)
        answered = answered_by(work.take_id) if move.to == JobState.DONE and work.answers else None
        if answered is not None:
            takes[answered.project_id].add(answered.pk)
            lines[answered.project_id].add(answered.line_id)
    # In order of key, so that two drivers never wait for each other in a circle.
    for project_id in sorted(takes):
        touch(project_id, takes=takes[project_id], lines=lines[project_id])
