"""Sound by permission, with Range: async, because a slow listener must hold no thread.

The row is read in one hop to a thread that gives its database connection back before the first
byte leaves; the file is read piece by piece in a pool that nothing else waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.views.decorators.http import require_safe

from speech.access import get_take, get_voice
from speech.models import Take
from speech.queries.changes import release_connections
from speech.views import ranges
from speech.views.answers import actor

CHUNK = 256 * 1024
FOR_EVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"
"""A voice may be given another clip under the same address; an ETag makes asking cheap."""


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A stored file that this person may hear."""

    name: str
    mark: str
    """What the browser knows it by: the hash of the bytes, unless that would tell too much."""
    caching: str
    download_as: str = ""
    content_type: str = "audio/flac"


@require_safe
async def take_audio(request: HttpRequest, pk: int) -> HttpResponseBase:
    return await send(request, await sync_to_async(_take)(request, pk, download=False))


@require_safe
async def take_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    return await send(request, await sync_to_async(_take)(request, pk, download=True))


@require_safe
async def voice_audio(request: HttpRequest, pk: int) -> HttpResponseBase:
    return await send(request, await sync_to_async(_voice)(request, pk))


def file_name(take: Take) -> str:
    """Such as `skyline-line-02-take-07-seed-90412.flac`; a draft says so in its name."""
    draft = "-DRAFT" if take.is_draft else ""
    return (
        f"{take.project.slug}-line-{take.line.position:02}-take-{take.number:02}"
        f"{draft}-seed-{take.seed_used or take.seed}.flac"
    )


def _take(request: HttpRequest, pk: int, *, download: bool) -> Sound:
    try:
        take = get_take(actor(request), pk)
        if not take.is_done or not take.audio.name:
            raise Http404
        name = file_name(take) if download else ""
        return Sound(name=take.audio.name, mark=take.sha256, caching=FOR_EVER, download_as=name)
    finally:
        release_connections()


def _voice(request: HttpRequest, pk: int) -> Sound:
    try:
        voice = get_voice(actor(request), pk)
        if not voice.clip.name:
            raise Http404
        return Sound(name=voice.clip.name, mark=voice.sha256, caching=ASK_AGAIN)
    finally:
        release_connections()


async def send(request: HttpRequest, sound: Sound) -> HttpResponseBase:
    """The sound, or the part of it that was asked for."""
    try:
        size = await asyncio.to_thread(default_storage.size, sound.name)
    except FileNotFoundError as error:
        raise Http404 from error
    etag = f'"{sound.mark}"'
    part = ranges.answer(request.headers, size=size, etag=etag)
    response: HttpResponseBase
    if request.method == "HEAD" or part.status in {304, 416}:
        response = HttpResponse(status=part.status)
    else:
        response = StreamingHttpResponse(_pieces(sound.name, part), status=part.status)
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = sound.caching
    response["X-Content-Type-Options"] = "nosniff"
    if part.status == 304:
        del response["Content-Type"]
        return response
    response["Content-Type"] = sound.content_type
    response["Content-Length"] = str(part.length)
    response["Content-Disposition"] = (
        f'attachment; filename="{sound.download_as}"' if sound.download_as else "inline"
    )
    if part.content_range:
        response["Content-Range"] = part.content_range
    return response


async def _pieces(name: str, part: ranges.Answer) -> AsyncIterator[bytes]:
    # Opened here, not before: a listener who leaves before the first byte leaves no open file.
    file = await asyncio.to_thread(default_storage.open, name)
    try:
        await asyncio.to_thread(file.seek, part.start)
        left = part.length
        while left > 0:
            piece = await asyncio.to_thread(file.read, min(CHUNK, left))
            if not piece:
                break
            left -= len(piece)
            yield piece
    finally:
        file.close()
