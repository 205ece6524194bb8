"""Asking for a take: v2 answers with an id at once, v1 with the sound once it is there."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from http import HTTPStatus

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse

from speech import wire
from speech.api import bodies
from speech.api.door import NoSuch, answer, at_a_desk, caller, json_body, moment, patient, quick
from speech.errors import BadInput
from speech.models import ApiCall
from speech.queries.api_calls import call_now, failure_of, word_of
from speech.queries.changes import UNSETTLED, Key, Mark, watcher
from speech.services import front_door

logger = logging.getLogger(__name__)

STILL_UNDER_WAY = (
    "This is still under way, and this call cannot wait any longer. Ask for it by the id in the"
    f" header {wire.REQUEST_ID_HEADER} instead of sending it again: it may be charged."
)


@quick("POST")
def submit(request: HttpRequest, slug: str) -> HttpResponse:
    call = _taken(request, slug)
    response = answer(bodies.submitted(call, origin=bodies.origin_of(request)).dump())
    response[wire.ENGINE_HEADER] = call.job.engine
    return response


@patient("POST")
async def run_sync(request: HttpRequest, slug: str) -> HttpResponse:
    """Waits, holding no thread and no database connection, and answers the sound itself."""
    call = await at_a_desk(lambda: _taken(request, slug))
    try:
        response = await _outcome(call)
    except Exception:
        # Not a 500, which says that nothing was taken and that it may be sent again.
        logger.exception("waiting for request %s failed", call.job.ref)
        response = _error(STILL_UNDER_WAY, HTTPStatus.GATEWAY_TIMEOUT)
    response[wire.REQUEST_ID_HEADER] = str(call.job.ref)
    response[wire.ENGINE_HEADER] = call.job.engine
    response["Cache-Control"] = "no-store"
    return response


async def _outcome(call: ApiCall) -> HttpResponse:
    until = time.monotonic() + settings.API_WAIT_SECONDS
    while (ended := await at_a_desk(lambda: _ended(call))) is None:
        left = until - time.monotonic()
        marks: dict[Key, Mark] = {("job", call.job_id): UNSETTLED}
        if left <= 0 or not await watcher().wait(marks, seconds=left):
            return _error(STILL_UNDER_WAY, HTTPStatus.GATEWAY_TIMEOUT)
    if ended.error:
        return _error(ended.error, HTTPStatus.UNPROCESSABLE_ENTITY)
    sound = await asyncio.to_thread(_bytes, ended.audio)
    return HttpResponse(sound, content_type="audio/flac", headers=ended.headers)


@dataclass(frozen=True, kw_only=True)
class _Ended:
    """How a request ended: with a sound in the store, or with an error."""

    audio: str = ""
    headers: dict[str, str] | None = None
    error: str = ""


def _taken(request: HttpRequest, slug: str) -> ApiCall:
    key = caller(request)
    if slug != wire.SLUG:
        raise NoSuch("Model not found")
    body = json_body(request)
    if not isinstance(body, dict):
        raise BadInput("The body must be a JSON object.")
    once = request.headers.get(wire.IDEMPOTENCY_HEADER, "").strip()
    return front_door.submit(key, body=body, idempotency_key=once)


def _ended(call: ApiCall) -> _Ended | None:
    """None while it is under way."""
    found = call_now(call)
    if found is None:
        return _Ended(error="The project of this key was deleted while the sound was waited for.")
    word, take = word_of(found.job), found.job.take
    if word is wire.StatusWord.FAILED:
        return _Ended(error=failure_of(found.job))
    if word is not wire.StatusWord.COMPLETED:
        return None
    metrics = bodies.metrics(found)
    known = {
        wire.COST_HEADER: metrics.cost,
        wire.REMAINING_HEADER: metrics.remaining_credits,
        wire.GENERATION_TIME_HEADER: metrics.inference_time,
        wire.SEED_HEADER: take.seed_used or take.seed,
        wire.RATE_RESET_HEADER: moment(front_door.free_again_at(found.key)),
    }
    headers = {name: str(value) for name, value in known.items() if value is not None}
    return _Ended(audio=take.audio.name or "", headers=headers)


def _bytes(name: str) -> bytes:
    with default_storage.open(name, "rb") as file:
        return bytes(file.read())


def _error(sentence: str, status: HTTPStatus) -> HttpResponse:
    return answer(wire.ErrorBody(error=sentence).dump(), status)
