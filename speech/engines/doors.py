"""Connections to file servers, kept for the next file: aiohttp alone.

Rule: a request goes to the judged number, with the name in the Host header and in TLS; connections
are kept for each name, port and number together. Reason: two names behind one number must not share
a TLS session; but a provider's outputs all come from one host, and a handshake for each costs more
than the file. httpx took three times as long for a small file. Price: some sockets stay open for
a while.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from speech.engines.addresses import IPAddress, Target
from speech.engines.answers import tls_context

CONNECTIONS = 24
"""To one server at once; more downloads wait for each other."""
IDLE_SECONDS = 5.0
TIMEOUTS = aiohttp.ClientTimeout(total=None, sock_connect=5.0, sock_read=20.0)
"""Seconds, for each hop; whoever downloads bounds them all together."""
HEADERS = {
    "accept": "audio/*, */*;q=0.5",
    "accept-encoding": "identity",
    "user-agent": "takeroom",
}


class Doors:
    """Belongs to the event loop that first asks, and to one slice of a driver; close it there, or
    use it as a context."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def get(
        self, target: Target, address: IPAddress
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """The answer, redirects and all, its body unread and not unpacked. Raises aiohttp's errors
        and TimeoutError."""
        if self._session is None:
            self._session = _open()
        return self._session.get(
            URL(target.at(address), encoded=True), headers={"host": target.host_header},
            server_hostname=target.host, allow_redirects=False,
        )  # fmt: skip

    async def aclose(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


def _open() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0, limit_per_host=CONNECTIONS, keepalive_timeout=IDLE_SECONDS, ssl=tls_context()
        ),
        cookie_jar=aiohttp.DummyCookieJar(), headers=HEADERS, timeout=TIMEOUTS,
        auto_decompress=False,
    )  # fmt: skip
