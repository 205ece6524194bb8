"""What changed in a project since a version, and waiting until something does.

Rule: one watcher per web process reads the versions of those projects that somebody watches, in
one query a tick, and wakes the waiters; a waiter holds no thread and no database connection.
Reason: fifty open tabs cost one small query a tick. Price: news are up to one tick late.
Revisit when the tick is felt, with PostgreSQL's NOTIFY.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakKeyDictionary

from django.db import DatabaseError, connections
from django.db.models import QuerySet

from speech.models import Line, Project, Take

TICK_SECONDS = 0.4
REST_SECONDS = 2.0
"""Pause after the database could not be read."""

logger = logging.getLogger(__name__)


def changed_lines(project: Project, *, since: int) -> QuerySet[Line]:
    """Lines, deleted ones too, that changed after version `since`."""
    return project.lines.filter(version__gt=since).order_by("position")


def changed_takes(takes: QuerySet[Take], project: Project, *, since: int) -> QuerySet[Take]:
    return takes.filter(project=project, version__gt=since)


def release_connections() -> None:
    """Give this thread's connections back, so that none is held while a view waits."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


class Watcher:
    """Wakes coroutines when a project's version has moved past the one they know."""

    def __init__(self) -> None:
        self._waiters: dict[asyncio.Future[None], tuple[int, int]] = {}
        self._task: asyncio.Task[None] | None = None

    async def wait(self, project_id: int, *, since: int, seconds: float) -> bool:
        """True once the project's version is above `since`, False after `seconds`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[future] = (project_id, since)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            return False
        finally:
            self._waiters.pop(future, None)
        return True

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="watch") as thread:
            try:
                while self._waiters:
                    watched = {project for project, _ in self._waiters.values()}
                    try:
                        versions = await loop.run_in_executor(thread, _versions, watched)
                    except DatabaseError:
                        logger.warning("the versions could not be read; trying again")
                        await loop.run_in_executor(thread, connections.close_all)
                        await asyncio.sleep(REST_SECONDS)
                        continue
                    self._wake(versions)
                    await asyncio.sleep(TICK_SECONDS)
            finally:
                # A cancelled loop may not run another await; the thread closes what it opened.
                with contextlib.suppress(RuntimeError):
                    thread.submit(connections.close_all).result(timeout=5)

    def _wake(self, versions: Mapping[int, int]) -> None:
        for future, (project, since) in self._waiters.items():
            # A project that is gone wakes its waiters too: they find out by asking.
            if versions.get(project, since + 1) > since and not future.done():
                future.set_result(None)


_watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, Watcher] = WeakKeyDictionary()


def watcher() -> Watcher:
    """The watcher of the running event loop: one per web process."""
    return _watchers.setdefault(asyncio.get_running_loop(), Watcher())


def _versions(projects: set[int]) -> dict[int, int]:
    return dict(Project.objects.filter(pk__in=projects).values_list("pk", "version"))
