"""Integrated loudness of one channel, by ITU-R BS.1770-4, for the draft's own level.

It stands here and not in `speech.audio` because the child must start fast and load little.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

SILENT = -math.inf


def integrated(samples: npt.NDArray[np.float64], sample_rate: int) -> float:
    """LUFS of `samples` (full scale 1.0); -inf for silence or less than 0.4 s."""
    block, hop = int(0.4 * sample_rate), int(0.1 * sample_rate)
    if len(samples) < block:
        return SILENT
    # Half a second of room: filtering by spectrum wraps round, and the ring dies away within it.
    size = 1 << (len(samples) + sample_rate // 2).bit_length()
    heard = np.fft.irfft(np.fft.rfft(samples, size) * _weighting(size, sample_rate), size)
    energy = np.concatenate(([0.0], np.cumsum(heard[: len(samples)] ** 2)))
    starts = np.arange(0, len(samples) - block + 1, hop)
    power = (energy[starts + block] - energy[starts]) / block
    power = power[power > 10 ** ((-70 + 0.691) / 10)]
    if not len(power):
        return SILENT
    power = power[power > float(np.mean(power)) / 10]
    return -0.691 + 10 * math.log10(float(np.mean(power)))


def _weighting(size: int, sample_rate: int) -> Any:
    """The K-weighting at each frequency: the two filters of the recommendation, for any rate."""
    z = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    k = math.tan(math.pi * 1681.974450955533 / sample_rate)
    q = 0.7071752369554196
    high = 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    bottom = (1 + k / q + k * k) + 2 * (k * k - 1) * z + (1 - k / q + k * k) * z**2
    top = (high + band * k / q + k * k) + 2 * (k * k - high) * z
    shelf = (top + (high - band * k / q + k * k) * z**2) / bottom
    k = math.tan(math.pi * 38.13547087602444 / sample_rate)
    q = 0.5003270373238773
    scale = 1 + k / q + k * k
    cut = (1 - 2 * z + z**2) / (1 + (2 * (k * k - 1) * z + (1 - k / q + k * k) * z**2) / scale)
    return shelf * cut
