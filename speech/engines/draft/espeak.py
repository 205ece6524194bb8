"""espeak-ng behind ctypes: text in, samples and word events out. Loaded in the child only.

Facts (espeak-ng 1.52.0, measured): output is 22 050 Hz, 16 bit, mono; it seeds itself from the
clock unless told otherwise right after the start; the size of a text is its bytes and the closing
zero (more reads past the end); a word event gives a 1-based character and a sample. This file
alone touches the GPL library.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from speech.engines.draft.problems import NotSpeakable, TooLong

SYNCHRONOUS = 2
DONT_EXIT = 0x8000
TEXT_IS_UTF8 = 1  # and nothing else: never the SSML (0x10) or phoneme (0x100) flag
RATE, VOLUME, PITCH, RANGE = 1, 2, 3, 4
WORD, CLAUSE_END = 1, 5


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How to say it, in espeak-ng's own units: pitch and range 0-99, rate in words a minute."""

    voice: str
    pitch: int
    rate: int
    range: int


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """What came out: raw 16-bit samples, and (0-based character, sample) of each word event."""

    samples: bytes
    words: tuple[tuple[int, int], ...]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Espeak:
    """One running espeak-ng. At most one in a process, and one thread at a time."""

    def __init__(self, *, seed: int) -> None:
        library, data = _where()
        try:
            self._lib = ctypes.CDLL(library)
        except OSError as error:
            raise NotSpeakable("espeak-ng cannot be loaded on this platform") from error
        self.sample_rate = int(
            self._lib.espeak_Initialize(SYNCHRONOUS, 0, data.encode(), DONT_EXIT)
        )
        if self.sample_rate <= 0:
            raise NotSpeakable("espeak-ng cannot read its voice data")
        self._lib.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
        if self._lib.espeak_ng_SetRandSeed(seed) != 0:
            raise NotSpeakable("espeak-ng did not take the seed")
        self._lib.espeak_Info.restype = ctypes.c_char_p
        self._lib.espeak_Info.argtypes = [ctypes.c_void_p]
        self.version = (self._lib.espeak_Info(None) or b"?").decode().split(" ")[0]
        self._manner: Manner | None = None

    def say(self, text: str, *, manner: Manner, longest: int) -> Spoken:
        """`text` spoken in `manner`. Raises `TooLong` past `longest` samples."""
        self._set(manner)
        chunks: list[bytes] = []
        words: list[tuple[int, int]] = []
        length = 0

        def take(wave: Any, count: int, events: Any) -> int:
            nonlocal length
            if wave and count > 0:
                chunks.append(ctypes.string_at(wave, 2 * count))
                length += count
            index = 0
            while events[index].type:
                event = events[index]
                if event.type == WORD:
                    words.append((event.text_position - 1, event.sample))
                index += 1
            return int(length > longest)

        callback = _Callback(take)
        self._lib.espeak_SetSynthCallback(callback)
        raw = text.encode() + b"\0"
        status = self._lib.espeak_Synth(
            ctypes.c_char_p(raw), ctypes.c_size_t(len(raw)), 0, 1, 0, TEXT_IS_UTF8, None, None
        )
        if length > longest:
            raise TooLong
        if status != 0:
            raise NotSpeakable("espeak-ng refused the text")
        return Spoken(samples=b"".join(chunks), words=tuple(words))

    def _set(self, manner: Manner) -> None:
        before, self._manner = self._manner, manner
        if before is None or before.voice != manner.voice:
            self._must(self._lib.espeak_SetVoiceByName, manner.voice.encode())
        for number, value in ((RATE, manner.rate), (PITCH, manner.pitch), (RANGE, manner.range)):
            self._must(self._lib.espeak_SetParameter, number, value, 0)

    def _must(self, call: Callable[..., int], *values: object) -> None:
        if call(*values) != 0:
            raise NotSpeakable("espeak-ng did not take a setting")


def _where() -> tuple[str, str]:
    """The library and its data, as the wheel `espeakng-loader` brings them."""
    try:
        import espeakng_loader  # noqa: PLC0415 - its absence is an answer
    except ImportError as error:
        raise NotSpeakable("the package espeakng-loader is not installed") from error
    try:
        return str(espeakng_loader.get_library_path()), str(espeakng_loader.get_data_path())
    except RuntimeError as error:
        raise NotSpeakable("the voice data of espeakng-loader is missing") from error
