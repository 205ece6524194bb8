"""Sounds made at test time: tones, a stand-in for a voice, and files of every upload format."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

UPLOADS = ("wav", "mp3", "m4a", "ogg", "webm", "flac")
WRITERS = {
    "wav": ("wav", "pcm_s16le", "s16"),
    "mp3": ("mp3", "libmp3lame", "fltp"),
    "m4a": ("ipod", "aac", "fltp"),
    "ogg": ("ogg", "libopus", "flt"),
    "webm": ("webm", "libopus", "flt"),
    "flac": ("flac", "flac", "s16"),
}

Wave = NDArray[np.float32]
"""Shape (channels, frames), full scale 1.0."""


def tone(
    seconds: float, *, rate: int = 24_000, hz: float = 997, peak: float = 0.3, channels: int = 1
) -> Wave:
    time = np.arange(round(seconds * rate)) / rate
    wave = (peak * np.sin(2 * np.pi * hz * time)).astype(np.float32)
    return np.tile(wave, (channels, 1))


def silence(seconds: float, *, rate: int = 24_000) -> Wave:
    return np.zeros((1, round(seconds * rate)), np.float32)


def voice(seconds: float, *, rate: int = 24_000, hz: float = 130, noise: float = 0.0002) -> Wave:
    """A buzz of falling harmonics in syllables with pauses, over a little noise."""
    time = np.arange(round(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * hz * n * time + n) / n for n in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 1.7 * time) + 0.6, 0, 1)
    hiss = np.random.default_rng(7).standard_normal(time.size) * noise
    return (0.12 * buzz * syllables + hiss).astype(np.float32)[None]


def encoded(wave: Wave, kind: str, *, rate: int = 24_000, live: bool = False) -> bytes:
    """A file of `kind`; `live` as a browser's recorder writes it, without a length."""
    container, codec, form = WRITERS[kind]
    layout = "mono" if wave.shape[0] == 1 else "stereo"
    values: NDArray[Any] = wave
    if form == "s16":
        values = np.rint(np.clip(wave * 32768, -32768, 32767)).astype(np.int16)
    if not form.endswith("p"):
        values = values.T.reshape(1, -1)
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(values), format=form, layout=layout)
    frame.rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    out = io.BytesIO()
    options = {"live": "1"} if live else {}
    with av.open(out, "w", format=container, options=options) as file:
        stream = file.add_stream(codec, rate=48_000 if codec == "libopus" else rate)
        assert isinstance(stream, AudioStream)
        stream.layout = layout
        for one in (frame, None):
            file.mux(stream.encode(one))
    return out.getvalue()


def decoded(data: bytes) -> tuple[Wave, int]:
    with av.open(io.BytesIO(data), "r") as file:
        frames = list(file.decode(audio=0))
    whole = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
    return whole.astype(np.float32), frames[0].rate
