"""What an engine is: `submit → status → fetch`, with capabilities.

Rule: `submit` may cost money and is called once for each claim; `status` and `fetch` are reads
and may be called for ever. Every failure is an `EngineError` subclass (`speech.errors`), and its
type alone says whether the request may be sent again. Engines get their settings injected, know
no Django and do not know each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol


class Phase(StrEnum):
    """Where a request stands upstream, in the provider's own words."""

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"


@dataclass(frozen=True, kw_only=True)
class SpeechRequest:
    """One take to be made. `params` holds the six tuning knobs (see `speech.params.TUNING`)."""

    ref: str
    """Our own id for this job; unique, used for file names and logs, never sent upstream."""
    text: str
    seed: int
    """Positive: the studio draws it, so that a take can be asked for again."""
    params: Mapping[str, Any]
    reference_url: str = ""
    """Public address of the clip; empty where the engine needs none."""
    reference_pitch_hz: float | None = None
    """Median F0 of the clip in Hz (draft engine); None if unknown."""
    reference_lufs: float | None = None


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """The request was accepted."""

    request_id: str
    status_url: str = ""
    response_url: str = ""
    phase: Phase = Phase.QUEUED


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One answer to a status poll. A failed job raises `GenerationFailed` instead."""

    phase: Phase
    metrics: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WordTime:
    """One spoken word: where it stands in the text (characters) and in the sound (seconds)."""

    word: str
    start: float
    end: float
    position: int
    length: int


@dataclass(frozen=True, kw_only=True)
class Result:
    """The final answer: where the audio is, and what it cost. Times in seconds, cost in USD."""

    output_url: str = ""
    """Where the audio can be fetched (remote engines)."""
    seed: int | None = None
    cost: float | None = None
    remaining_credits: float | None = None
    inference_time: float | None = None
    queue_time: float | None = None
    total_time: float | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    words: tuple[WordTime, ...] = ()
    warnings: tuple[str, ...] = ()


class Engine(Protocol):
    """The one protocol. All methods are coroutines and raise only `EngineError` subclasses."""

    key: str
    version: str
    resubmit_is_free: bool
    """True where sending a request twice costs nothing, so a lost submit is simply repeated."""

    async def submit(self, request: SpeechRequest) -> Submitted: ...

    async def status(self, submitted: Submitted) -> Progress: ...

    async def result(self, submitted: Submitted) -> Result: ...

    async def fetch(self, submitted: Submitted, result: Result, into: Path) -> None:
        """Store the audio's bytes at `into` (size-capped). The file is complete or absent."""
        ...

    async def aclose(self) -> None: ...
