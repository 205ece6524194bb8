from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from django.db import Error, InterfaceError, OperationalError, connections, transaction

from speech.jobs import books
from speech.jobs.lease import Lease, LeaseLost
from speech.jobs.moves import Move

T = TypeVar("T")

MOST_TRIES = 3
"""Of a commit that failed for a passing reason: a deadlock, a lock, a lost connection."""
TRY_AGAIN_AFTER = 0.1


@dataclass(kw_only=True)
class _Entry:
    move: Move
    answer: asyncio.Future[bool]


class Ledger:
    """The driver's only way to the database: one thread, and one commit for all that is waiting.

    `patience` says for how many seconds to wait for more to write before a commit. Each renews the
    lease first and fails as a whole if it was lost (`LeaseLost`).
    """

    def __init__(self, lease: Lease, *, patience: Callable[[], float] = lambda: 0.0) -> None:
        self._patience = patience
        self._lease = lease
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._waiting: list[_Entry] = []
        self._flushing: asyncio.Task[None] | None = None

    async def write(self, move: Move) -> bool:
        """Commit `move`, together with whatever else is waiting; False if the row is not ours."""
        loop = asyncio.get_running_loop()
        entry = _Entry(move=move, answer=loop.create_future())
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
            if patience := self._patience():
                await asyncio.sleep(patience)
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

    async def _one_by_one(self, batch: list[_Entry]) -> None:
        """One bad write must not hold back the others that happened to share its commit."""
        for entry in batch:
            try:
                answers = await self._try([entry])
            except Exception as error:  # noqa: BLE001 - likewise
                _settle(entry, error=error)
            else:
                _settle(entry, answer=answers[0])

    async def _try(self, batch: list[_Entry]) -> list[bool]:
        for tries in range(1, MOST_TRIES):
            try:
                return await self.run(lambda: self._commit(batch))
            except (OperationalError, InterfaceError):
                await asyncio.sleep(TRY_AGAIN_AFTER * tries)
        return await self.run(lambda: self._commit(batch))

    def _commit(self, batch: list[_Entry]) -> list[bool]:
        with transaction.atomic():
            self._lease.renew()
            return books.write(self._lease.owner, [entry.move for entry in batch])


def _healing(read: Callable[[], T]) -> T:
    """A connection that broke is given up, or every later call in this thread would fail too."""
    try:
        return read()
    except Error:
        for connection in connections.all(initialized_only=True):
            connection.close_if_unusable_or_obsolete()
        raise


def _settle(entry: _Entry, *, answer: bool = False, error: Exception | None = None) -> None:
    if entry.answer.done():
        return
    if error is not None:
        entry.answer.set_exception(error)
    else:
        entry.answer.set_result(answer)
