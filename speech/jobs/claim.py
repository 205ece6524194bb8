"""Which rows are mine: adopt what dead drivers left, claim what is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from speech.jobs.allowance import Limit, draw
from speech.jobs.lease import Lease, live_owners, lock_dead_owners, other_owners
from speech.jobs.work import NEEDED, Work
from speech.limits import BREAKS_AFTER
from speech.models import EngineState, Job, Take
from speech.services.events import log, touch
from speech.states import OWNED, Charged, JobState

ADOPTABLE = frozenset({JobState.RUNNING, JobState.DOWNLOADING, JobState.MEASURING})
SENDING = frozenset({JobState.CLAIMED, JobState.SUBMITTING})
WAVES, LEAST_WAVE = 4, 8
"""A claim takes no more than a quarter of a large window: what is sent at once is answered at once,
and the window would stand empty while that is written down."""
UNKNOWN_SENTENCE = (
    "The worker stopped while this was being sent, so nobody can know whether it arrived."
    " It may have been charged."
)


def adopt(lease: Lease, *, engines: frozenset[str], free: frozenset[str]) -> list[Work]:
    """Take over the rows of dead drivers. `engines` names those that this driver can speak
    to, `free` those where sending again is free.

    `claimed` rows queue again; `submitting` rows become `unknown`, or queue again where that is
    free; the rest go on under this lease, one epoch up, so that their old owner is fenced off.
    """
    # Looked at first without a transaction: on SQLite each one is a lock and a sync to the disk.
    if not Job.objects.filter(state__in=OWNED).exclude(owner__in=live_owners()).exists():
        return []
    return _adopt(lease, engines=engines, free=free)


@transaction.atomic
def _adopt(lease: Lease, *, engines: frozenset[str], free: frozenset[str]) -> list[Work]:
    lease.renew()
    dead = lock_dead_owners()
    rows = list(
        Job.objects.filter(state__in=OWNED)
        .exclude(owner__in=other_owners(dead))
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("pk")
    )
    back = [
        row.pk
        for row in rows
        if row.state == JobState.CLAIMED
        or (row.state == JobState.SUBMITTING and row.engine in free)
    ]
    doubtful = [row.pk for row in rows if row.state == JobState.SUBMITTING and row.pk not in back]
    mine = [row.pk for row in rows if row.state in ADOPTABLE and row.engine in engines]
    now = timezone.now()
    # They keep their `due_at`, and with it their place in the queue.
    _set(back, JobState.QUEUED, owner="", epoch=F("epoch") + 1)
    _set(
        doubtful, JobState.UNKNOWN,
        owner="", epoch=F("epoch") + 1, finished_at=now, charged=Charged.MAYBE,
        error=UNKNOWN_SENTENCE, error_code="interrupted",
    )  # fmt: skip
    Job.objects.filter(pk__in=mine).update(owner=lease.owner, epoch=F("epoch") + 1)
    for take in Take.objects.filter(job_id__in=doubtful).select_related("project"):
        log(
            None, "take ended", project=take.project, target=f"take {take.pk}",
            how=JobState.UNKNOWN.label.lower(), why=UNKNOWN_SENTENCE,
        )  # fmt: skip
    _show([*back, *doubtful])
    return _load(mine)


@dataclass(frozen=True, kw_only=True)
class Room:
    """How much of one engine's work this driver may take on now."""

    window: int
    """Submissions under way at once; of all drivers together, unless the window is `own`."""
    in_flight: int
    """Jobs that the engine has at once, of all drivers together; 0 for no limit."""
    submits: Limit
    own: int | None = None
    """Places that are left of a window that is this driver's own: work done on this machine."""


@dataclass(frozen=True, kw_only=True)
class Claimed:
    works: Sequence[Work]
    again_in: Mapping[str, float]
    """Engine → seconds until its limit lets another submit through."""


def claim(lease: Lease, *, rooms: Mapping[str, Room]) -> Claimed:
    """Claim due rows in turn, as far as the engines' rooms and limits go. Paused engines and
    engines on hold give nothing."""
    # Looked at first without a transaction: on SQLite each one is a lock and a sync to the disk.
    due = {engine: room for engine, room in rooms.items() if _due().filter(engine=engine).exists()}
    return _claim(lease, rooms=due) if due else Claimed(works=(), again_in={})


def _due() -> QuerySet[Job]:
    return Job.objects.filter(state=JobState.QUEUED, waits="", due_at__lte=timezone.now())


@transaction.atomic
def _claim(lease: Lease, *, rooms: Mapping[str, Room]) -> Claimed:
    lease.renew()
    picked: list[int] = []
    again_in: dict[str, float] = {}
    for engine, room in sorted(rooms.items()):
        # Its row lock lets one driver claim for an engine at a time, so that the counts hold.
        mine = EngineState.objects.select_for_update().filter(key=engine)
        state = mine.first()
        if state is None:
            EngineState.objects.get_or_create(key=engine)
            state = mine.get()
        places = _places(state, room)
        if places <= 0:
            continue
        due = _due().filter(engine=engine).select_for_update(of=("self",), skip_locked=True)
        rows = list(due.order_by("turn", "pk").values_list("pk", "turn")[:places])
        if not rows:
            continue
        drawn = draw(room.submits, len(rows))
        if drawn.granted < len(rows):
            again_in[engine] = drawn.wait
        rows = rows[: drawn.granted]
        if rows and rows[-1][1] > state.turn:
            EngineState.objects.filter(key=engine).update(turn=rows[-1][1])
        picked += [pk for pk, _ in rows]
    if not picked:
        return Claimed(works=(), again_in=again_in)
    Job.objects.filter(pk__in=picked, state=JobState.QUEUED).update(
        state=JobState.CLAIMED, owner=lease.owner, epoch=F("epoch") + 1
    )
    Take.objects.filter(job_id__in=picked).update(state=JobState.CLAIMED)
    return Claimed(works=_load(picked), again_in=again_in)


def _places(state: EngineState, room: Room) -> int:
    """How many more may be sent now."""
    on_hold = state.hold_until is not None and state.hold_until > timezone.now()
    if state.paused_at is not None or on_hold:
        return 0
    mine = Job.objects.filter(engine=state.key)
    sending = 0 if room.own is not None else mine.filter(state__in=SENDING).count()
    places = room.window - sending if room.own is None else room.own
    places = min(places, max(LEAST_WAVE, room.window // WAVES))
    if room.in_flight and places > 0:
        places = min(places, room.in_flight - mine.filter(state__in=OWNED).count())
    if state.failures >= BREAKS_AFTER:
        # The breaker was open: one probe at a time, until one is accepted.
        return 0 if mine.filter(state__in=SENDING).exists() else min(1, places)
    return places


def _load(pks: Iterable[int]) -> list[Work]:
    rows = Job.objects.filter(pk__in=list(pks)).select_related("take__voice", "take__batch")
    return [Work.from_row(row) for row in rows.only(*NEEDED).order_by("turn", "pk")]


def _set(pks: list[int], state: JobState, **fields: object) -> None:
    if pks:
        Job.objects.filter(pk__in=pks).update(state=state, **fields)
        ended = {"finished_at": timezone.now()} if state == JobState.UNKNOWN else {}
        Take.objects.filter(job_id__in=pks).update(state=state, **ended)


def _show(pks: list[int]) -> None:
    changed: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for project_id, take_id, line_id in Take.objects.filter(job_id__in=pks).values_list(
        "project_id", "pk", "line_id"
    ):
        changed[project_id].append((take_id, line_id))
    for project_id, pairs in sorted(changed.items()):
        touch(project_id, takes=[take for take, _ in pairs], lines={line for _, line in pairs})
