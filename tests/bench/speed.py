"""The unit of speed: what a fixed piece of pure Python costs on this machine.

Rule: figures of CPU are given in seconds and in this unit, and limits are set in it. Reason: the
processors of two machines differ by a factor of four, and with them all seconds; what is counted
in this unit means the same on both. Price: work that is not Python (the kernel, FFmpeg, SQLite)
does not grow by quite the same factor.
"""

from __future__ import annotations

import time
from functools import cache

ROUNDS = 3
SLOW, FAST = 2.5, 1.3
"""Seconds that the unit takes on machines for which a limit is known."""


def additions() -> int:
    """Twenty million of them."""
    n = 0
    for i in range(20_000_000):
        n += i
    return n


@cache
def unit_seconds() -> float:
    """Seconds of CPU for one run: the best of several, since a neighbour can only slow it down."""
    return min(_once() for _ in range(ROUNDS))


def in_units(seconds: float) -> float:
    return seconds / unit_seconds()


def between(*, fast: float, slow: float) -> float:
    """The limit for this machine, of one for a fast and one for a slow machine."""
    share = (unit_seconds() - FAST) / (SLOW - FAST)
    return fast + (slow - fast) * min(1.0, max(0.0, share))


def _once() -> float:
    began = time.process_time()
    additions()
    return time.process_time() - began
