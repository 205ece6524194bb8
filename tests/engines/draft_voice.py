"""What the draft tests share: asking for a take, and measuring what came."""

from __future__ import annotations

import hashlib
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speech.audio.measure import levels
from speech.engines.base import Result, SpeechRequest, Submitted
from speech.engines.draft import DraftEngine

PLAIN = "The quick brown fox jumps over the lazy dog, and then it sleeps in the warm sun all day."


@dataclass(frozen=True, kw_only=True)
class Take:
    path: Path
    result: Result

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @property
    def rate(self) -> int:
        with wave.open(str(self.path)) as sound:
            return int(sound.getframerate())

    @property
    def samples(self) -> NDArray[np.float32]:
        with wave.open(str(self.path)) as sound:
            raw = sound.readframes(sound.getnframes())
        return (np.frombuffer(raw, "<i2") / 32768).astype(np.float32)

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    @property
    def lufs(self) -> float | None:
        """Integrated loudness as FFmpeg measures it."""
        return levels((self.samples * 32768).astype(np.int16).reshape(1, -1), self.rate).lufs

    @property
    def spoken(self) -> list[str]:
        return [word.word for word in self.result.words]

    def between(self, start: float, end: float) -> NDArray[np.float32]:
        return self.samples[int(start * self.rate) : int(end * self.rate)]


def asked(text: str, *, ref: str = "job-1", seed: int = 7, **more: Any) -> SpeechRequest:
    """A request; `more` holds reference fields, and tuning knobs by name."""
    reference = {name: more.pop(name) for name in tuple(more) if name.startswith("reference_")}
    return SpeechRequest(ref=ref, text=text, seed=seed, params=more, **reference)


async def take(engine: DraftEngine, into: Path, text: str = PLAIN, **more: Any) -> Take:
    """One take, all the way: submitted, asked for, fetched to `into`."""
    submitted: Submitted = await engine.submit(asked(text, **more))
    result = await engine.result(submitted)
    await engine.fetch(submitted, result, into)
    return Take(path=into, result=result)


def pitch(samples: NDArray[np.float32], rate: int) -> float:
    """Median F0 in Hz by plain autocorrelation: the test's own measure. 0 if nothing is voiced."""
    frame, shortest, longest = int(0.04 * rate), rate // 450, rate // 60
    found: list[float] = []
    for start in range(0, len(samples) - 2 * frame, frame):
        window = samples[start : start + 2 * frame].astype(np.float64)
        if np.sqrt(np.mean(window**2)) < 0.3 * np.sqrt(np.mean(samples**2)):
            continue
        alike = np.correlate(window, window[:frame], "valid")[:frame]
        squares = np.concatenate(([0.0], np.cumsum(window**2)))
        power = squares[frame : 2 * frame] - squares[:frame]
        alike = alike / np.sqrt(power * power[0] + 1e-12)
        best = float(alike[shortest:longest].max())
        if best < 0.6:
            continue
        near = np.flatnonzero(alike[shortest:longest] > 0.92 * best)
        run = near[: int(np.argmax(np.diff(near, append=longest * 2) > 1)) + 1] + shortest
        found.append(rate / float(run[np.argmax(alike[run])]))
    return float(np.median(found)) if found else 0.0
