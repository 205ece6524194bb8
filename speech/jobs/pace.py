"""When to ask again. Pure arithmetic, but for the random jitter."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

FIRST_GUESS = 0.5
FASTEST = 0.3
EARLY_SAMPLES = 5


def backoff(failures: int, *, base: float = 1.0, most: float = 60.0) -> float:
    """Seconds to wait after `failures` failures in a row (1 or more), with jitter."""
    return jitter(min(most, base * 2 ** min(failures - 1, 10)))


def jitter(seconds: float, *, share: float = 0.2) -> float:
    return seconds * (1 + share * (2 * random.random() - 1))  # noqa: S311 - not a secret


def first_poll(durations: Sequence[float]) -> float:
    """Seconds from acceptance to the first poll: near the shortest tenth of what was seen."""
    if len(durations) < EARLY_SAMPLES:
        return FIRST_GUESS
    shortest = sorted(durations)[len(durations) // 10]
    return max(FASTEST, shortest * 0.95)


def poll_every(*, in_flight: int, polls_per_minute: float, age: float, usual: float) -> float:
    """Seconds to the next poll: as often as the budget allows; slower past twice the usual."""
    seconds = max(FASTEST, in_flight * 60 / polls_per_minute)
    if usual and age > 2 * usual:
        seconds = max(seconds, min(10.0, seconds * age / (2 * usual)))
    return jitter(seconds)


class Budget:
    """At most `per_minute` turns a minute, a few at once. Halved on each 429, and slowly back."""

    def __init__(self, *, per_minute: float, burst: int) -> None:
        self.full = self.per_minute = per_minute
        self._burst = burst
        self._turns = float(burst)
        self._at = time.monotonic()

    def halve(self) -> None:
        self.per_minute = max(self.full / 64, self.per_minute / 2)
        self._turns = min(self._turns, 0.0)

    async def turn(self) -> None:
        """Wait for a turn."""
        self._refill()
        self._turns -= 1
        if self._turns < 0:
            await asyncio.sleep(-self._turns * 60 / self.per_minute)

    def _refill(self) -> None:
        now = time.monotonic()
        passed, self._at = now - self._at, now
        self.per_minute = min(self.full, self.per_minute * (1 + passed / 120))
        self._turns = min(self._burst, self._turns + passed * self.per_minute / 60)
