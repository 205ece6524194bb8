"""Connections to file servers, kept for the next file.

Rule: one small pool for each name, port and judged address together. Reason: connections are
pooled by number here, and two names behind one number must not share a TLS session; but a
provider's outputs all come from one host, and a handshake for each costs more than the file. Price:
some sockets stay open for a second.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

import httpx

from speech.engines.addresses import IPAddress, Target
from speech.engines.http import plain_pool
from speech.engines.pools import Pools

CONNECTIONS = 24
"""To one address at once; more downloads wait for each other."""


class Doors:
    """Belongs to one event loop, and to one slice of a driver; close it there, or use it as a
    context."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str, int, IPAddress], httpx.AsyncBaseTransport] = {}

    def to(self, target: Target, address: IPAddress) -> httpx.AsyncBaseTransport:
        key = (target.scheme, target.host, target.port, address)
        if key not in self._open:
            self._open[key] = Pools(connections=CONNECTIONS, make=plain_pool)
        return self._open[key]

    async def aclose(self) -> None:
        doors, self._open = self._open, {}
        for door in doors.values():
            await door.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
