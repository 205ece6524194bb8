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


def sniff(head: bytes) -> SoundKind | None:
    """The kind of sound file that starts with `head`, or None.

    A hint for names and early refusals only: whether there is sound in it, the decoder says.
    """
    if head[:4] in {b"RIFF", b"RF64", b"BW64"} and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"fLaC":
        return "flac"
    if head[:4] == b"OggS":
        return "ogg"
    if head[4:8] == b"ftyp":
        return "m4a"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "webm"
    if head[:3] == b"ID3" or _is_mp3_frame(head):
        return "mp3"
    return None


def _is_mp3_frame(head: bytes) -> bool:
    """A valid MPEG audio layer III header: sync, version, layer, bit rate and sample rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, sample_rate = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer == 1 and bit_rate not in {0, 15} and sample_rate != 3
