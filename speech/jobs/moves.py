"""What happens to a job and its take, as data: each move is written whole, or not at all.

A move says nothing of how it is written: `books` does that, for all that share a commit. Where a
person has cancelled the take, `instead` says what is written in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils import timezone

from speech.engines.base import Result, Submitted
from speech.jobs.work import Work, result_to_json, storable_url
from speech.states import Cancel, Charged, JobState

MOST_COST = 10_000.0
"""US dollars for one take; a provider that names more is mistaken."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """`to` None: the state stays. `job` and `take` are columns of the two rows."""

    work: Work
    to: JobState | None
    job: Mapping[str, Any] = field(default_factory=dict)
    take: Mapping[str, Any] = field(default_factory=dict)
    alike: bool = False
    """`job` is the same for all moves to this state, so that many are one UPDATE."""
    show: bool = True
    """A page that is open shows it at once."""
    verb: str = ""
    """What is written down, with `data`; empty for nothing."""
    data: Mapping[str, Any] = field(default_factory=dict)
    instead: Mapping[str, Move] = field(default_factory=dict)
    """By what a person who cancelled the take wants done with its result."""


def submitting(work: Work) -> Move:
    """Committed before the POST: from here on a crash leaves the outcome in doubt."""
    return Move(
        work=work, to=JobState.SUBMITTING, alike=True,
        job={"submit_started_at": timezone.now(), "submits": F("submits") + 1},
    )  # fmt: skip


def accepted(work: Work, submitted: Submitted) -> Move:
    """The request id is money: it is committed before anything else is done with it."""
    return Move(
        work=work, to=JobState.RUNNING, show=False,
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


def completed(work: Work, result: Result, *, free: bool) -> Move:
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
    return Move(
        work=work, to=JobState.DOWNLOADING, take=cost,
        job={**known, "output_url": result.output_url[:2000]},
        instead={Cancel.DISCARD: _discarded(work, free=free, job=known, take=cost)},
    )  # fmt: skip


def measuring(work: Work) -> Move:
    return Move(work=work, to=JobState.MEASURING, show=False, alike=True)


def download_again(work: Work) -> Move:
    return Move(work=work, to=JobState.DOWNLOADING, show=False)


def done(work: Work, facts: Mapping[str, Any], *, free: bool, note: str = "") -> Move:
    """The audio's facts and `done` in one transaction: only now is the take playable, and only
    now does it answer the comment that it was asked for. `note`: what to know of it."""
    now = timezone.now()
    return Move(
        work=work, to=JobState.DONE,
        job={"owner": "", "finished_at": now, "error": note, "error_code": ""},
        take={**facts, "finished_at": now}, verb="take made",
        instead={Cancel.DISCARD: _discarded(work, free=free)},
    )  # fmt: skip


def queued(work: Work, *, due_at: datetime, error: str, code: str, count: bool) -> Move:
    """Back into the queue: surely not accepted, nothing charged. One that somebody has cancelled
    meanwhile does not come back."""
    cancelled = ended(
        work, JobState.CANCELLED, code="cancelled", charged=Charged.NO,
        error="Cancelled. The provider had not taken it, so nothing was charged.",
    )  # fmt: skip
    return Move(
        work=work, to=JobState.QUEUED,
        job={
            "owner": "", "due_at": due_at, "error": error, "error_code": code, "request_id": "",
            "failures": F("failures") + (1 if count else 0),
        },
        instead=dict.fromkeys(Cancel.values, cancelled),
    )  # fmt: skip


def ended(work: Work, state: JobState, *, error: str, code: str, charged: Charged) -> Move:
    """Failed, expired or unknown, with the sentence that the card shows."""
    now = timezone.now()
    return Move(
        work=work, to=state,
        job={
            "owner": "", "finished_at": now, "error": error, "error_code": code,
            "charged": charged, **({"amount": 0} if charged == Charged.NO else {}),
        },
        take={"finished_at": now}, verb="take ended",
        data={"how": state.label.lower(), "why": error},
    )  # fmt: skip


def note_failure(work: Work, *, error: str, code: str) -> Move:
    """A read failed and will be repeated; the state stays. A page shows the first of several."""
    return Move(
        work=work, to=None, show=work.failures <= 1,
        job={"failures": F("failures") + 1, "error": error, "error_code": code},
    )  # fmt: skip


def recovered(work: Work) -> Move:
    """A read succeeded after some that failed: nothing is wrong any more."""
    return Move(work=work, to=None, job={"failures": 0, "error": "", "error_code": ""})


def money(cost: float) -> Decimal:
    """US dollars as they are kept: to the millionth, and nothing absurd."""
    return Decimal(str(round(min(max(cost, 0.0), MOST_COST), 6)))


def _discarded(
    work: Work,
    *,
    free: bool,
    job: Mapping[str, Any] | None = None,
    take: Mapping[str, Any] | None = None,
) -> Move:
    now = timezone.now()
    sentence = "Cancelled while it was being made; the result was thrown away." + (
        "" if free else " It was charged."
    )
    return Move(
        work=work, to=JobState.CANCELLED,
        job={
            **(job or {}), "owner": "", "finished_at": now, "error": sentence,
            "error_code": "cancelled",
        },
        take={**(take or {}), "finished_at": now}, verb="take ended",
        data={"how": JobState.CANCELLED.label.lower(), "why": sentence},
    )  # fmt: skip
