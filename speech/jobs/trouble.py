"""What each error means for the job: the one `match` over the exception tree.

A verdict is data; `carry` acts on it. Whether a request may be sent again is decided here and
nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from speech.errors import (
    BrokenAnswer,
    EngineError,
    GenerationFailed,
    NotAccepted,
    OutcomeUnknown,
    RateLimited,
    RecordExpired,
    Refused,
    SubmitsPaused,
    TryLater,
)
from speech.jobs.pace import backoff
from speech.states import Charged, JobState

MOST_SUBMITS_REFUSED = 10
"""Complete refusals (5xx, no connection) in a row before a take gives up; nothing was charged.
Those of an outage, while the engine's breaker is open, say nothing about the take: they do not
count, and the take waits as long as it lasts."""
MOST_BROKEN_READS = 5
RATE_LIMIT_WAIT = 20.0
LOST_READS = 3
"""404s in a row before a record counts as expired…"""
FRESH_RECORD = 60.0
"""…and seconds from acceptance: a fresh record may not be everywhere yet, and it is paid for."""
REFUSED_FOR = timedelta(hours=1)
"""How long a finished take's audio may be refused before we give up. The provider keeps it for
seven days, and its storage or what stands before it may be out of order for a while."""
MOST_CUT_OFF = 3
"""Downloads of a paid take's audio that fall short of what its file says, before the last one is
kept: the provider has no more of it, and it is paid for."""
CUT_OFF_SENTENCE = (
    "The audio is shorter than its file says, each time that it was fetched: it may be cut off."
    " Listen to its end."
)
MOST_FAULTS = 10
"""Faults of our own in a row before a take that costs nothing gives up; a paid one never does
for that reason."""
FAULT_SENTENCE = (
    "Something went wrong inside the studio, not at the provider. It is tried again by itself;"
    " the administrator finds the reason in the log."
)
OUTPUT_KEPT = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Ends:
    """The job is over."""

    state: JobState
    charged: Charged
    sentence: str
    code: str


@dataclass(frozen=True, kw_only=True)
class QueuesAgain:
    """Surely not accepted: back into the queue until `due_at`."""

    due_at: datetime
    sentence: str
    code: str
    counts: bool
    holds_engine: bool = False
    """No other submit before `due_at` either."""
    pauses_engine: bool = False
    """No other submit until a person acts."""


@dataclass(frozen=True, kw_only=True)
class ReadsAgain:
    """A read failed; ask again in `seconds`."""

    seconds: float
    sentence: str
    code: str
    limited: bool = False
    pauses_engine: bool = False


def after_submit(error: EngineError, *, failures: int, outage: bool = False) -> Ends | QueuesAgain:
    """What a failed submission means. Anything not surely refused ends in doubt."""
    now = timezone.now()
    match error:
        case RateLimited():
            return QueuesAgain(
                due_at=error.retry_at or now + timedelta(seconds=RATE_LIMIT_WAIT),
                sentence=error.sentence, code=error.reason, counts=False, holds_engine=True,
            )  # fmt: skip
        case SubmitsPaused():
            return QueuesAgain(
                due_at=now, sentence=error.sentence, code=error.reason, counts=False,
                pauses_engine=True,
            )  # fmt: skip
        case NotAccepted() | TryLater() if failures + 1 >= MOST_SUBMITS_REFUSED and not outage:
            return Ends(
                state=JobState.FAILED, charged=Charged.NO, code=error.reason,
                sentence=f"{error.sentence} Given up after {failures + 1} tries; nothing was"
                " charged.",
            )  # fmt: skip
        case NotAccepted():
            wait = timedelta(seconds=backoff(failures + 1))
            return QueuesAgain(
                due_at=max(error.retry_at or now, now + wait),
                sentence=error.sentence, code=error.reason, counts=not outage,
            )  # fmt: skip
        case Refused() | GenerationFailed():
            return Ends(
                state=JobState.FAILED, charged=Charged.NO,
                sentence=error.sentence, code=error.reason,
            )  # fmt: skip
        case OutcomeUnknown():
            return Ends(
                state=JobState.UNKNOWN, charged=Charged.MAYBE,
                sentence=error.sentence, code=error.reason,
            )  # fmt: skip
        case _:
            return Ends(
                state=JobState.UNKNOWN, charged=Charged.MAYBE, code=error.reason,
                sentence=f"{error.sentence} It may have been charged.",
            )  # fmt: skip


def before_submit(error: EngineError, *, failures: int, outage: bool = False) -> Ends | QueuesAgain:
    """What a failed preparation (pushing the clip) means: nothing was sent yet, nothing charged."""
    if isinstance(error, TryLater) and (outage or failures + 1 < MOST_SUBMITS_REFUSED):
        return QueuesAgain(
            due_at=timezone.now() + timedelta(seconds=backoff(failures + 1)),
            sentence=error.sentence, code=error.reason, counts=not outage,
        )  # fmt: skip
    if isinstance(error, BrokenAnswer | OutcomeUnknown):
        return Ends(
            state=JobState.FAILED, charged=Charged.NO, sentence=error.sentence, code=error.reason
        )
    return after_submit(error, failures=failures, outage=outage)


def after_read(
    error: EngineError, *, failures: int, lost: int, free: bool = True, age: float = 3600.0
) -> Ends | ReadsAgain | QueuesAgain:
    """What a failed poll or result read means: reads may always be repeated.

    `age`: seconds since the request was accepted. Only where sending is `free` can a read lead
    to another submission.
    """
    match error:
        case GenerationFailed():
            return Ends(
                state=JobState.FAILED, charged=Charged.NO,
                sentence=error.sentence, code=error.reason,
            )  # fmt: skip
        case RateLimited():
            seconds = RATE_LIMIT_WAIT
            if error.retry_at:
                seconds = max(1.0, (error.retry_at - timezone.now()).total_seconds())
            return ReadsAgain(
                seconds=seconds, sentence=error.sentence, code=error.reason, limited=True
            )
        case RecordExpired() if lost + 1 >= LOST_READS and age >= FRESH_RECORD:
            return Ends(
                state=JobState.EXPIRED, charged=Charged.MAYBE, sentence=error.sentence,
                code=error.reason,
            )  # fmt: skip
        case RecordExpired():
            # Not by `failures`: after an outage each slice would ask once, and never three times.
            return ReadsAgain(seconds=backoff(lost + 1), sentence=error.sentence, code=error.reason)
        case NotAccepted() if free:
            return QueuesAgain(
                due_at=timezone.now(), sentence=error.sentence, code=error.reason, counts=True
            )
        case BrokenAnswer() | Refused() if failures + 1 >= MOST_BROKEN_READS:
            return Ends(
                state=JobState.FAILED, charged=Charged.MAYBE,
                sentence=error.sentence, code=error.reason,
            )  # fmt: skip
        case _:
            return ReadsAgain(
                seconds=backoff(failures + 1), sentence=error.sentence, code=error.reason,
                pauses_engine=isinstance(error, SubmitsPaused)
                or error.reason in {"unauthorized", "forbidden"},
            )  # fmt: skip


def after_fetch(
    error: EngineError, *, failures: int, completed_at: datetime | None, free: bool
) -> Ends | ReadsAgain | QueuesAgain:
    """What a failed download means. The take is paid for, and a known address is worth retrying
    for as long as the provider keeps the file."""
    charged = Charged.NO if free else Charged.YES
    age = timezone.now() - completed_at if completed_at else OUTPUT_KEPT
    old = completed_at is not None and age > OUTPUT_KEPT
    match error:
        case NotAccepted() if free:
            return QueuesAgain(
                due_at=timezone.now(), sentence=error.sentence, code=error.reason, counts=True
            )
        case BrokenAnswer() | GenerationFailed():
            return Ends(
                state=JobState.FAILED, charged=charged, sentence=error.sentence, code=error.reason
            )
        case Refused() if failures + 1 >= MOST_BROKEN_READS and (free or age >= REFUSED_FOR):
            return Ends(
                state=JobState.FAILED, charged=charged, code=error.reason,
                sentence=f"{error.sentence} The provider made and charged this take, but its audio"
                " could not be fetched.",
            )  # fmt: skip
        case _ if old:
            return Ends(
                state=JobState.EXPIRED, charged=charged, code=error.reason,
                sentence="The provider made and charged this take, but its audio could not be"
                " fetched within the seven days that it is kept.",
            )  # fmt: skip
        case _:
            return ReadsAgain(
                seconds=backoff(failures + 1), sentence=error.sentence, code=error.reason,
                limited=isinstance(error, RateLimited),
            )  # fmt: skip


def after_cut_off(*, times: int) -> ReadsAgain | None:
    """What audio means that is shorter than its file says, the `times`-th time; None to keep it."""
    if times >= MOST_CUT_OFF:
        return None
    return ReadsAgain(
        seconds=backoff(times), code="cut_off",
        sentence="The audio that arrived is shorter than its file says. It is fetched again.",
    )  # fmt: skip


def after_fault(*, failures: int, free: bool) -> Ends | ReadsAgain:
    """What an error that nobody foresaw means, once the request was accepted."""
    if free and failures + 1 >= MOST_FAULTS:
        return Ends(
            state=JobState.FAILED, charged=Charged.NO, code="internal", sentence=FAULT_SENTENCE
        )
    return ReadsAgain(seconds=backoff(failures + 1), sentence=FAULT_SENTENCE, code="internal")


def blames_reference(sentence: str) -> bool:
    """True where a failure reads as if the provider could not use the reference clip."""
    words = sentence.lower()
    return any(word in words for word in ("reference", "audio_prompt", "prompt audio"))
