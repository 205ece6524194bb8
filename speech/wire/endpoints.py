"""The front door as data: addresses, headers and states, each with what it means.

Rule: the reference page, the OpenAPI document and the tests read these tuples, and those of
`speech.wire.codes`; the addresses come from `speech.wire.paths`, like those that the client calls.
Reason: a code or an endpoint that is told in one place and served in another drifts. Price: an
answer that the front door learns has to be named here first. Revisit when Segmind's protocol
changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from speech.wire.paths import (
    COST_HEADER,
    CREDITS_PATH,
    ENGINE_HEADER,
    GENERATION_TIME_HEADER,
    IDEMPOTENCY_HEADER,
    KEY_HEADER,
    RATE_RESET_HEADER,
    REMAINING_HEADER,
    REQUEST_ID_HEADER,
    SEED_HEADER,
    UPLOAD_PATH,
    poll_path,
    result_path,
    status_path,
    submit_path,
    sync_path,
)
from speech.wire.reading import StatusWord

IDEMPOTENCY_LONGEST = 200
"""Characters of an idempotency key."""
MOST_CLIPS = 8
"""Clips that one upload may bring."""
_ID = "{request_id}"

Body = Literal["request", "upload", "submit", "status", "result", "audio", "credits", "files"]
_ALWAYS = (200, 401, 403, 500, 502, 503)
_ASKED = (*_ALWAYS, 400, 406, 409, 413, 429)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One call: what it takes, and what it gives under 200."""

    name: str
    method: Literal["GET", "POST"]
    path: str
    summary: str
    about: str
    answers: tuple[int, ...]
    gives: Body
    takes: Body | None = None
    idempotent: bool = False
    """Whether it reads the idempotency key."""

    @property
    def in_order(self) -> list[int]:
        return sorted(self.answers)


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        name="submit",
        method="POST",
        path=submit_path(),
        summary="Ask for a take",
        about="Answers at once with a request id and the addresses to ask at. All parameters are"
        " checked before.",
        answers=_ASKED,
        takes="request",
        gives="submit",
        idempotent=True,
    ),
    Endpoint(
        name="status",
        method="GET",
        path=unquote(status_path(_ID)),
        summary="How far it is",
        about="Small and cheap: poll this one, about once a second.",
        answers=(*_ALWAYS, 404, 422),
        gives="status",
    ),
    Endpoint(
        name="result",
        method="GET",
        path=unquote(result_path(_ID)),
        summary="The result",
        about="Once it is COMPLETED: where the sound is, the seed that was used, the cost, the"
        " engine.",
        answers=(*_ALWAYS, 404, 422),
        gives="result",
    ),
    Endpoint(
        name="poll",
        method="GET",
        path=unquote(poll_path(_ID)),
        summary="The result, older form",
        about="The same body as the result; the address that poll_url names.",
        answers=(*_ALWAYS, 404, 422),
        gives="result",
    ),
    Endpoint(
        name="run",
        method="POST",
        path=sync_path(),
        summary="Ask for a take and wait for it",
        about="One call that is held until the take is done, and answers its sound (FLAC). Give"
        " your client more patience than the studio has.",
        answers=(*_ASKED, 422, 504),
        takes="request",
        gives="audio",
        idempotent=True,
    ),
    Endpoint(
        name="credits",
        method="GET",
        path=CREDITS_PATH,
        summary="What is left to spend",
        about="US dollars that the key can still spend: the least of its own budget, its project’s,"
        " and what the engine’s account has left. A million where nothing limits it.",
        answers=_ALWAYS,
        gives="credits",
    ),
    Endpoint(
        name="upload",
        method="POST",
        path=UPLOAD_PATH,
        summary="Hand in a reference clip",
        about=f"Takes 1 to {MOST_CLIPS} clips as data URLs, checks and re-encodes them, and"
        " answers an address for each, to be sent as reference_audio.",
        answers=(*_ALWAYS, 400, 406, 413, 429, 504),
        takes="upload",
        gives="files",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Header:
    name: str
    about: str


SENT: tuple[Header, ...] = (
    Header(name=KEY_HEADER, about="The key, with each call."),
    Header(name="Content-Type", about="application/json, with each POST."),
    Header(
        name=IDEMPOTENCY_HEADER,
        about="Optional, with a POST that asks for a take: any text of yours, up to"
        f" {IDEMPOTENCY_LONGEST} characters. The same text and body answer the same request id,"
        " and make no second take, for a day; the same text with another body is refused. Segmind"
        " has no such header.",
    ),
)
ANSWERED: tuple[Header, ...] = (
    Header(
        name=RATE_RESET_HEADER,
        about="With 429, and with a sound: the moment (UTC) from which the next one is welcome.",
    ),
    Header(name=REQUEST_ID_HEADER, about="The request id, with a take that was waited for."),
    Header(name=ENGINE_HEADER, about="The engine that was used. Segmind sends no such header."),
    Header(name=SEED_HEADER, about="The seed that was used."),
    Header(name=COST_HEADER, about="What the take cost, in US dollars."),
    Header(name=REMAINING_HEADER, about="What the key can still spend, in US dollars."),
    Header(name=GENERATION_TIME_HEADER, about="Seconds that the engine took."),
)
STATES: tuple[tuple[StatusWord, str], ...] = (
    (StatusWord.QUEUED, "It waits for its turn, for its clip to be checked, or for budget."),
    (StatusWord.PROCESSING, "The engine is at it, or the sound is being fetched and measured."),
    (StatusWord.COMPLETED, "The result can be had."),
    (StatusWord.FAILED, "It could not be made; error says why. Served with 422."),
)
