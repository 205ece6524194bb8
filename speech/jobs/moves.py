"""Fenced writes: each moves one job and its take together, or nothing if the row is not ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils import timezone

from speech.engines.base import Result, Submitted
from speech.jobs.ledger import Seen, Written
from speech.jobs.work import Work, result_to_json, storable_url
from speech.models import Job, Project, Take
from speech.services.comments import answered_by
from speech.services.events import log
from speech.states import MOVES, OWNED, Cancel, Charged, JobState

Write = Callable[[], Written]

MOST_COST = 10_000.0
"""US dollars for one take; a provider that names more is mistaken."""


def submitting(work: Work, owner: str) -> Write:
    """Committed before the POST: from here on a crash leaves the outcome in doubt."""
    return _move(
        work, owner, JobState.SUBMITTING,
        job={"submit_started_at": timezone.now(), "submits": F("submits") + 1},
    )  # fmt: skip


def accepted(work: Work, owner: str, submitted: Submitted) -> Write:
    """The request id is money: it is committed before anything else is done with it."""
    return _move(
        work, owner, JobState.RUNNING, show=False,
        job={
            "request_id": submitted.request_id,
            "status_url": storable_url(submitted.status_url),
            "response_url": storable_url(submitted.response_url),
            "accepted_at": timezone.now(),
            "failures": 0,
            "error": "",
            "error_code": "",
        },
    )  # fmt: skip


def completed(work: Work, owner: str, result: Result, *, free: bool) -> Write:
    """The result is known, and with it the cost. A take that was cancelled with "discard" ends
    here: it is charged, and nobody wants its sound."""
    cost = {"cost": result.cost, "remaining_credits": result.remaining_credits}
    known = {
        "completed_at": timezone.now(),
        "result": result_to_json(result),
        "charged": Charged.NO if free else Charged.YES,
        "failures": 0,
        "error": "",
        "error_code": "",
        **({} if result.cost is None else {"amount": money(result.cost)}),
    }
    return _or_discard(
        work, owner,
        _move(
            work, owner, JobState.DOWNLOADING,
            job={**known, "output_url": result.output_url[:2000]}, take=cost,
        ),
        free=free, job=known, take=cost,
    )  # fmt: skip


def measuring(work: Work, owner: str) -> Write:
    return _move(work, owner, JobState.MEASURING, show=False)


def download_again(work: Work, owner: str) -> Write:
    return _move(work, owner, JobState.DOWNLOADING, show=False)


def done(work: Work, owner: str, facts: dict[str, Any], *, free: bool, note: str = "") -> Write:
    """The audio's facts and `done` in one transaction: only now is the take playable, and only
    now does it answer the comment that it was asked for. `note`: what to know of it."""
    now = timezone.now()
    finish = _move(
        work, owner, JobState.DONE,
        job={"owner": "", "finished_at": now, "error": note, "error_code": ""},
        take={**facts, "finished_at": now},
    )  # fmt: skip

    def write() -> Written:
        written = finish()
        if written.ok:
            log(None, "take made", **_about(work))
        answered = answered_by(work.take_id) if written.ok else None
        if answered is None:
            return written
        also = Seen(project_id=answered.project_id, take_id=answered.pk, line_id=answered.line_id)
        return replace(written, also=also)

    return _or_discard(work, owner, write, free=free)


def queued(
    work: Work, owner: str, *, due_at: datetime, error: str, code: str, count: bool
) -> Write:
    """Back into the queue: surely not accepted, nothing charged. One that somebody has cancelled
    meanwhile does not come back."""
    again = _move(
        work, owner, JobState.QUEUED, unless_cancelled=True,
        job={
            "owner": "", "due_at": due_at, "error": error, "error_code": code, "request_id": "",
            "failures": F("failures") + (1 if count else 0),
        },
    )  # fmt: skip
    cancelled = ended(
        work, owner, JobState.CANCELLED, code="cancelled", charged=Charged.NO,
        error="Cancelled. The provider had not taken it, so nothing was charged.",
    )  # fmt: skip

    def write() -> Written:
        written = again()
        return written if written.ok else cancelled()

    return write


def ended(
    work: Work, owner: str, state: JobState, *, error: str, code: str, charged: Charged
) -> Write:
    """Failed, expired or unknown, with the sentence that the card shows."""
    now = timezone.now()
    end = _move(
        work, owner, state,
        job={
            "owner": "", "finished_at": now, "error": error, "error_code": code, "charged": charged,
            **({"amount": 0} if charged == Charged.NO else {}),
        },
        take={"finished_at": now},
    )  # fmt: skip

    def write() -> Written:
        written = end()
        if written.ok:
            log(None, "take ended", **_about(work), how=state.label.lower(), why=error)
        return written

    return write


def _or_discard(
    work: Work,
    owner: str,
    move: Write,
    *,
    free: bool,
    job: dict[str, Any] | None = None,
    take: dict[str, Any] | None = None,
) -> Write:
    """`move`, unless a person has cancelled the take and wants its result thrown away."""
    now = timezone.now()
    sentence = "Cancelled while it was being made; the result was thrown away." + (
        "" if free else " It was charged."
    )
    discard = _move(
        work, owner, JobState.CANCELLED,
        job={
            **(job or {}), "owner": "", "finished_at": now, "error": sentence,
            "error_code": "cancelled",
        },
        take={**(take or {}), "finished_at": now},
    )  # fmt: skip
    unwanted = Job.objects.filter(pk=work.pk, cancel=Cancel.DISCARD)

    def write() -> Written:
        if not unwanted.exists():
            return move()
        written = discard()
        if written.ok:
            how = JobState.CANCELLED.label.lower()
            log(None, "take ended", **_about(work), how=how, why=sentence)
        return written

    return write


def money(cost: float) -> Decimal:
    """US dollars as they are kept: to the millionth, and nothing absurd."""
    return Decimal(str(round(min(max(cost, 0.0), MOST_COST), 6)))


def note_failure(work: Work, owner: str, *, error: str, code: str) -> Write:
    """A read failed and will be repeated; the state stays."""

    def write() -> Written:
        mine = Job.objects.filter(pk=work.pk, owner=owner, epoch=work.epoch)
        count = mine.update(failures=F("failures") + 1, error=error, error_code=code)
        return Written(ok=count == 1)

    return write


def _about(work: Work) -> dict[str, Any]:
    return {"project": Project(pk=work.project_id), "target": f"take {work.take_id}"}


def _move(
    work: Work,
    owner: str,
    to: JobState,
    *,
    job: dict[str, Any] | None = None,
    take: dict[str, Any] | None = None,
    show: bool = True,
    unless_cancelled: bool = False,
) -> Write:
    sources = [state for state in OWNED if to in MOVES[state]]

    def write() -> Written:
        mine = Job.objects.filter(pk=work.pk, owner=owner, epoch=work.epoch, state__in=sources)
        if unless_cancelled:
            mine = mine.filter(cancel="")
        if not mine.update(state=to, **(job or {})):
            return Written(ok=False)
        Take.objects.filter(pk=work.take_id, job_id=work.pk).update(state=to, **(take or {}))
        work.state = to
        seen = Seen(project_id=work.project_id, take_id=work.take_id, line_id=work.line_id)
        return Written(ok=True, seen=seen if show else None)

    return write
