"""One engine's way through one driver: its limits, and what has been learned of it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable

from django.db import Error
from django.utils import timezone

from speech.audio.several import ConfinedChildren
from speech.engines.base import Engine
from speech.jobs import references, standing
from speech.jobs.allowance import Limit, draw
from speech.jobs.ledger import Ledger
from speech.jobs.moves import Move
from speech.jobs.pace import Turns, first_poll
from speech.jobs.work import Work
from speech.limits import Limits, polls_row, submits_row

logger = logging.getLogger(__name__)

DURATIONS = 40
"""How many of the last takes tell how long the next one will be."""


class Fenced(Exception):
    """The row is no longer ours: somebody presumed us dead. Leave it alone."""


class Lane:
    """The way of one engine's jobs through one driver: its budgets and what it has learned."""

    def __init__(
        self,
        *,
        engine: Engine,
        ledger: Ledger,
        audio: Callable[[], ConfinedChildren],
        clips: references.References,
        durations: list[float],
        limits: Limits,
        drivers: Callable[[], int] = lambda: 1,
    ) -> None:
        self.engine = engine
        self.ledger = ledger
        self.clips = clips
        self.limits = limits
        self.submits = Limit(
            name=submits_row(engine.key), per_minute=limits.submits_per_minute,
            burst=max(1, min(20, limits.submits_per_minute // 6)),
        )  # fmt: skip
        self.reading: Counter[str] = Counter()
        """Jobs that wait for their result, by flow."""
        self.posts: set[asyncio.Future[bool]] = set()
        """Submissions under way: what must not be cut off."""

        self.audio = audio
        self._durations = deque(durations, maxlen=DURATIONS)
        self._weigh()
        self.poll_limit = Limit(
            name=polls_row(engine.key), per_minute=limits.polls_per_minute,
            burst=max(1, min(20, limits.polls_per_minute // 6)),
        )  # fmt: skip
        self.polls = Turns(
            lambda want: ledger.run(lambda: draw(self.poll_limit, want)),
            per_minute=limits.polls_per_minute or 60_000,
        )
        self.drivers = drivers
        self.jots: dict[str, Callable[[], None]] = {}

    def learn(self, seconds: float) -> None:
        """One more take was made, in so many seconds: when to ask first about the next."""
        self._durations.append(seconds)
        self._weigh()

    def _weigh(self) -> None:
        ordered = sorted(self._durations)
        self.first = first_poll(ordered)
        self.usual = ordered[len(ordered) // 2] if ordered else 0.0

    @property
    def free(self) -> bool:
        return self.engine.resubmit_is_free

    async def note(self, note: Callable[[], None]) -> None:
        """Write down something about the engine; the job does not hang on it."""
        try:
            await self.ledger.run(note)
        except Error:
            logger.warning("the engine's state could not be written", exc_info=True)

    async def is_broken(self) -> bool:
        """Whether the engine's breaker is open; False where that cannot be found out."""
        try:
            return await self.ledger.run(lambda: standing.is_broken(self.engine.key))
        except Error:
            return False

    async def write_jots(self) -> None:
        """What was learned of the engine since the last time: one write, however many takes."""
        jots, self.jots = self.jots, {}
        for jot in jots.values():
            await self.note(jot)

    async def write(self, move: Move) -> None:
        """Commit it, or raise `Fenced`."""
        if not await self.ledger.write(move):
            raise Fenced


async def wait(work: Work, seconds: float) -> None:
    """Between two tries; may be cancelled without losing anything."""
    work.waiting = True
    await asyncio.sleep(max(0.0, seconds))
    work.waiting = False


def age_of(work: Work) -> float:
    """Seconds since the request was accepted."""
    if work.accepted_at is None:
        return 0.0
    return (timezone.now() - work.accepted_at).total_seconds()
