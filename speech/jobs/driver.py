"""The loop: hold the lease, adopt, claim, carry; for one slice, then hand on."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import uvloop
from django.conf import settings
from django.db import Error
from django.utils import timezone

from speech import failpoints, stopping
from speech.audio.several import ConfinedChildren
from speech.background import wake_driver
from speech.engines import registry
from speech.engines.base import Engine
from speech.jobs import claim, lease, standing
from speech.jobs.carry import carry
from speech.jobs.lane import Lane
from speech.jobs.lease import Lease, LeaseLost
from speech.jobs.ledger import Ledger
from speech.jobs.references import References
from speech.jobs.work import Work
from speech.limits import limits_of
from speech.models import Heartbeat, Job
from speech.queries.engines import usual_durations
from speech.services import budgets

logger = logging.getLogger(__name__)

TICK = 0.1
QUICK_TICK = 0.02
"""The same while an engine has more to be claimed: a free place in its window is taken soon."""
ADOPT_EVERY = 1.0
BUSY = 50
"""With more jobs than this a driver gathers: it commits and claims for many at once."""
GATHER_WHILE_SENDING = 0.002
GATHER = 0.03
"""Seconds: a commit costs nearly the same for one take as for twenty."""
LINGER = 0.5
"""Seconds to stay for the next job once all is done: cheaper than being woken again."""
POSTS_DRAIN = 65.0
"""Seconds that submissions under way get at the end of a slice: more than a POST can take in all,
since one that is cut off is in doubt for good. A slice and this together stay below the queue's
`timeout` for the driver."""
SAVES_DRAIN = 30.0
"""Seconds that downloads under way get. A cut one begins anew in the next slice, so a slice and
this together are as long as the longest download, or that would never end."""
STOP_DRAIN = 2.0
"""Seconds for both when the process was asked to stop: it is killed soon after."""

_audio: ConfinedChildren | None = None


def audio() -> ConfinedChildren:
    """The warm confined children of this process; they outlive slices."""
    global _audio  # noqa: PLW0603 - of this process, by design
    if _audio is None:
        _audio = ConfinedChildren()
    return _audio


def run_slice(build: Callable[[str], Engine] = registry.build) -> None:
    """Work for up to `DRIVER_SLICE_SECONDS`; if anything is left anywhere, ask to be run again."""
    gc.freeze()  # what is here now stays: no need to walk over it each time
    driver = Driver(build=build)
    try:
        # Half as much work for the loop itself, where thousands wait.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            more = runner.run(driver.run())
    except LeaseLost:
        logger.warning("this driver was silent for too long and lost its lease; starting anew")
        more = True
    if more:
        wake_driver()


class Driver:
    def __init__(self, *, build: Callable[[str], Engine] = registry.build) -> None:
        self._build = build
        self._lease = Lease(seconds=settings.DRIVER_LEASE_SECONDS)
        self._lanes: dict[str, Lane] = {}
        self._tasks: dict[asyncio.Task[None], Work] = {}
        self._ledger = Ledger(self._lease, patience=self._patience)
        self._something_ended = asyncio.Event()
        self._pressed: set[str] = set()
        """Engines whose last claim found something: there is more, most likely."""
        self._adopted = 0.0
        self._drivers = 1
        self._claim_at: dict[str, float] = {}
        """Engine → when its limit lets another submit through; absent for now."""
        self._broken: BaseException | None = None
        self._more = True

    async def run(self) -> bool:
        """True if actionable rows are left."""
        ends_at = time.monotonic() + settings.DRIVER_SLICE_SECONDS
        await self._ledger.run(self._lease.acquire)
        alive = asyncio.create_task(self._stay_alive(), name="lease")
        try:
            await self._open_lanes()
            idle_since: float | None = None
            while time.monotonic() < ends_at and not self._must_end:
                try:
                    busy = await self._tick()
                except Error:
                    # A deadlock, or a database that is away for a moment. If it stays away, the
                    # lease runs out, and that ends the slice.
                    logger.warning("the database did not do its part of a tick", exc_info=True)
                    busy = True
                if busy:
                    idle_since = None
                else:
                    idle_since = idle_since or time.monotonic()
                    if time.monotonic() - idle_since > LINGER:
                        break
                await self._pause()
        finally:
            await self._drain()
            alive.cancel()
            await self._leave()
        if self._broken is not None:
            raise self._broken
        return self._more

    @property
    def _is_busy(self) -> bool:
        return len(self._tasks) > BUSY

    def _patience(self) -> float:
        """Seconds that a commit may wait for more to write. While much is being sent, a place in
        the window is free only once a commit has said so."""
        if not self._is_busy:
            return 0.0
        return GATHER_WHILE_SENDING if self._pressed else GATHER

    @property
    def _must_end(self) -> bool:
        return self._broken is not None or stopping.is_asked()

    async def _stay_alive(self) -> None:
        """Renew the lease whatever else there is to wait for, such as one slow submission."""
        while True:
            await asyncio.sleep(self._lease.seconds / 4)
            try:
                await self._ledger.run(self._lease.renew)
            except LeaseLost as error:
                self._broken = error
                return
            except Error:
                logger.warning("the lease could not be renewed just now", exc_info=True)

    async def _open_lanes(self) -> None:
        clips = References(self._ledger)
        engines: dict[str, Engine] = {}
        for key in registry.configured():
            try:
                engines[key] = self._build(key)
            except ValueError as error:  # names what is wrong, never the key
                logger.error("the engine %s cannot be used: %s", key, error)
        await self._ledger.run(lambda: standing.note_configured(engines.keys()))
        for key, engine in engines.items():
            durations = await self._ledger.run(lambda key=key: usual_durations(key))  # type: ignore[misc]
            self._lanes[key] = Lane(
                engine=engine, ledger=self._ledger, audio=audio,
                clips=clips, durations=durations, limits=limits_of(key),
                drivers=lambda: self._drivers,
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
        rooms = self._rooms(now)
        if rooms:
            claimed = await self._ledger.run(lambda: claim.claim(self._lease, rooms=rooms))
            for engine, seconds in claimed.again_in.items():
                self._claim_at[engine] = now + seconds
            found = {work.engine for work in claimed.works} - claimed.again_in.keys()
            self._pressed = self._pressed - rooms.keys() | found
            if claimed.works:
                failpoints.reach("claimed")
            for work in claimed.works:
                self._start(work)
        if now == self._adopted:
            await self._ledger.run(budgets.admit_everywhere)
            await self._ledger.run(standing.end_holds)
            for lane in self._lanes.values():
                await lane.write_jots()
            self._drivers = max(1, await self._ledger.run(lease.count_alive))
            # Last, so that a driver that fails at any step before shows no sign of progress.
            await self._ledger.run(_beat)
        return bool(self._tasks) or await self._ledger.run(_anything_left)

    def _rooms(self, now: float) -> dict[str, claim.Room]:
        """What may be claimed now; nothing for engines whose window or limit is used up."""
        sending = Counter(
            work.engine for work in self._tasks.values() if work.state in claim.SENDING
        )
        rooms = {}
        for key, lane in self._lanes.items():
            limits = lane.limits
            left = limits.window - sending[key]
            if left > 0 and now >= self._claim_at.get(key, 0.0):
                rooms[key] = claim.Room(
                    window=limits.window, in_flight=limits.in_flight, submits=lane.submits,
                    own=left if limits.own_window else None,
                )  # fmt: skip
        return rooms

    def _start(self, work: Work) -> None:
        lane = self._lanes[work.engine]
        task = asyncio.create_task(carry(lane, work), name=f"job {work.pk}")
        self._tasks[task] = work
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        work = self._tasks.pop(task)
        if not self._is_busy:
            self._something_ended.set()  # its place may be taken at once
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
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUICK_TICK if self._pressed else TICK):
                await self._something_ended.wait()
        self._something_ended.clear()

    async def _drain(self) -> None:
        """Stop what waits; let submissions and downloads finish, unless the lease is gone."""
        for task, work in list(self._tasks.items()):
            if work.waiting or work.state not in {"downloading", "measuring"}:
                task.cancel()  # a submission under way goes on all the same
        began = time.monotonic()
        while self._broken is None:
            posts = {post for lane in self._lanes.values() for post in lane.posts}
            waited = time.monotonic() - began
            pending = posts | (self._tasks.keys() if waited < SAVES_DRAIN else set())
            if not pending or waited > (STOP_DRAIN if stopping.is_asked() else POSTS_DRAIN):
                break
            await asyncio.wait(pending, timeout=TICK)
            for task, work in self._tasks.items():
                if work.waiting:  # a download that failed meanwhile: the next slice tries again
                    task.cancel()

    async def _leave(self) -> None:
        left: list[asyncio.Future[Any]] = [*self._tasks]
        left += [post for lane in self._lanes.values() for post in lane.posts]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for lane in self._lanes.values():
            try:
                await lane.polls.aclose()
                await lane.write_jots()
                await lane.engine.aclose()
            except Exception:
                logger.exception("closing the engine %s failed", lane.engine.key)
        try:
            await self._ledger.settle()  # nothing can be written once the lease is gone
            self._more = await self._ledger.run(_anything_left)
            await self._ledger.run(self._lease.release)
        finally:
            await self._ledger.aclose()


def _anything_left() -> bool:
    return Job.objects.actionable().exists()


def _beat() -> None:
    Heartbeat.objects.update_or_create(
        name="driver", defaults={"at": timezone.now(), "pid": os.getpid()}
    )
