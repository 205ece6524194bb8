"""Reference clips that are sent in: checked and re-encoded first, given out by address then.

Rule: the bytes that came are never served; what a caller gets is the address of the studio's own
copy, once the clip check has made it. Reason: an upload is hostile until it was decoded and
encoded anew. Price: an upload takes the seconds of that check.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from speech import wire
from speech.api import bodies
from speech.api.door import answer, at_a_desk, caller, json_body, patient
from speech.audio.sniff import HEAD_BYTES, sniff
from speech.errors import BadInput
from speech.models import Voice
from speech.queries import addresses
from speech.queries.api_calls import voices_now
from speech.queries.changes import UNSETTLED, Key, Mark, watcher
from speech.services import front_door
from speech.states import ClipState

MOST_CLIPS = 8
ROOM = 4096
"""Bytes of a request beside its data URLs."""
DATA_URL = re.compile(r"data:(?P<kind>[\w.+/-]*)(?:;[\w.+=-]+)*;base64,", re.ASCII)
NOT_YET = "The clip is still being checked. Send it again in a moment: it is kept."

_decoders = ThreadPoolExecutor(max_workers=2, thread_name_prefix="api-clips")
"""A clip of many megabytes is held in memory several times over while it is taken apart."""


@patient("POST")
async def upload_asset(request: HttpRequest) -> HttpResponse:
    key = await at_a_desk(lambda: caller(request))
    clips = await sync_to_async(_clips, thread_sensitive=False, executor=_decoders)(request)
    voices = await at_a_desk(partial(front_door.upload, key, clips=clips))
    clips.clear()
    until = time.monotonic() + settings.API_WAIT_SECONDS
    while waiting := [voice for voice in voices if voice.is_live]:
        marks: dict[Key, Mark] = {("clip", voice.pk): UNSETTLED for voice in waiting}
        left = until - time.monotonic()
        if left <= 0 or not await watcher().wait(marks, seconds=left):
            return answer(wire.ErrorBody(error=NOT_YET).dump(), HTTPStatus.GATEWAY_TIMEOUT)
        voices = await at_a_desk(partial(_again, voices))
    return answer(_given_out(voices, origin=bodies.origin_of(request)).dump())


def _clips(request: HttpRequest) -> list[bytes]:
    most = settings.UPLOAD_MAX_BYTES
    try:
        asked = wire.UploadRequest.parse(json_body(request, most=most * 4 // 3 + ROOM))
    except wire.WireError as error:
        raise BadInput('Send {"data_urls": ["data:audio/mpeg;base64,…"]}.') from error
    if not 1 <= len(asked.data_urls) <= MOST_CLIPS:
        raise BadInput(f"Send 1 to {MOST_CLIPS} clips at once.")
    return [_decoded(url, number, most) for number, url in enumerate(asked.data_urls, start=1)]


def _decoded(url: str, number: int, most: int) -> bytes:
    head = DATA_URL.match(url)
    if head is None:
        raise BadInput(f"Clip {number} is not a data URL such as data:audio/mpeg;base64,….")
    try:
        clip = base64.b64decode(url[head.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput(f"Clip {number} is not base64.") from error
    if len(clip) > most:
        raise BadInput(f"Clip {number} is larger than {settings.UPLOAD_MAX_MB} MB.")
    # What it claims to be says nothing; what it is, the check finds out by decoding it.
    if head["kind"].startswith(("image/", "text/")) or sniff(clip[:HEAD_BYTES]) is None:
        raise BadInput(
            f"Clip {number} is not a sound file that can be used."
            " Send wav, mp3, flac, ogg, m4a or webm."
        )
    return clip


def _again(voices: list[Voice]) -> list[Voice]:
    found = voices_now(voices)
    if len(found) < len(voices):
        raise BadInput("The clip was deleted in the studio while it was being checked.")
    return found


def _given_out(voices: list[Voice], *, origin: str) -> wire.UploadBody:
    for number, voice in enumerate(voices, start=1):
        if voice.state != ClipState.READY:
            raise BadInput(f"Clip {number} cannot be used. {voice.sentence}")
    return wire.UploadBody(
        file_urls=tuple(origin + addresses.clip_path(voice) for voice in voices),
        message="Files uploaded successfully",
    )
