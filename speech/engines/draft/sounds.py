"""The nine sound tags as short placeholder sounds: pulses and noise through vowel shapes.

They mark where a sound falls and about how long it lasts; nobody will take them for the real
thing. All are 22 050 Hz mono floats, at about the level of the voice.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float64]
Peaks = tuple[tuple[float, float], ...]
"""Resonances: centre and width in Hz."""

AH: Peaks = ((730, 120), (1150, 140), (2450, 250))
UH: Peaks = ((560, 120), (950, 140), (2300, 250))
OO: Peaks = ((360, 90), (780, 120), (2250, 250))
BREATH: Peaks = ((900, 700), (1800, 900), (3300, 1400))
HISS: Peaks = ((2700, 800), (4100, 1400), (6000, 2000))
NOSE: Peaks = ((1900, 500), (5200, 2500))


@dataclass(frozen=True, kw_only=True)
class Burst:
    """One push of air. Times in s; `glide` are factors of the voice's pitch, from and to."""

    length: float
    shape: Peaks
    level: float = 1.0
    voiced: float = 0.0
    glide: tuple[float, float] = (1.0, 1.0)
    attack: float = 0.2
    """Share of the length before the peak; the rest dies away."""
    gap: float = 0.0


def _ha(pitch: float, level: float, length: float, gap: float, shape: Peaks = AH) -> Burst:
    glide = (pitch, pitch * 0.88)
    return Burst(
        length=length, shape=shape, level=level, voiced=0.75, glide=glide, attack=0.25, gap=gap
    )


SOUNDS: Mapping[str, tuple[Burst, ...]] = MappingProxyType(
    {
        "laugh": tuple(
            _ha(pitch, level, 0.13, 0.06)
            for pitch, level in ((1.7, 1), (1.8, 1), (1.65, 0.9), (1.5, 0.75), (1.35, 0.55))
        ),
        "chuckle": tuple(
            _ha(pitch, level, 0.11, 0.07, UH)
            for pitch, level in ((1.15, 0.7), (1.1, 0.65), (1.0, 0.45))
        ),
        "sigh": (
            Burst(length=0.9, shape=BREATH, level=0.7, voiced=0.12, glide=(1.1, 0.75), attack=0.15),
        ),
        "gasp": (Burst(length=0.35, shape=BREATH, level=0.9, attack=0.7, gap=0.08),),
        "cough": (
            Burst(length=0.16, shape=AH, level=1.3, voiced=0.25, attack=0.05, gap=0.09),
            Burst(length=0.22, shape=UH, level=1.0, voiced=0.2, attack=0.05),
        ),
        "clear throat": (
            Burst(length=0.22, shape=UH, level=0.8, voiced=0.6, glide=(0.6, 0.55), gap=0.07),
            Burst(length=0.36, shape=AH, level=0.9, voiced=0.6, glide=(0.65, 0.5)),
        ),
        "sniff": (
            Burst(length=0.14, shape=NOSE, level=0.6, attack=0.6, gap=0.06),
            Burst(length=0.18, shape=NOSE, level=0.7, attack=0.7),
        ),
        "groan": (
            Burst(length=0.95, shape=OO, level=1.0, voiced=0.92, glide=(0.85, 0.62), attack=0.3),
        ),
        "shush": (Burst(length=0.7, shape=HISS, level=0.8, attack=0.15),),
    }
)
LOUD = 0.12
"""Root mean square of a burst at level 1; espeak-ng's speech lies about there."""


def make(name: str, *, pitch_hz: float, sample_rate: int, seed: str) -> Samples:
    """The sound of a tag for a voice of `pitch_hz`; the same seed gives the same sound."""
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    pieces: list[Samples] = []
    for burst in SOUNDS[name]:
        pieces.append(_burst(burst, pitch_hz, sample_rate, dice))
        pieces.append(np.zeros(int(burst.gap * sample_rate)))
    return np.concatenate(pieces)


def _burst(burst: Burst, pitch_hz: float, rate: int, dice: random.Random) -> Samples:
    count = int(burst.length * rate)
    # randbytes, not numpy.random: quick to load, and its stream is promised to stay the same.
    noise: Samples = np.frombuffer(dice.randbytes(2 * count), "<i2") / 32768.0
    start, stop = (factor * pitch_hz for factor in burst.glide)
    cycles = np.cumsum(np.linspace(start, stop, count)) / rate
    pulses = np.diff(np.floor(cycles), prepend=0.0)
    source = burst.voiced * _even(pulses) + (1 - burst.voiced) * _even(noise)
    shaped = _even(np.fft.irfft(np.fft.rfft(source) * _resonances(burst.shape, count, rate), count))
    attack = max(1, int(burst.attack * count))
    swell = np.concatenate((np.linspace(0, 1, attack), np.linspace(1, 0, count - attack) ** 1.5))
    result: Samples = shaped * swell * LOUD * burst.level
    return result


def _resonances(peaks: Peaks, count: int, rate: int) -> Any:
    frequencies = np.fft.rfftfreq(count, 1 / rate)
    return sum(1 / (1 + ((frequencies - centre) / width) ** 2) for centre, width in peaks)


def _even(samples: Any) -> Samples:
    """The samples at a root mean square of 1, without their average."""
    level: Samples = samples - np.mean(samples)
    loud = float(np.sqrt(np.mean(level**2)))
    return level / loud if loud > 0 else level
