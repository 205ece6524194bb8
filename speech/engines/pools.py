"""Many small httpx pools in place of a large one.

Rule: a submit goes to the least busy of many pools of `EACH` connections. Reason: httpcore's pool
walks over all of its connections for each idle one, on each request; a thousand submits over 100
connections cost 6.5 s of CPU in one pool, and 1.2 s in 25 pools of four. Price: a connection that
lies idle in one pool is not used by another. Revisit when httpcore's pool scales.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx

EACH = 4


class Pools(httpx.AsyncBaseTransport):
    """`make(connections)` gives a transport with that many connections."""

    def __init__(
        self, *, connections: int, make: Callable[[int], httpx.AsyncBaseTransport]
    ) -> None:
        self._pools = [make(EACH) for _ in range(-(-connections // EACH))]
        self._busy = [0] * len(self._pools)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        index = min(range(len(self._pools)), key=self._busy.__getitem__)
        self._busy[index] += 1
        try:
            response = await self._pools[index].handle_async_request(request)
        except BaseException:
            self._busy[index] -= 1
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Counted(response.stream, lambda: self._leave(index))
        return response

    def _leave(self, index: int) -> None:
        self._busy[index] -= 1

    async def aclose(self) -> None:
        for pool in self._pools:
            await pool.aclose()


class _Counted(httpx.AsyncByteStream):
    """A connection is busy until the answer was read, not only until its head has come."""

    def __init__(self, stream: httpx.AsyncByteStream, leave: Callable[[], None]) -> None:
        self._stream = stream
        self._leave: Callable[[], None] | None = leave

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._stream.__aiter__()

    async def aclose(self) -> None:
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()
        await self._stream.aclose()
