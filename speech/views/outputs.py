"""Sound behind a signed address, for players and servers that have no key.

The address is the right: whoever holds it may hear the one sound that it names, until it is over.
"""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from speech.queries import addresses
from speech.queries.changes import release_connections
from speech.views import media

A_WHILE = "private, max-age=3600"


@login_not_required
@require_safe
async def api_output(request: HttpRequest, token: str) -> HttpResponseBase:
    return await media.send(request, await sync_to_async(_output)(token))


@login_not_required
@require_safe
async def api_clip(request: HttpRequest, token: str) -> HttpResponseBase:
    return await media.send(request, await sync_to_async(_clip)(token))


def _output(token: str) -> media.Sound:
    try:
        take = addresses.take_at(token)
        if take is None:
            raise Http404
        return media.Sound(name=take.audio.name or "", mark=take.sha256, caching=A_WHILE)
    finally:
        release_connections()


def _clip(token: str) -> media.Sound:
    try:
        voice = addresses.clip_at(token)
        if voice is None:
            raise Http404
        return media.Sound(
            name=voice.clip_mp3.name or "", mark=f"{voice.sha256}-mp3", caching=A_WHILE,
            content_type="audio/mpeg",
        )  # fmt: skip
    finally:
        release_connections()
