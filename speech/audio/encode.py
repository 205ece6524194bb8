"""Writes sound: FLAC for what we keep, MP3 for what a provider must fetch. Files appear whole."""

from __future__ import annotations

import io
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import OutputContainer
from numpy.typing import NDArray

from speech.audio.decode import Samples

LAME_GAIN = 1 / 0.95
"""FFmpeg hands LAME samples scaled by 0.95 (measured: −0.445 dB); this takes it back."""
MP3_RATES = (24_000, 32_000, 44_100, 48_000)
MP3_BIT_RATE = 160_000
BLOCK = 1 << 16


def flac(samples: Samples, *, rate: int, tags: Mapping[str, str]) -> bytes:
    """16-bit FLAC. The same samples and tags give the same bytes (with one FFmpeg version)."""
    layout = "mono" if samples.shape[0] == 1 else "stereo"
    out = io.BytesIO()
    # Exact: no encoder name and no date, which would change the hash of the same sound.
    with av.open(out, "w", format="flac", options={"fflags": "+bitexact"}) as container:
        for key, value in sorted(tags.items()):
            container.metadata[_clean(key)] = _clean(value)
        stream = container.add_stream("flac", rate=rate)
        stream.layout, stream.format = layout, "s16"
        _encode(
            container,
            stream,
            [
                _frame(interleaved, "s16", layout, rate, start)
                for start, interleaved in _blocks(samples)
            ],
        )
    return out.getvalue()


def mp3(samples: Samples, *, rate: int) -> bytes:
    """A mono MP3 of 160 kbit/s, at `rate` where MP3 has it and it is at least 24 kHz."""
    target = rate if rate in MP3_RATES else 24_000 if rate < 24_000 else 48_000
    mono = samples.astype(np.float32).mean(axis=0, keepdims=True) / np.float32(32768)
    mono = resample(mono, rate, target) * np.float32(LAME_GAIN)
    out = io.BytesIO()
    with av.open(out, "w", format="mp3", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libmp3lame", rate=target)
        stream.layout, stream.bit_rate = "mono", MP3_BIT_RATE
        _encode(container, stream, [_frame(np.ascontiguousarray(mono), "fltp", "mono", target, 0)])
    return out.getvalue()


def resample(mono: NDArray[Any], rate: int, target: int) -> NDArray[Any]:
    """`mono` (shape 1 × frames, float32) at `target` samples a second, by FFmpeg's resampler."""
    if rate == target:
        return mono
    resampler = AudioResampler(format="fltp", layout="mono", rate=target)
    frame = _frame(np.ascontiguousarray(mono), "fltp", "mono", rate, 0)
    parts = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([part.to_ndarray() for part in parts], axis=1)


def store(data: bytes, target: Path, *, part_name: str) -> None:
    """`data` at `target`, whole or not at all; until then beside it as `part_name`.

    Not synced to the disk: this is a work file, and whoever copies it to where it stays syncs that.
    """
    part = target.with_name(part_name)
    target.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(data)
    part.replace(target)


def _encode(container: OutputContainer, stream: AudioStream, frames: list[AudioFrame]) -> None:
    stream.codec_context.flags |= Flags.bitexact
    for frame in [*frames, None]:
        container.mux(stream.encode(frame))


def _blocks(samples: Samples) -> list[tuple[int, NDArray[Any]]]:
    return [
        (start, np.ascontiguousarray(samples[:, start : start + BLOCK].T).reshape(1, -1))
        for start in range(0, samples.shape[1], BLOCK)
    ]


def _frame(values: NDArray[Any], form: str, layout: str, rate: int, start: int) -> AudioFrame:
    frame = AudioFrame.from_ndarray(values, format=form, layout=layout)
    frame.rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
    return frame


def _clean(text: str) -> str:
    """Comments are one line of printable text; FFmpeg would cut at a zero byte."""
    return "".join(mark if mark.isprintable() else " " for mark in text)
