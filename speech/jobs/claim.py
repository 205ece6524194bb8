"""Which rows are mine: adopt what dead drivers left, claim what is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from speech.jobs.lease import Lease, live_owners, lock_dead_owners, other_owners
from speech.jobs.standing import BREAKS_AFTER
from speech.jobs.work import Work
from speech.models import EngineState, Job, Take
from speech.services.events import log, touch
from speech.states import OWNED, Charged, JobState

ADOPTABLE = frozenset({JobState.RUNNING, JobState.DOWNLOADING, JobState.MEASURING})
SENDING = frozenset({JobState.CLAIMED, JobState.SUBMITTING})
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


def claim(lease: Lease, *, room: Mapping[str, int]) -> list[Work]:
    """Claim due rows, oldest first, at most `room[engine]` for each engine. Paused engines and
    engines on hold give nothing."""
    engines = [engine for engine, places in room.items() if places > 0]
    if not _due().filter(engine__in=engines).exists():
        return []
    return _claim(lease, room=room)


def _due() -> QuerySet[Job]:
    return Job.objects.filter(state=JobState.QUEUED, due_at__lte=timezone.now())


@transaction.atomic
def _claim(lease: Lease, *, room: Mapping[str, int]) -> list[Work]:
    lease.renew()
    now = timezone.now()
    closed = set(
        EngineState.objects.filter(Q(paused_at__isnull=False) | Q(hold_until__gt=now)).values_list(
            "key", flat=True
        )
    )
    picked: list[int] = []
    for engine, places in room.items():
        if places <= 0 or engine in closed:
            continue
        if engine in _failing():
            # The breaker was open: one probe at a time, until one is accepted.
            probes = Job.objects.filter(engine=engine, state__in=SENDING)
            places = 0 if probes.exists() else 1  # noqa: PLW2901
        due = _due().filter(engine=engine)
        picked += (
            due.select_for_update(of=("self",), skip_locked=True)
            .order_by("due_at", "pk")
            .values_list("pk", flat=True)[:places]
        )
    if not picked:
        return []
    Job.objects.filter(pk__in=picked, state=JobState.QUEUED).update(
        state=JobState.CLAIMED, owner=lease.owner, epoch=F("epoch") + 1
    )
    Take.objects.filter(job_id__in=picked).update(state=JobState.CLAIMED)
    return _load(picked)


def _failing() -> set[str]:
    return set(EngineState.objects.filter(failures__gte=BREAKS_AFTER).values_list("key", flat=True))


def _load(pks: Iterable[int]) -> list[Work]:
    rows = Job.objects.filter(pk__in=list(pks)).select_related("take", "take__voice")
    return [Work.from_row(row) for row in rows.order_by("due_at", "pk")]


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
