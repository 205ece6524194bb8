"""Sound files whose bytes depend on the seed: tones with a pause, 24 kHz mono."""

from __future__ import annotations

import io
import math
import struct
from array import array
from functools import lru_cache

import av
from av.audio.stream import AudioStream

RATE = 24_000
CODECS = {"mp3": ("mp3", "libmp3lame"), "flac": ("flac", "flac"), "ogg": ("ogg", "libopus")}
CONTENT_TYPES = {
    "wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac", "ogg": "audio/ogg",
}  # fmt: skip


@lru_cache(maxsize=64)
def sound(*, seed: int, seconds: float, kind: str) -> bytes:
    wav = _wav(_samples(seed, seconds), seed)
    return wav if kind == "wav" else _encoded(wav, *CODECS[kind])


def _samples(seed: int, seconds: float) -> bytes:
    period = 60 + seed % 97
    loud = 4000 + seed // 97 % 9000
    wave = array("h", (int(loud * math.sin(2 * math.pi * i / period)) for i in range(period)))
    word = wave.tobytes() * (RATE // 4 // period)
    pause = bytes(2 * RATE // 12)
    wanted = 2 * int(RATE * seconds)
    return ((word + pause) * (wanted // len(word + pause) + 1))[:wanted]


def _wav(samples: bytes, seed: int) -> bytes:
    note = f"seed {seed:012d}".ljust(18).encode()
    chunks = (
        b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE, RATE * 2, 2, 16)
        + b"LIST" + struct.pack("<I", 12 + len(note)) + b"INFOICMT"
        + struct.pack("<I", len(note)) + note
        + b"data" + struct.pack("<I", len(samples)) + samples
    )  # fmt: skip
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def _encoded(wav: bytes, container: str, codec: str) -> bytes:
    out = io.BytesIO()
    with (
        av.open(io.BytesIO(wav), mode="r") as source,
        av.open(out, mode="w", format=container) as target,
    ):
        rate = 48_000 if codec == "libopus" else RATE
        stream = target.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, AudioStream)
        resampler = av.AudioResampler(
            format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size or 4096
        )
        for frame in [*source.decode(audio=0), None]:
            for piece in resampler.resample(frame):
                target.mux(stream.encode(piece))
        target.mux(stream.encode(None))
    return out.getvalue()
