"""What each complete answer of Segmind means for the job, and what people are told.

Two tables, one for POSTs and one for GETs, because the same status means different things: a 500
to a submit was not accepted, a 500 to a poll says nothing about the job. Source: the table
"Errors" of the provider's protocol; nothing but 200 is billed.

A refused submit is either about the take (`REFUSED`: its values, its size), and then that one
fails; or about the account, the address or the model (`CLOSED`, and the key, the credits and the
spend limit), and then the next would fare no better: submissions pause, the queue is kept. Price:
should a firewall on the way answer 403 to the words of one take, that take pauses the queue each
time until somebody cancels it; the take carries the sentence, so it can be found.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from speech import wire
from speech.engines.answers import Answer
from speech.engines.http import retry_at
from speech.errors import (
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

Redact = Callable[[str], str]

FREE = "Nothing was charged."
PATIENCE = timedelta(seconds=15)
"""How long to wait after a 429 that does not say."""

REFUSED = {
    400: ("bad_request", "Segmind did not accept this request."),
    413: ("too_large", "Segmind found the request too large."),
    422: ("unprocessable", "Segmind could not use the values of this request."),
}  # fmt: skip
CLOSED = {
    401: (
        "unauthorized", "Segmind refused the key.", "until an administrator sets a working key",
    ),
    403: (
        "forbidden", "The Segmind account may not use this model.",
        "until an administrator has put the account right",
    ),
    404: (
        "model_not_found", "Segmind does not know this model or this address.",
        "until an administrator has looked at the address set for it",
    ),
    405: (
        "wrong_verb", "Segmind's server does not take submissions at the address set for it.",
        "until an administrator corrects the address",
    ),
    410: (
        "model_retired", "Segmind has retired this model.", "until an administrator resumes it",
    ),
}  # fmt: skip
SURELY_NOT_ACCEPTED = frozenset({500, 502, 503})
GAVE_UP = frozenset({408, 504, 524})
"""Somebody on the way stopped waiting; the model may be at work."""


def submit_error(answer: Answer, redact: Redact) -> EngineError:
    """The error for a complete answer to a POST that is not a 2xx."""
    match answer.status:
        case 429:
            return _rate_limited(answer)
        case 402 | 406:
            return _not_acceptable(answer, _said(answer, redact))
        case status if 300 <= status < 400 or status in CLOSED:
            return _closed(answer, _said(answer, redact))
        case status if status in SURELY_NOT_ACCEPTED:
            return NotAccepted(
                f"Segmind had a problem (HTTP {status}) and did not take the request."
                f"{_said(answer, redact)} {FREE}",
                code="server_error",
                status=status,
                retry_at=_named_moment(answer),
            )
        case status if 400 <= status < 500 and status not in GAVE_UP:
            code, sentence = REFUSED.get(
                status, (f"http_{status}", f"Segmind refused this request (HTTP {status}).")
            )
            return Refused(f"{sentence}{_said(answer, redact)} {FREE}", code=code, status=status)
        case status:
            return in_doubt(
                f"Segmind's server gave up waiting (HTTP {status})."
                if status in GAVE_UP
                else f"Segmind's server gave an answer that settles nothing (HTTP {status}).",
                code="gateway_timeout" if status in GAVE_UP else f"http_{status}",
                status=status,
            )


def _closed(answer: Answer, said: str) -> SubmitsPaused:
    code, sentence, until = CLOSED.get(
        answer.status,
        (
            "redirected",
            "Segmind's address answers with a redirect, which is never followed.",
            "until an administrator corrects the address",
        ),
    )
    return SubmitsPaused(
        f"{sentence}{said} {FREE} Submitting is paused {until}; the queue is kept.",
        code=code,
        status=answer.status,
    )


def in_doubt(sentence: str, *, code: str, status: int) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"{sentence} Segmind may have made this take and charged for it.",
        code=code,
        status=status,
    )


def read_error(answer: Answer, redact: Redact) -> EngineError:
    """The error for a complete answer to a GET that is neither a 2xx nor a failed job."""
    status = answer.status
    said = _said(answer, redact)
    if status == 404:
        return RecordExpired(
            "Segmind no longer knows this request; its record lasts one hour."
            " The take may have been made and charged for.",
            code="record_expired",
            status=status,
        )
    if status == 429:
        return _rate_limited(answer)
    if status in {401, 403}:
        return TryLater(
            f"Segmind refused the key.{said} It will be asked again; nothing is lost.",
            code="unauthorized" if status == 401 else "forbidden",
            status=status,
        )
    return TryLater(
        f"Segmind had a problem (HTTP {status}). It will be asked again.",
        code="server_error" if status >= 500 else f"http_{status}",
        status=status,
        retry_at=_named_moment(answer),
    )


def failed(error: str, redact: Redact, *, status: int) -> GenerationFailed:
    reason = redact(error) or "It gave no reason."
    return GenerationFailed(
        f"Segmind could not make this take: {_sentence(reason)} Failed takes are not charged.",
        code="generation_failed",
        status=status,
    )


def _not_acceptable(answer: Answer, said: str) -> EngineError:
    words = wire.error_text(answer.body).lower().replace("-", " ")
    if "content type" in words:
        return Refused(
            f"Segmind did not accept the form of the request: a fault of the studio. {FREE}",
            code="wrong_content_type",
            status=answer.status,
        )
    if "limit" in words or "spend" in words:
        return SubmitsPaused(
            f"The team's spend limit at Segmind is reached.{said} {FREE}"
            " Submitting is paused; the queue is kept.",
            code="spend_limit",
            status=answer.status,
        )
    return SubmitsPaused(
        f"The Segmind account has too few credits.{said} {FREE}"
        " Submitting is paused until credits are added; the queue is kept.",
        code="insufficient_credits",
        status=answer.status,
    )


def _rate_limited(answer: Answer) -> RateLimited:
    moment = _named_moment(answer) or datetime.now(UTC) + PATIENCE
    return RateLimited(
        f"Segmind's rate limit is reached. Nothing failed and nothing was charged;"
        f" it goes on at {moment:%H:%M:%S} UTC.",
        code="rate_limited",
        status=answer.status,
        retry_at=moment,
    )


def _named_moment(answer: Answer) -> datetime | None:
    return retry_at(answer.headers, reset_header=wire.RATE_RESET_HEADER, now=datetime.now(UTC))


def _said(answer: Answer, redact: Redact) -> str:
    text = redact(wire.error_text(answer.body))
    return f" It said: {_sentence(text)}" if text else ""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
