"""The loop: hold the lease, adopt, claim, carry; for one slice, then hand on."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable

from django.conf import settings
from django.utils import timezone

from speech.audio.confined import ConfinedAudio
from speech.background import wake_driver
from speech.engines import registry
from speech.engines.base import Engine
from speech.jobs import claim, standing
from speech.jobs.carry import Lane
from speech.jobs.lease import Lease, LeaseLost
from speech.jobs.ledger import Ledger
from speech.jobs.references import References
from speech.jobs.work import Work
from speech.models import Heartbeat, Job

logger = logging.getLogger(__name__)

TICK = 0.1
ADOPT_EVERY = 1.0
LINGER = 0.5
"""Seconds to stay for the next job once all is done: cheaper than being woken again."""
DRAIN = 20.0
"""Seconds that submissions and downloads under way may take at the end of a slice."""

_audio: ConfinedAudio | None = None


def audio() -> ConfinedAudio:
    """The warm confined child of this process; it outlives slices."""
    global _audio  # noqa: PLW0603 - one child for each process, by design
    if _audio is None:
        _audio = ConfinedAudio()
    return _audio


def run_slice(build: Callable[[str], Engine] = registry.build) -> None:
    """Work for up to `DRIVER_SLICE_SECONDS`; if anything is left anywhere, ask to be run again."""
    driver = Driver(build=build)
    try:
        more = asyncio.run(driver.run())
    except LeaseLost:
        logger.warning("this driver was silent for too long and lost its lease; starting anew")
        more = True
    if more:
        wake_driver()


class Driver:
    def __init__(self, *, build: Callable[[str], Engine] = registry.build) -> None:
        self._build = build
        self._lease = Lease(seconds=settings.DRIVER_LEASE_SECONDS)
        self._ledger = Ledger(self._lease)
        self._lanes: dict[str, Lane] = {}
        self._tasks: dict[asyncio.Task[None], Work] = {}
        self._renewed = 0.0
        self._adopted = 0.0
        self._broken: BaseException | None = None

    async def run(self) -> bool:
        """True if actionable rows are left."""
        ends_at = time.monotonic() + settings.DRIVER_SLICE_SECONDS
        await self._ledger.run(self._lease.acquire)
        try:
            await self._open_lanes()
            idle_since: float | None = None
            while time.monotonic() < ends_at and self._broken is None:
                busy = await self._tick()
                if busy:
                    idle_since = None
                else:
                    idle_since = idle_since or time.monotonic()
                    if time.monotonic() - idle_since > LINGER:
                        break
                await self._pause()
            if self._broken is not None:
                raise self._broken
            await self._drain()
            return await self._ledger.run(_anything_left)
        finally:
            await self._leave()

    async def _open_lanes(self) -> None:
        clips = References(self._ledger)
        await self._ledger.run(lambda: standing.note_configured(registry.configured()))
        for key in registry.configured():
            durations = await self._ledger.run(lambda key=key: standing.usual_durations(key))  # type: ignore[misc]
            self._lanes[key] = Lane(
                engine=self._build(key), ledger=self._ledger, owner=self._lease.owner,
                audio=audio, clips=clips, durations=durations,
            )  # fmt: skip

    async def _tick(self) -> bool:
        """Adopt, claim, start; True while there is anything to wait for."""
        now = time.monotonic()
        if now - self._adopted >= ADOPT_EVERY:
            self._adopted = now
            free = frozenset(key for key, lane in self._lanes.items() if lane.free)
            for work in await self._ledger.run(
                lambda: claim.adopt(self._lease, engines=frozenset(self._lanes), free=free)
            ):
                self._start(work)
            await self._ledger.run(_beat)
        room = {key: registry.window(key) - self._submits_in(key) for key in self._lanes}
        if any(places > 0 for places in room.values()):
            for work in await self._ledger.run(lambda: claim.claim(self._lease, room=room)):
                self._start(work)
        return bool(self._tasks) or await self._ledger.run(_anything_left)

    def _submits_in(self, key: str) -> int:
        return sum(
            1 for work in self._tasks.values()
            if work.engine == key and work.state in {"claimed", "submitting"}
        )  # fmt: skip

    def _start(self, work: Work) -> None:
        lane = self._lanes[work.engine]
        task = asyncio.create_task(lane.carry(work), name=f"job {work.pk}")
        self._tasks[task] = work
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        work = self._tasks.pop(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, LeaseLost):
            self._broken = error
        elif error is not None:
            # The row stays as it is and is adopted by the next slice.
            logger.error("carrying job %s failed", work.pk, exc_info=error)

    async def _pause(self) -> None:
        """Until something ends, or the next tick."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=TICK, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(TICK)

    async def _drain(self) -> None:
        """Stop waiting jobs at once; let submissions and downloads finish."""
        patient = {"claimed", "submitting", "downloading", "measuring"}
        for task, work in list(self._tasks.items()):
            if work.waiting or work.state not in patient:
                task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=DRAIN)

    async def _leave(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for lane in self._lanes.values():
            await lane.engine.aclose()
        await self._ledger.run(self._lease.release)
        await self._ledger.aclose()


def _anything_left() -> bool:
    return Job.objects.actionable().exists()


def _beat() -> None:
    Heartbeat.objects.update_or_create(
        name="driver", defaults={"at": timezone.now(), "pid": os.getpid()}
    )
