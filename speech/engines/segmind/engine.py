"""The engine: submit, status, result, fetch; and, beside them, clips and the balance."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from speech import wire
from speech.audio.sniff import sniff
from speech.engines.addresses import Resolver, check_url, origin_of
from speech.engines.answers import Answer
from speech.engines.base import Phase, Progress, Result, SpeechRequest, Submitted
from speech.engines.doors import Doors
from speech.engines.download import download
from speech.engines.http import Api, Redactor
from speech.engines.segmind import outcomes
from speech.engines.segmind.settings import SegmindSettings
from speech.errors import (
    AudioError,
    BlockedAddress,
    BrokenAnswer,
    NotAccepted,
    NotAudio,
    OutcomeUnknown,
    Refused,
    TryLater,
)

Body = TypeVar("Body")

OUTPUT_KINDS = frozenset({"wav", "mp3", "flac", "ogg"})


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What the account has left, in US dollars."""

    credits: float
    free_credits: float


class SegmindEngine:
    """`speech.engines.base.Engine` over Segmind's v2 protocol. Belongs to one event loop."""

    key = "segmind"
    version = "chatterbox-turbo-tts/v2"
    resubmit_is_free = False

    def __init__(
        self,
        settings: SegmindSettings,
        *,
        resolver: Resolver | None = None,
        post_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._resolver = resolver
        self._redact = Redactor(settings.api_key)
        self._doors = Doors()
        self._api = Api(
            provider="Segmind",
            header=wire.KEY_HEADER,
            key=settings.api_key,
            origins=settings.key_origins,
            post_timeouts=settings.post_timeouts,
            get_timeouts=settings.get_timeouts,
            post_connections=settings.post_connections,
            get_connections=settings.get_connections,
            post_transport=post_transport,
        )

    async def submit(self, request: SpeechRequest) -> Submitted:
        """One POST, which may cost money. Only `NotAccepted` and `RateLimited` may be repeated."""
        payload = wire.request_body(
            text=request.text,
            reference_audio=request.reference_url,
            seed=request.seed,
            tuning=request.params,
        )
        settings = self._settings
        answer = await self._api.post(settings.base + wire.submit_path(settings.slug), payload)
        if not 200 <= answer.status < 300:
            raise outcomes.submit_error(answer, self._redact)
        try:
            body = wire.SubmitBody.parse(wire.decode(answer.body))
        except wire.WireError as error:
            raise outcomes.in_doubt(
                "Segmind's answer carries no request id.",
                code="no_request_id",
                status=answer.status,
            ) from error
        return Submitted(
            request_id=body.request_id,
            status_url=body.status_url,
            response_url=body.response_url,
            # A job that failed at once says so, with its reason, at the first poll.
            phase=_phase(body.status) or Phase.QUEUED,
        )

    async def status(self, submitted: Submitted) -> Progress:
        """Where the job stands. `GenerationFailed` if it failed, under 422 as under 200."""
        path = wire.status_path(submitted.request_id)
        answer = await self._api.get(self._own(submitted.status_url, path))
        body = self._read(answer, wire.StatusBody.parse)
        phase = _phase(body.status)
        if phase is None:
            raise outcomes.failed(body.error, self._redact, status=answer.status)
        return Progress(phase=phase, metrics=body.metrics.raw)

    async def result(self, submitted: Submitted) -> Result:
        """Where the audio is and what it cost. `TryLater` before the job is done."""
        path = wire.result_path(submitted.request_id)
        answer = await self._api.get(self._own(submitted.response_url, path))
        body = self._read(answer, wire.ResultBody.parse)
        phase = _phase(body.status)
        if phase is None:
            raise outcomes.failed(body.error, self._redact, status=answer.status)
        if phase is not Phase.COMPLETED:
            raise TryLater("Segmind has not finished this take yet.", code="not_ready")
        if not body.output_url:
            raise BrokenAnswer(
                "Segmind finished this take but named no audio file."
                " The take has probably been charged.",
                code="no_output",
                status=answer.status,
            )
        metrics = body.metrics
        return Result(
            output_url=body.output_url,
            seed=body.seed,
            cost=metrics.cost,
            remaining_credits=metrics.remaining_credits,
            inference_time=metrics.inference_time,
            queue_time=metrics.queue_time,
            total_time=metrics.total_time,
            metrics=metrics.raw,
        )

    async def fetch(self, submitted: Submitted, result: Result, into: Path) -> None:
        """Store the audio at `into`.

        `BrokenAnswer` where trying again cannot help (too big, a forbidden address); `Refused`
        where the server gave something else than sound, which a storage host does for a moment
        now and then: worth a few tries, because the take is paid for.
        """
        settings = self._settings
        try:
            await download(
                result.output_url,
                into,
                max_bytes=settings.max_audio_bytes,
                timeout=settings.download_seconds,
                trusted_origins=settings.trusted,
                resolver=self._resolver,
                accept=OUTPUT_KINDS,
                sniff=sniff,
                doors=self._doors,
            )
        except (BlockedAddress, AudioError) as error:
            kind = Refused if isinstance(error, NotAudio) else BrokenAnswer
            raise kind(
                f"Segmind made this take, but its audio cannot be kept. {error.sentence}",
                code=error.code,
            ) from error

    async def balance(self) -> Balance:
        """What is left on the account; costs nothing. Errors as for any read."""
        answer = await self._api.get(self._settings.base + wire.CREDITS_PATH)
        body = self._read(answer, wire.CreditsBody.parse)
        return Balance(credits=body.credits, free_credits=body.free_credits)

    async def upload_clip(self, path: Path, content_type: str) -> str:
        """The public address of a copy of `path` at the provider. Free, so safe to repeat.

        The provider takes mp3 (`audio/mpeg`). Raises `TryLater`, `Refused`, `RateLimited`,
        `SubmitsPaused` or `BrokenAnswer`.
        """
        limit = self._settings.max_clip_bytes
        data_url = await asyncio.to_thread(_data_url, path, content_type, limit)
        try:
            body = wire.UploadRequest(data_urls=(data_url,)).dump()
            answer = await self._api.post(self._settings.upload, body)
            if not 200 <= answer.status < 300:
                raise outcomes.submit_error(answer, self._redact)
        except (NotAccepted, OutcomeUnknown) as error:
            raise TryLater(
                "The clip could not be handed to Segmind's storage. It will be tried again.",
                code=error.reason,
                status=error.status,
                retry_at=error.retry_at,
            ) from error
        try:
            url = wire.UploadBody.parse(wire.decode(answer.body)).file_urls[0]
            if origin_of(url) not in self._settings.trusted:
                check_url(url)
        except (wire.WireError, BlockedAddress) as error:
            raise BrokenAnswer(
                "Segmind's storage took the clip but named no public address for it.",
                code="no_file_url",
                status=answer.status,
            ) from error
        return url

    async def aclose(self) -> None:
        await self._api.aclose()
        await self._doors.aclose()

    def _own(self, url: str, path: str) -> str:
        """`url` if it is on the configured origin, else the address derived from the id."""
        try:
            if url and origin_of(url) == self._settings.base_origin:
                return url
        except BlockedAddress:
            pass
        return self._settings.base + path

    def _read(self, answer: Answer, parse: Callable[[object], Body]) -> Body:
        """The body of a read; a 422 is read too, because a failed job is served under it."""
        if answer.status != 422 and not 200 <= answer.status < 300:
            raise outcomes.read_error(answer, self._redact)
        try:
            data = wire.decode(answer.body)
            if answer.status == 422 and isinstance(data, dict):
                # Whatever else it says, a 422 means that the job ran and failed.
                data = {**data, "status": "FAILED"}
            return parse(data)
        except wire.WireError as error:
            raise TryLater(
                "Segmind's answer could not be read. It will be asked again.",
                code="garbled",
                status=answer.status,
            ) from error


def _phase(word: wire.StatusWord) -> Phase | None:
    """The phase for a state, None for a failed job."""
    return None if word is wire.StatusWord.FAILED else Phase(word.value)


def _data_url(path: Path, content_type: str, limit: int) -> str:
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise Refused(f"The clip is bigger than {limit / 1_000_000:g} MB.", code="too_large")
    return f"data:{content_type};base64,{base64.b64encode(data).decode('ascii')}"
