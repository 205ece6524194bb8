"""When to ask again: pure arithmetic but for the jitter, and a waiting room for turns."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from django.db import Error

from speech.jobs.allowance import Draw

logger = logging.getLogger(__name__)

FIRST_GUESS = 0.5
FASTEST = 0.3
EARLY_SAMPLES = 5
DRAWN_AHEAD = 0.5
"""Seconds' worth of turns that are drawn at once: less, and each poll would cost a commit."""


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


class Turns:
    """Turns of a limit that other drivers share, drawn in advance. Flows that wait take turns, so
    that the five hundred polls of a sweep do not stand before somebody's one.
    """

    def __init__(self, draw: Callable[[int], Awaitable[Draw]], *, per_minute: float) -> None:
        self.per_minute = per_minute
        """As last heard of."""
        self._draw = draw
        self._left = 0
        self._size = 1
        self._drawn_at = 0.0
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._server: asyncio.Task[None] | None = None

    def spent(self) -> None:
        """What was drawn does not count any more: the provider has said that it was too much."""
        self._left = 0

    async def turn(self, flow: str = "") -> None:
        """Wait for a turn."""
        if self._left and not self._waiting:
            self._left -= 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(flow, deque()).append(place)
        if self._server is None or self._server.done():
            self._server = asyncio.create_task(self._serve(), name="turns")
        await place

    async def aclose(self) -> None:
        if self._server is not None:
            self._server.cancel()
            await asyncio.gather(self._server, return_exceptions=True)

    async def _serve(self) -> None:
        while self._waiting:
            while not self._left:
                try:
                    drawn = await self._draw(self._want())
                except Error:  # a database that is away for a moment
                    logger.warning("no turns could be drawn", exc_info=True)
                    await asyncio.sleep(1.0)
                    continue
                self.per_minute, self._left = drawn.per_minute, drawn.granted
                if not drawn.granted:
                    await asyncio.sleep(drawn.wait)
            self._admit_one()

    def _want(self) -> int:
        """How many to draw: twice as many as before where those did not last for a moment, half as
        many where they did, but never more than the limit gives in it."""
        now = time.monotonic()
        lasted, self._drawn_at = now - self._drawn_at, now
        self._size = self._size * 2 if lasted < DRAWN_AHEAD else max(1, self._size // 2)
        waiting = sum(len(places) for places in self._waiting.values())
        most = max(1, int(self.per_minute / 60 * DRAWN_AHEAD))
        self._size = min(most, max(self._size, waiting))
        return self._size

    def _admit_one(self) -> None:
        """The first of the flow that has waited longest for its turn; the flow goes to the end."""
        flow = next(iter(self._waiting))
        places = self._waiting.pop(flow)
        place = places.popleft()
        if places:
            self._waiting[flow] = places
        if not place.done():
            place.set_result(None)
            self._left -= 1
