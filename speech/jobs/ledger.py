from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import Error, InterfaceError, OperationalError, connections, transaction

from speech.jobs.lease import Lease, LeaseLost
from speech.services.events import touch

T = TypeVar("T")

MOST_TRIES = 3
"""Of a commit that failed for a passing reason: a deadlock, a lock, a lost connection."""
TRY_AGAIN_AFTER = 0.1


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a page should notice after a write."""

    project_id: int
    take_id: int
    line_id: int


@dataclass(frozen=True, kw_only=True)
class Written:
    """`ok` is False where the row was no longer ours. `also` is what else shows the change."""

    ok: bool
    seen: Seen | None = None
    also: Seen | None = None


@dataclass(kw_only=True)
class _Entry(Generic[T]):
    write: Callable[[], Written]
    answer: asyncio.Future[bool]


class Ledger:
    """The driver's only way to the database: one thread, and one commit for all that is waiting.

    Each commit renews the lease first and fails as a whole if it was lost (`LeaseLost`).
    """

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._waiting: list[_Entry[bool]] = []
        self._flushing: asyncio.Task[None] | None = None

    async def write(self, write: Callable[[], Written]) -> bool:
        """Commit `write`, together with whatever else is waiting; False if fenced off."""
        loop = asyncio.get_running_loop()
        entry = _Entry[bool](write=write, answer=loop.create_future())
        self._waiting.append(entry)
        if self._flushing is None or self._flushing.done():
            self._flushing = loop.create_task(self._flush())
        return await asyncio.shield(entry.answer)

    async def run(self, read: Callable[[], T]) -> T:
        """Run `read` in the database thread; it opens its own transaction if it writes."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, _healing, read)

    async def settle(self) -> None:
        """Wait until all that was to be written is written."""
        while self._flushing is not None and not self._flushing.done():
            await asyncio.gather(self._flushing, return_exceptions=True)

    async def aclose(self) -> None:
        await self.settle()
        await self.run(connections.close_all)
        self._thread.shutdown(wait=True)

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                answers = await self._try(batch)
            except Exception as error:  # noqa: BLE001 - handed to whoever asked for the write
                if len(batch) == 1 or isinstance(error, LeaseLost):
                    for entry in batch:
                        _settle(entry, error=error)
                else:
                    await self._one_by_one(batch)
            else:
                for entry, answer in zip(batch, answers, strict=True):
                    _settle(entry, answer=answer)

    async def _one_by_one(self, batch: list[_Entry[bool]]) -> None:
        """One bad write must not hold back the others that happened to share its commit."""
        for entry in batch:
            try:
                answers = await self._try([entry])
            except Exception as error:  # noqa: BLE001 - likewise
                _settle(entry, error=error)
            else:
                _settle(entry, answer=answers[0])

    async def _try(self, batch: list[_Entry[bool]]) -> list[bool]:
        for tries in range(1, MOST_TRIES):
            try:
                return await self.run(lambda: self._commit(batch))
            except (OperationalError, InterfaceError):
                await asyncio.sleep(TRY_AGAIN_AFTER * tries)
        return await self.run(lambda: self._commit(batch))

    def _commit(self, batch: list[_Entry[bool]]) -> list[bool]:
        takes: dict[int, set[int]] = defaultdict(set)
        lines: dict[int, set[int]] = defaultdict(set)
        with transaction.atomic():
            self._lease.renew()
            answers = []
            for entry in batch:
                written = entry.write()
                answers.append(written.ok)
                for seen in (written.seen, written.also) if written.ok else ():
                    if seen is not None:
                        takes[seen.project_id].add(seen.take_id)
                        lines[seen.project_id].add(seen.line_id)
            # In order of key, so that two drivers never wait for each other in a circle.
            for project_id in sorted(takes):
                touch(project_id, takes=takes[project_id], lines=lines[project_id])
        return answers


def _healing(read: Callable[[], T]) -> T:
    """A connection that broke is given up, or every later call in this thread would fail too."""
    try:
        return read()
    except Error:
        for connection in connections.all(initialized_only=True):
            connection.close_if_unusable_or_obsolete()
        raise


def _settle(entry: _Entry[bool], *, answer: bool = False, error: Exception | None = None) -> None:
    if entry.answer.done():
        return
    if error is not None:
        entry.answer.set_exception(error)
    else:
        entry.answer.set_result(answer)
