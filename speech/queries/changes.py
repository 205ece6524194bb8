"""What changed in a project since a version, and waiting until something does.

Rule: one watcher per web process reads the marks of what somebody watches (versions of projects,
news of people, who is in a project, jobs and clips that a caller of the API waits for), in one
query a tick for each kind, and wakes the waiters; a waiter holds no thread and no database
connection, and goes at once when the process is asked to stop. Reason: fifty open tabs cost three
small queries a tick, and two hundred waiting calls one. Price: news are up to one tick late.
Revisit when the tick is felt, with PostgreSQL's NOTIFY.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Literal
from weakref import WeakKeyDictionary

from asgiref.sync import SyncToAsync
from django.db import DatabaseError, connections
from django.db.models import Q, QuerySet

from speech import access, stopping
from speech.models import Job, Line, Project, Take, User, Voice
from speech.queries import presence
from speech.states import CLIP_LIVE, LIVE, BatchKind

TOP = 30
"""Newest takes of a line of which its page hears, whatever they were asked for as."""
TICK_SECONDS = 0.4
FACES_EVERY = 3
"""Ticks: who is here can wait a second, and many who come together wake the others fewer times."""
REST_SECONDS = 2.0
"""Pause after the database could not be read."""

Key = tuple[Literal["project", "person", "here", "job", "clip"], int]
"""What may move: a project (its version), a person (their news), who is in a project; a job or a
voice's clip, which is gone from here as soon as it is settled."""
Mark = int | str
"""How it stood. A thing that is gone has no mark."""
UNSETTLED: Mark = "unsettled"
"""The mark of a job or a clip that is still under way."""

logger = logging.getLogger(__name__)


def changed_lines(project: Project, *, since: int) -> QuerySet[Line]:
    """Lines, deleted ones too, that changed after version `since`."""
    return project.lines.filter(version__gt=since).order_by("position")


def changed_takes(takes: QuerySet[Take], project: Project, *, since: int) -> QuerySet[Take]:
    return takes.filter(project=project, version__gt=since)


def near_the_top(takes: QuerySet[Take], line_id: int | None) -> QuerySet[Take]:
    """Without the takes of sweeps that lie below the newest of the line: a page that shows ten
    cards must not grow by five hundred. One query."""
    newest = Take.objects.filter(line=line_id or 0, archived_at=None).order_by("-id")
    floor = next(iter(newest.values_list("pk", flat=True)[TOP : TOP + 1]), None)
    if floor is None:
        return takes
    return takes.filter(~Q(batch__kind=BatchKind.SWEEP) | Q(pk__gt=floor))


def versions_of(user: User) -> dict[int, int]:
    """The version of each project that `user` works on. One query."""
    projects = access.projects_of(user).filter(archived_at=None)
    return dict(projects.values_list("pk", "version"))


def mark_of(versions: Mapping[int, int]) -> str:
    """A short word that changes when any of these projects moves, comes or goes."""
    text = " ".join(f"{pk}:{version}" for pk, version in sorted(versions.items()))
    return f"{zlib.crc32(text.encode()):08x}"


def release_connections() -> None:
    """Give this thread's connections back, so that none is held while a view waits."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


def release_thread() -> None:
    """End the thread that Django keeps for the synchronous parts of this request; the next part
    gets another one. Two hundred waiting requests would otherwise hold two hundred of them."""
    context = SyncToAsync.thread_sensitive_context.get(None)
    if context is not None:
        executor = SyncToAsync.context_to_thread_executor.pop(context, None)
        if executor is not None:
            executor.shutdown(wait=False)


class Watcher:
    """Wakes coroutines when something has moved away from the marks that they know."""

    def __init__(self) -> None:
        self._waiters: dict[asyncio.Future[bool], Mapping[Key, Mark]] = {}
        self._task: asyncio.Task[None] | None = None

    async def wait(self, known: Mapping[Key, Mark], *, seconds: float) -> bool:
        """True once anything is not as `known`, also when it is gone; False after `seconds`, and
        as soon as this process is asked to stop."""
        release_thread()
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters[future] = known
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            return False
        finally:
            self._waiters.pop(future, None)

    async def _run(self) -> None:
        loop, tick = asyncio.get_running_loop(), 0
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="watch") as thread:
            try:
                while self._waiters:
                    if stopping.is_asked():
                        self._end_all()
                        await asyncio.sleep(0)
                        continue
                    watched = {
                        key
                        for known in self._waiters.values()
                        for key in known
                        if key[0] != "here" or tick % FACES_EVERY == 0
                    }
                    tick += 1
                    try:
                        marks = await loop.run_in_executor(thread, _marks, watched)
                    except DatabaseError:
                        logger.warning("the versions could not be read; trying again")
                        await loop.run_in_executor(thread, connections.close_all)
                        await asyncio.sleep(REST_SECONDS)
                        continue
                    self._wake(watched, marks)
                    await asyncio.sleep(TICK_SECONDS)
            finally:
                # A cancelled loop may not run another await; the thread closes what it opened.
                with contextlib.suppress(RuntimeError):
                    thread.submit(connections.close_all).result(timeout=5)

    def _wake(self, asked: set[Key], marks: Mapping[Key, Mark]) -> None:
        for future, known in self._waiters.items():
            # Whoever came while the marks were read waits for the next ones.
            moved = any(key in asked and marks.get(key) != mark for key, mark in known.items())
            # What is gone wakes its waiters too: they find out by asking.
            if moved and not future.done():
                future.set_result(True)

    def _end_all(self) -> None:
        for future in self._waiters:
            if not future.done():
                future.set_result(False)


_watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, Watcher] = WeakKeyDictionary()


def watcher() -> Watcher:
    """The watcher of the running event loop: one per web process."""
    return _watchers.setdefault(asyncio.get_running_loop(), Watcher())


def _versions(projects: set[int]) -> Mapping[int, Mark]:
    return dict(Project.objects.filter(pk__in=projects).values_list("pk", "version"))


def _news(people: set[int]) -> Mapping[int, Mark]:
    return dict(User.objects.filter(pk__in=people).values_list("pk", "news"))


def _jobs(jobs: set[int]) -> Mapping[int, Mark]:
    live = Job.objects.filter(pk__in=jobs, state__in=LIVE)
    return dict.fromkeys(live.values_list("pk", flat=True), UNSETTLED)


def _clips(voices: set[int]) -> Mapping[int, Mark]:
    live = Voice.objects.filter(pk__in=voices, state__in=CLIP_LIVE)
    return dict.fromkeys(live.values_list("pk", flat=True), UNSETTLED)


_READERS: Mapping[str, Callable[[set[int]], Mapping[int, Mark]]] = MappingProxyType(
    {
        "project": _versions,
        "person": _news,
        "here": presence.marks,
        "job": _jobs,
        "clip": _clips,
    }
)


def _marks(watched: set[Key]) -> dict[Key, Mark]:
    """The marks as they stand: one query for each kind that is watched."""
    found: dict[Key, Mark] = {}
    for kind in {kind for kind, _ in watched}:
        rows = _READERS[kind]({pk for one, pk in watched if one == kind})
        found |= {(kind, pk): mark for pk, mark in rows.items()}
    return found
