"""What kind of sound file some bytes are, by their beginning; names and types say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

SoundKind = Literal["wav", "mp3", "flac", "ogg", "m4a", "webm"]

HEAD_BYTES = 16
"""As many bytes as `sniff` looks at."""

CONTENT_TYPES: Mapping[SoundKind, str] = MappingProxyType(
    {
        "wav": "audio/wav",
        "mp3": "audio/mpeg",
        "flac": "audio/flac",
        "ogg": "audio/ogg",
        "m4a": "audio/mp4",
        "webm": "audio/webm",
    }
)
EXTENSIONS: Mapping[SoundKind, str] = MappingProxyType({kind: f".{kind}" for kind in CONTENT_TYPES})

MARKS: tuple[tuple[SoundKind, int, bytes], ...] = (
    ("flac", 0, b"fLaC"),
    ("ogg", 0, b"OggS"),
    ("m4a", 4, b"ftyp"),
    ("webm", 0, b"\x1a\x45\xdf\xa3"),
    ("mp3", 0, b"ID3"),
)


def sniff(head: bytes) -> SoundKind | None:
    """The kind of sound file that starts with `head`, or None.

    A hint for names and early refusals only: whether there is sound in it, the decoder says.
    """
    if head[:4] in {b"RIFF", b"RF64", b"BW64"}:
        return "wav" if head[8:12] == b"WAVE" else None
    for kind, start, mark in MARKS:
        if head.startswith(mark, start):
            return kind
    return "mp3" if _is_mp3_frame(head) else None


def _is_mp3_frame(head: bytes) -> bool:
    """A valid MPEG audio layer III header: sync, version, layer, bit rate and sample rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, sample_rate = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer == 1 and bit_rate not in {0, 15} and sample_rate != 3
