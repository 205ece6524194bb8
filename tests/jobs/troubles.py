"""All that a provider, and the way to it, can do wrong, and what becomes of the take: the table.

A row says what goes wrong with which request, how the take stands while it does (`first`) and once
the provider behaves again (`last`), what is known of the money then, what the take says, and how
often it was sent. `test_provider_trouble` holds each row against the real server.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from speech.states import Charged, JobState
from tests.audio.sounds import encoded, tone

PAGE = "<!doctype html><html><head><title>Bad gateway</title></head><body>Sorry</body></html>"
GATEWAY = {"body": PAGE, "content_type": "text/html"}
SOUND = encoded(tone(2.0), "wav")
BIGGEST = 200_000
"""Bytes of audio that these tests' engine takes."""

SOON = {"retry-after": "1"}
LATER = {"retry-after": "20"}
MAYBE = "may have made this take and charged for it."
FREE = "Nothing was charged."
AGAIN = "asked again"
KEPT = "Segmind made this take, but its audio cannot be kept."


@dataclass(frozen=True, kw_only=True)
class Trouble:
    what: str
    """Also the take's text: the server knows by it whom to trouble."""
    on: str
    """Which request: submit, status, result or output; job for what is in the final answer."""
    do: str
    more: Mapping[str, Any] = field(default_factory=dict)
    first: JobState
    last: JobState
    charged: Charged
    code: str
    says: tuple[str, ...]
    sent: int = 1


def in_doubt(what: str, do: str, code: str, *says: str, **more: Any) -> Trouble:
    """It may have arrived: only a person sends it again."""
    return Trouble(
        what=what, on="submit", do=do, more=more, first=JobState.UNKNOWN, last=JobState.UNKNOWN,
        charged=Charged.MAYBE, code=code, says=(*says, MAYBE),
    )  # fmt: skip


def refused(what: str, code: str, *says: str, **more: Any) -> Trouble:
    """The same request would be refused again."""
    return Trouble(
        what=what, on="submit", do="answer", more=more, first=JobState.FAILED,
        last=JobState.FAILED, charged=Charged.NO, code=code, says=(*says, FREE),
    )  # fmt: skip


def sent_again(what: str, code: str, *says: str, **more: Any) -> Trouble:
    """Surely not accepted, so it is sent once more by itself."""
    return Trouble(
        what=what, on="submit", do="answer", more={"times": 1, **more}, first=JobState.QUEUED,
        last=JobState.DONE, charged=Charged.YES, code=code, says=says, sent=2,
    )  # fmt: skip


def asked_again(what: str, do: str, code: str, *says: str, **more: Any) -> list[Trouble]:
    """Reads may be repeated for ever, polls and results alike."""
    return [
        Trouble(
            what=f"{what}, to a question for the {on}", on=on, do=do, more=more,
            first=JobState.RUNNING, last=JobState.DONE, charged=Charged.YES, code=code, says=says,
        )
        for on in ("status", "result")
    ]  # fmt: skip


def job_failed(what: str, on: str, status: int) -> Trouble:
    return Trouble(
        what=what, on=on, do="answer", first=JobState.FAILED, last=JobState.FAILED,
        more={"status": status, "body": {"status": "FAILED", "error": "Blocked by policy"}},
        charged=Charged.NO, code="generation_failed",
        says=("could not make this take: Blocked by policy.", "Failed takes are not charged."),
    )  # fmt: skip


def fetched_again(what: str, do: str, code: str, *says: str, **more: Any) -> Trouble:
    """The take is paid for and its address is known: worth asking for days."""
    return Trouble(
        what=what, on="output", do=do, more=more, first=JobState.DOWNLOADING, last=JobState.DONE,
        charged=Charged.YES, code=code, says=says,
    )  # fmt: skip


def lost(what: str, do: str, code: str, *says: str, **more: Any) -> Trouble:
    """Paid for, and asking again would bring the same."""
    return Trouble(
        what=what, on="output", do=do, more=more, first=JobState.FAILED, last=JobState.FAILED,
        charged=Charged.YES, code=code, says=says,
    )  # fmt: skip


SUBMITS = [
    in_doubt("No answer", "hang", "timeout", "it took too long", seconds=30, accept=True),
    in_doubt("An answer that drips", "drip", "timeout", "it took too long"),
    in_doubt("Half an answer", "cut", "connection_lost", "broken off or garbled"),
    in_doubt("Closed after it was read", "drop_late", "connection_lost", accept=True),
    in_doubt("A web page for an answer", "answer", "no_request_id", "no request id", **GATEWAY),
    in_doubt("An answer without an id", "answer", "no_request_id", body={"status": "QUEUED"}),
    in_doubt("A gateway's timeout", "answer", "gateway_timeout", "HTTP 504", status=504, **GATEWAY),
    in_doubt("An odd answer", "answer", "http_520", "settles nothing", status=520),
    refused("Bad values", "bad_request", "Too cold.", status=400, body={"error": "Too cold"}),
    refused("Too large", "too_large", "found the request too large", status=413),
    refused("Odd values", "unprocessable", "could not use the values", status=422),
    refused(
        "A wrong content type", "wrong_content_type", "a fault of the studio",
        status=406, body={"error": "Invalid content type"},
    ),
    sent_again("A server error", "server_error", "HTTP 500", FREE, status=500),
    sent_again("A gateway's page", "server_error", "HTTP 502", FREE, status=502, **GATEWAY),
    sent_again("No capacity", "server_error", "HTTP 503", FREE, status=503),
    sent_again("Too fast", "rate_limited", "Nothing failed", status=429, headers=LATER),
]  # fmt: skip

READS = [
    *asked_again("Key refused", "answer", "unauthorized", "refused the key", AGAIN, status=401),
    *asked_again("Forbidden", "answer", "forbidden", AGAIN, "nothing is lost", status=403),
    *asked_again("A bad request", "answer", "http_400", AGAIN, status=400),
    *asked_again("No credits", "answer", "http_406", AGAIN, status=406),
    *asked_again("Too fast", "answer", "rate_limited", "goes on at", status=429, headers=SOON),
    *asked_again("A server error", "answer", "server_error", "HTTP 500", AGAIN, status=500),
    *asked_again("A gateway's page", "answer", "server_error", AGAIN, status=502, **GATEWAY),
    *asked_again("A timeout", "answer", "server_error", "HTTP 504", AGAIN, status=504),
    *asked_again("A web page", "answer", "garbled", "could not be read", AGAIN, **GATEWAY),
    *asked_again("A web page under 422", "answer", "garbled", AGAIN, status=422, **GATEWAY),
    *asked_again("An unknown state", "answer", "garbled", AGAIN, body={"status": "DREAMING"}),
    *asked_again("No record yet", "answer", "record_expired", "no longer knows", status=404),
    *asked_again("No answer", "hang", "timeout", "it took too long", AGAIN, seconds=30),
    *asked_again("A drip", "drip", "timeout", "it took too long", AGAIN),
    *asked_again("Half an answer", "cut", "unreachable", "could not be asked", AGAIN),
    *asked_again("Closed before it was read", "drop_early", "unreachable", AGAIN),
    *asked_again("Closed after it was read", "drop_late", "unreachable", AGAIN),
    *asked_again("A redirect", "redirect", "http_302", AGAIN, to="https://elsewhere.example/"),
    job_failed("A failure under 422", "status", 422),
    job_failed("A failure under 200", "status", 200),
    job_failed("A failure of the result under 422", "result", 422),
    job_failed("A failure of the result under 200", "result", 200),
]

DOWNLOADS = [
    fetched_again("File forbidden", "answer", "file_forbidden", "not give out", status=403),
    fetched_again("No file yet", "answer", "file_gone", "no file at that address", status=404),
    fetched_again("Storage away", "answer", "server_error", "HTTP 503", status=503, **GATEWAY),
    fetched_again("Too fast", "answer", "rate_limited", "asks us to", status=429, headers=SOON),
    fetched_again("A page for a file", "answer", "not_audio", KEPT, "a web page", **GATEWAY),
    fetched_again("An empty file", "answer", "not_audio", KEPT, "an empty file"),
    fetched_again("Text for a file", "answer", "not_audio", "not a sound file", body="Hm. " * 40),
    fetched_again("No bytes", "hang", "timeout", "too long to arrive", seconds=30),
    fetched_again("Bytes that drip", "drip", "timeout", "too long to arrive"),
    fetched_again("A file cut off", "cut", "connection_lost", "broke off", at=900),
    fetched_again("Closed after it was asked", "drop_late", "connection_lost", "broke off"),
    lost(
        "A redirect inwards", "redirect", "blocked_address", KEPT, "private or reserved network",
        to="http://169.254.169.254/latest/meta-data",
    ),
    lost("A loop inwards", "redirect", "blocked_address", KEPT, to="http://[::1]:6379/"),
    lost("Too big", "big", "audio_too_big", KEPT, "0.2 MB", size=BIGGEST + 1, announce=True),
    lost("Endless", "big", "audio_too_big", KEPT, "0.2 MB", size=4 * BIGGEST, announce=False),
    lost(
        "Sound by its first bytes only", "answer", "not_audio",
        "The audio that arrived cannot be used.", "The provider has charged for it.",
        body_base64=base64.b64encode(SOUND[:36] + bytes(500)).decode(),
    ),
]  # fmt: skip
