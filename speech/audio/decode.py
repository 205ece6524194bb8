"""Reads hostile bytes into samples. Runs only in the confined child.

Three fences stand between a file and the network: formats that refer to other files are not on
the list, no protocol is on the list, and the opener for nested files refuses. The buffer has no
name, because FFmpeg picks a demuxer by the name's ending too (a buffer named `*.m3u8` is a
playlist, and its addresses are fetched). The decoder lists are spelled out: no wildcards there.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Any, NoReturn

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from speech.audio.sniff import HEAD_BYTES, sniff
from speech.errors import AudioTooBig, NotAudio

Samples = NDArray[np.int16]
"""Shape (channels, frames)."""

FORMATS = "wav,mp3,mov,mp4,m4a,ogg,flac,matroska,webm,aac,aiff,w64"
PCM = (
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_s8,pcm_u8,"
    "pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_alaw,pcm_mulaw"
)
CODECS = f"{PCM},mp3,mp3float,aac,alac,opus,libopus,vorbis,flac"
CODEC_NAMES = {"mp3float": "mp3", "libopus": "opus"}

LOWEST_RATE, HIGHEST_RATE = 8_000, 192_000
MOST_CHANNELS = 8
MOST_VALUES = 600 * 48_000 * 2
"""Ten minutes of 48 kHz stereo: 115 MB of memory, whatever rate and channels a file claims."""
FLUSH_AT = 1 << 18
WAV_PROBE = "4096"
"""Bytes of samples to look through before decoding, at most."""
UNMET_CLAIM = 0.25

UNREADABLE = (
    "This file holds no sound we can read. Try a WAV, MP3, M4A, OGG, WebM or FLAC file;"
    " if it is one, it may be damaged or cut off."
)


@dataclass(frozen=True, kw_only=True)
class Sound:
    """Decoded sound: 16 bits, one or two channels, and what the file said about itself."""

    samples: Samples
    rate: int
    codec: str
    container: str
    truncated: bool

    @property
    def seconds(self) -> float:
        return float(self.samples.shape[1] / self.rate)


def decode(data: bytes, *, max_seconds: float) -> Sound:
    """The sound in `data`. Raises `NotAudio`, or `AudioTooBig` past `max_seconds`."""
    if not data:
        raise NotAudio("This file is empty.")
    try:
        with _open(data) as container:
            return _read(container, data, max_seconds)
    except (av.FFmpegError, ValueError, LookupError, OverflowError) as error:
        raise NotAudio(UNREADABLE) from error


def _open(data: bytes) -> InputContainer:
    options = {
        "format_whitelist": FORMATS,
        "protocol_whitelist": "none",
        "codec_whitelist": CODECS,
        "max_streams": "8",
    }
    if sniff(data[:HEAD_BYTES]) == "wav":
        # Its head says all there is to know; FFmpeg would look through the samples all the same,
        # which took longer than to decode and to measure them.
        options["probesize"] = WAV_PROBE
    return av.open(
        io.BytesIO(data),
        mode="r",
        options=options,
        metadata_errors="replace",
        timeout=(5, 5),
        io_open=_refuse_nested,
    )


def _refuse_nested(*_: Any) -> NoReturn:
    raise PermissionError("a sound file may not open another")


def _read(container: InputContainer, data: bytes, max_seconds: float) -> Sound:
    if not container.streams.audio:
        raise NotAudio("There is no sound in this file.")
    stream = container.streams.audio[0]
    name = stream.codec_context.name
    if name not in CODECS.split(","):
        raise NotAudio(UNREADABLE)
    _check_shape(stream.codec_context.rate, stream.codec_context.channels)
    collected = _Collector(max_seconds)
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue  # a damaged packet; what is missing shows in the length
        for frame in frames:
            collected.add(frame)
    samples = collected.finish()
    kind = sniff(data[:HEAD_BYTES])
    claimed = _claimed_seconds(container, stream, data)
    return Sound(
        samples=samples,
        rate=collected.rate,
        codec=CODEC_NAMES.get(name, name),
        container=kind or container.format.name.split(",")[0],
        truncated=_riff_is_cut(data)
        or (claimed is not None and claimed - samples.shape[1] / collected.rate > UNMET_CLAIM),
    )


class _Collector:
    """Gathers frames as 16-bit samples, in bounded memory, and refuses what grows too long.

    16 bits at once, not at the end: half the memory, and what is measured is what is stored.
    """

    def __init__(self, max_seconds: float) -> None:
        self.max_seconds = max_seconds
        self.rate = 0
        self.channels = 0
        self._frames = 0
        self._resampler: AudioResampler | None = None
        self._pending: list[NDArray[Any]] = []
        self._pending_frames = 0
        self._done: list[Samples] = []

    def add(self, frame: AudioFrame) -> None:
        if not self.rate:
            _check_shape(frame.rate, frame.layout.nb_channels)
            self.rate, self.channels = frame.rate, frame.layout.nb_channels
            if self.channels > 2 or frame.format.name != "fltp":
                layout = "stereo" if self.channels > 2 else frame.layout
                self._resampler = AudioResampler(format="fltp", layout=layout, rate=self.rate)
        if (frame.rate, frame.layout.nb_channels) != (self.rate, self.channels):
            raise NotAudio("This file changes its sample rate or channels halfway.")
        self._frames += frame.samples
        seconds = self._frames / self.rate
        if seconds > self.max_seconds or self._frames * min(self.channels, 2) > MOST_VALUES:
            limit = _spoken(min(seconds, self.max_seconds))
            raise AudioTooBig(f"This sound is longer than {limit}, the most we take.")
        self._pending += [part.to_ndarray() for part in self._convert(frame)]
        self._pending_frames += frame.samples
        if self._pending_frames > FLUSH_AT:
            self._flush()

    def finish(self) -> Samples:
        if self._resampler:
            self._pending += [part.to_ndarray() for part in self._resampler.resample(None)]
        self._flush()
        if not self._done or not (samples := np.concatenate(self._done, axis=1)).size:
            raise NotAudio(UNREADABLE)
        return samples

    def _convert(self, frame: AudioFrame) -> list[AudioFrame]:
        return self._resampler.resample(frame) if self._resampler else [frame]

    def _flush(self) -> None:
        if self._pending:
            self._done.append(to_int16(np.concatenate(self._pending, axis=1)))
        self._pending, self._pending_frames = [], 0


def to_int16(samples: NDArray[Any]) -> Samples:
    """Float samples (full scale 1.0) as 16 bits; what was 16 bits before comes back exactly."""
    whole = np.nan_to_num(samples.astype(np.float32), nan=0.0) * np.float32(32768)
    rounded: Samples = np.rint(np.clip(whole, -32768, 32767)).astype(np.int16)
    return rounded


def _check_shape(rate: int, channels: int) -> None:
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise NotAudio(
            f"This file says that it has {rate} samples a second; we read 8000 to 192,000."
        )
    if not 1 <= channels <= MOST_CHANNELS:
        raise NotAudio(f"This file says that it has {channels} channels; we read 1 to 8.")


def _claimed_seconds(container: InputContainer, stream: AudioStream, data: bytes) -> float | None:
    """How long the file says it is, where it says so itself and FFmpeg does not merely guess."""
    if container.format.name in {"mp3", "aac"} and not _has_mp3_length(data):
        return None
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration is not None else None


def _has_mp3_length(data: bytes) -> bool:
    start = 0
    if data[:3] == b"ID3" and len(data) > 10:
        start = 10 + sum((data[6 + i] & 0x7F) << 7 * (3 - i) for i in range(4))
    head = data[start : start + 256]
    return any(mark in head for mark in (b"Xing", b"Info", b"VBRI"))


def _riff_is_cut(data: bytes) -> bool:
    """A WAV whose header promises more than the file holds; 0 and all ones mean "not known"."""
    if data[:4] != b"RIFF" or len(data) < 12:
        return False
    claimed = int(struct.unpack_from("<I", data, 4)[0])
    return claimed not in {0, 0xFFFFFFFF} and claimed + 8 > len(data) + 1


def _spoken(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes"
