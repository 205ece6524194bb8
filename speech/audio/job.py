"""What goes into the confined child and what comes out, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

Kind = Literal["take", "reference"]

MAX_SECONDS = 600.0
MAX_BYTES = 64 * 1024 * 1024
PEAK_BUCKETS = 800


@dataclass(frozen=True, kw_only=True)
class AudioJob:
    """One file to read and measure, and optionally to keep."""

    source: Path
    kind: Kind = "take"
    store_as: Path | None = None
    """Where the 16-bit FLAC goes, at the sound's own rate. The file is complete or absent."""
    reference_mp3: Path | None = None
    """Where a mono MP3 of at least 24 kHz goes, for a provider that takes no FLAC."""
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Comments written into the FLAC, for example an honest label."""
    max_seconds: float = MAX_SECONDS
    max_bytes: int = MAX_BYTES

    def as_dict(self) -> dict[str, Any]:
        return {
            "source": str(self.source),
            "kind": self.kind,
            "store_as": str(self.store_as) if self.store_as else None,
            "reference_mp3": str(self.reference_mp3) if self.reference_mp3 else None,
            "tags": dict(self.tags),
            "max_seconds": self.max_seconds,
            "max_bytes": self.max_bytes,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> AudioJob:
        paths = {
            name: Path(raw[name]) if raw[name] else None for name in ("store_as", "reference_mp3")
        }
        return cls(**{**raw, **paths, "source": Path(raw["source"])})


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a sound is. Times in seconds, levels in dB; describes the 16-bit form that is kept."""

    duration: float
    sample_rate: int
    channels: int
    codec: str
    """Of the source file: "mp3", "aac", "opus", "pcm_s16le", …"""
    container: str
    """Of the source file: "wav", "mp3", "flac", "ogg", "m4a", "webm", or FFmpeg's own word."""
    sha256: str
    """Of the FLAC that was stored, or of the source where nothing was."""
    bytes: int
    """Size of the file that `sha256` names."""
    lufs: float | None
    """Integrated loudness (EBU R128); None for silence and for sounds under 0.4 s."""
    true_peak_db: float | None
    """dBTP; None for digital silence."""
    peaks: str
    """Base64 of 800 pairs of signed bytes: the lowest and highest sample of each 800th, × 127."""
    leading_silence: float
    trailing_silence: float
    """Both equal `duration` where nothing rises above the floor of 0.01."""
    longest_hole: float
    """The longest stretch below 0.01 between two sounds; the ends do not count."""
    rms: float
    clipped_runs: int
    """How often three or more samples in a row stand at full scale."""
    loud_tail: bool
    """The last 50 ms are as loud as speech: it may stop in the middle of a word."""
    truncated: bool
    """The file promises more sound than it holds."""
    pitch_hz: float | None = None
    """Reference clips only: median F0; None where no steady pitch was found."""
    voiced_share: float | None = None
    """Reference clips only: voiced part of the active part, 0 to 1."""
    snr_db: float | None = None
    """Reference clips only: typical active level above the quietest tenth, at most 80."""
    speech_share: float | None = None
    """Reference clips only: active part of the whole, 0 to 1."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Measured:
        """The inverse of `as_dict`; names it does not know are ignored (older rows)."""
        known = {item.name for item in fields(cls)}
        return cls(**{name: value for name, value in raw.items() if name in known})


def too_many_bytes(most: int) -> str:
    """The sentence for a file that is larger than `most` bytes."""
    return f"This file is larger than {most / 1024 / 1024:.0f} MB."
