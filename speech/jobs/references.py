"""The reference clip as the provider can fetch it: typed addresses as they are, stored clips
pushed to the provider's storage once and remembered."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from django.conf import settings
from django.db.models import QuerySet

from speech.engines.base import Engine, SpeechRequest
from speech.errors import Refused
from speech.jobs.ledger import Ledger
from speech.jobs.work import Work
from speech.models import ProviderClip, Voice


@runtime_checkable
class PublishesClips(Protocol):
    async def upload_clip(self, path: Path, content_type: str) -> str: ...


class References:
    """One for each driver slice: a clip that many takes need is pushed once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._locks: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def public(self, work: Work, engine: Engine) -> SpeechRequest:
        """The request with an address that the provider can fetch."""
        request = work.request
        if request.reference_url or not isinstance(engine, PublishesClips):
            return request
        if work.voice_id is None:
            raise Refused(
                "The voice of this take was deleted, so there is no clip to send."
                " Nothing was charged.",
                code="voice_deleted",
            )
        async with self._locks[work.voice_id]:
            url = await self._ledger.run(lambda: known_url(work)) or await self._push(work, engine)
        return replace(request, reference_url=url)

    async def _push(self, work: Work, engine: PublishesClips) -> str:
        data = await self._ledger.run(lambda: _clip_bytes(work))
        with tempfile.NamedTemporaryFile(suffix=".mp3", dir=settings.WORK_DIR) as file:
            file.write(data)
            file.flush()
            url = await engine.upload_clip(Path(file.name), "audio/mpeg")
        await self._ledger.run(lambda: _remember(work, url))
        return url


def provider_key() -> str:
    """Clips are remembered for each server: another base URL is another storage."""
    return str(settings.SEGMIND_BASE_URL)


def known_url(work: Work) -> str:
    return _pushed(work).values_list("url", flat=True).first() or ""


def forget(work: Work) -> bool:
    """The provider blamed the clip: push it again with the next take. True if there was one."""
    return bool(_pushed(work).delete()[0])


def _pushed(work: Work) -> QuerySet[ProviderClip]:
    return ProviderClip.objects.filter(
        voice=work.voice_id, provider=provider_key(), sha256=work.reference_sha256
    )


def _clip_bytes(work: Work) -> bytes:
    voice = Voice.objects.filter(pk=work.voice_id or 0).first()
    if voice is None or not voice.clip_mp3:
        raise Refused(
            "The voice of this take has no clip any more. Nothing was charged.",
            code="voice_deleted",
        )
    if voice.sha256 != work.reference_sha256:
        raise Refused(
            "The voice's clip was replaced after this take was asked for. Generate it anew to use"
            " the new clip. Nothing was charged.",
            code="voice_changed",
        )
    with voice.clip_mp3.open("rb") as file:
        return bytes(file.read())


def _remember(work: Work, url: str) -> None:
    voice = Voice.objects.filter(pk=work.voice_id or 0).first()
    if voice is None:
        return  # deleted meanwhile; the address still serves this one take
    ProviderClip.objects.update_or_create(
        voice=voice,
        provider=provider_key(),
        sha256=work.reference_sha256,
        defaults={"url": url},
    )
