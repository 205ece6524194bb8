"""A whole reading: the script, spoken clause by clause, levelled and timed. Child only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from speech.catalog import LONGEST_TAKE_SECONDS
from speech.engines.draft import loudness, sounds, words
from speech.engines.draft.espeak import Espeak, Manner
from speech.engines.draft.problems import CannotRead, TooLong
from speech.engines.draft.sampler import Prosody, Sampler, Tuning
from speech.engines.draft.script import Clause, Script, Sound, read

UNREADABLE = "There is nothing in this text that the draft voice can read aloud."
LONGEST_SECONDS = 240
TARGET_LUFS = -27.0
PLAIN_PITCH_HZ = 120.0
PLAIN_RATE = 152
LEAD_SECONDS, TAIL_SECONDS, SHORTEST_SECONDS = 0.05, 0.2, 0.5
SEMITONES_A_STEP, RATE_A_STEP, PAUSE_A_STEP = 1.6, 0.06, 0.25

# Median pitch in Hz at espeak-ng's pitch settings (measured on 1.52.0, voice en-us).
SETTINGS = (0, 12, 25, 37, 50, 62, 75, 87, 99)
HEARD: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "m3": (72, 76, 85, 94, 105, 118, 134, 152, 174),
        "f3": (149, 160, 173, 190, 210, 233, 262, 298, 334),
    }
)
HIGH_VOICE_FROM_HZ = 155.0


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What a delivery tag changes, relative to the plain reading."""

    semitones: float = 0.0
    rate: float = 1.0
    range: float = 1.0
    decibels: float = 0.0
    whispered: bool = False


PLAIN = Delivery()
DELIVERIES: Mapping[str, Delivery] = MappingProxyType(
    {
        "angry": Delivery(semitones=2, rate=1.12, range=1.4, decibels=3),
        "fear": Delivery(semitones=4, rate=1.15, range=1.2, decibels=-2),
        "surprised": Delivery(semitones=4.5, rate=1.05, range=1.7, decibels=1),
        "whispering": Delivery(rate=0.92, decibels=-4, whispered=True),
        "advertisement": Delivery(semitones=2, rate=1.16, range=1.5, decibels=2),
        "dramatic": Delivery(semitones=-2, rate=0.82, range=1.6, decibels=1),
        "narration": Delivery(semitones=-1, rate=0.94, range=0.85),
        "crying": Delivery(semitones=1.5, rate=0.78, range=0.5, decibels=-3),
        "happy": Delivery(semitones=3, rate=1.08, range=1.6, decibels=1),
        "sarcastic": Delivery(semitones=-1.5, rate=0.86, range=1.9),
    }
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request, as the adapter puts it. Pitch in Hz, loudness in LUFS, None if unknown."""

    text: str
    seed: int
    tuning: Tuning
    norm_loudness: bool
    reference_pitch_hz: float | None
    reference_lufs: float | None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Samples are 16 bit; words are (position, length, start, end) in the text and in samples."""

    samples: bytes
    sample_rate: int
    words: tuple[words.Timed, ...]
    warnings: tuple[str, ...]
    metrics: Mapping[str, Any]


class Reader:
    """Reads one request aloud, once."""

    def __init__(self, espeak: Espeak, asked: Asked) -> None:
        self._espeak = espeak
        self._asked = asked
        self._pitch_hz = min(max(asked.reference_pitch_hz or PLAIN_PITCH_HZ, 60.0), 420.0)
        self._variant = "f3" if self._pitch_hz >= HIGH_VOICE_FROM_HZ else "m3"
        self._sampler = Sampler(seed=asked.seed, tuning=asked.tuning)
        self._script = read(asked.text)
        self._pieces: list[sounds.Samples] = []
        self._length = 0
        self._words: list[words.Timed] = []

    def read(self) -> Reading:
        """The reading; raises `CannotRead`."""
        script = self._script
        self._rest(LEAD_SECONDS)
        for number, part in enumerate(script.parts):
            match part:
                case Sound():
                    self._sound(part, number)
                case Clause():
                    self._say(part)
        if not self._words and not any(isinstance(part, Sound) for part in script.parts):
            raise CannotRead(UNREADABLE)
        spoken = self._length / self._espeak.sample_rate
        self._rest(max(TAIL_SECONDS, SHORTEST_SECONDS - spoken))
        return self._finish(script)

    def _sound(self, part: Sound, number: int) -> None:
        self._add(
            sounds.make(
                part.name,
                pitch_hz=self._pitch_hz,
                sample_rate=self._espeak.sample_rate,
                seed=f"{self._asked.seed}/{number}/{part.name}",
            )
        )
        self._rest(0.08)

    def _say(self, clause: Clause) -> None:
        prosody = self._sampler.draw()
        if clause.text:
            delivery = DELIVERIES.get(clause.delivery, PLAIN)
            room = LONGEST_SECONDS * self._espeak.sample_rate - self._length
            try:
                spoken = self._espeak.say(
                    clause.text, manner=self._manner(delivery, prosody), longest=room
                )
            except TooLong as error:
                raise CannotRead(
                    f"Read aloud, this text is longer than {LONGEST_SECONDS // 60} minutes."
                ) from error
            samples = np.frombuffer(spoken.samples, "<i2") / 32768.0
            for position, length, start, end in words.place(
                clause.text, spoken.words, len(samples)
            ):
                first = clause.start + position
                since, until = self._script.origin(first, first + length)
                self._words.append((since, until - since, self._length + start, self._length + end))
            self._add(samples * 10 ** (delivery.decibels / 20))
        self._rest(clause.pause * max(0.2, 1 + PAUSE_A_STEP * prosody.pause))

    def _manner(self, delivery: Delivery, prosody: Prosody) -> Manner:
        semitones = delivery.semitones + SEMITONES_A_STEP * prosody.pitch
        hertz = self._pitch_hz * 2 ** (semitones / 12)
        heard = HEARD[self._variant]
        pitch = float(np.interp(math.log(hertz), [math.log(value) for value in heard], SETTINGS))
        whisper = "whisperf" if self._variant == "f3" else "whisper"
        rate = PLAIN_RATE * delivery.rate * (1 + RATE_A_STEP * prosody.rate)
        return Manner(
            voice=f"en-us+{whisper if delivery.whispered else self._variant}",
            pitch=round(pitch),
            rate=min(max(round(rate), 80), 400),
            range=min(round(50 * delivery.range), 99),
        )

    def _add(self, samples: sounds.Samples) -> None:
        self._pieces.append(samples)
        self._length += len(samples)

    def _rest(self, seconds: float) -> None:
        self._add(np.zeros(int(seconds * self._espeak.sample_rate)))

    def _finish(self, script: Script) -> Reading:
        rate = self._espeak.sample_rate
        samples = np.concatenate(self._pieces)
        heard = loudness.integrated(samples, rate)
        wanted = TARGET_LUFS if self._asked.norm_loudness else self._asked.reference_lufs
        gain = 1.0 if wanted is None or heard == loudness.SILENT else 10 ** ((wanted - heard) / 20)
        warnings = list(script.warnings)
        peak = float(np.max(np.abs(samples)))
        if peak * gain > 0.99:
            gain = 0.99 / peak
            warnings.append("The draft is quieter than the reference: louder would distort.")
        seconds = self._length / rate
        if seconds > LONGEST_TAKE_SECONDS:
            warnings.append(
                f"This reading lasts {seconds:.0f} s; Turbo stops at {LONGEST_TAKE_SECONDS:.0f} s."
            )
        metrics = {
            "seconds": round(seconds, 3),
            "lufs": None if heard == loudness.SILENT else round(heard + 20 * math.log10(gain), 2),
            "clauses": sum(isinstance(part, Clause) for part in script.parts),
            "sounds": sum(isinstance(part, Sound) for part in script.parts),
            "voice": f"en-us+{self._variant}",
            "pitch_hz": round(self._pitch_hz, 1),
        }
        return Reading(
            samples=np.round(samples * gain * 32767).astype("<i2").tobytes(),
            sample_rate=rate,
            words=tuple(self._words),
            warnings=tuple(warnings),
            metrics=metrics,
        )
