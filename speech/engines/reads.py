"""Reads over aiohttp alone: a thousand waiting jobs are asked for again and again.

Rule: one session with the key in its headers, no cookies, no redirects, no decompression, a body up
to `BODY_LIMIT`. Reason: httpx around it built two requests and a response for each read, which
took as long as the read itself. Price: errors are aiohttp's own, and vague; a read may be
repeated, so that does not matter, except that some of them hold the headers that were sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import aiohttp
from yarl import URL

from speech.engines.answers import BODY_LIMIT, Answer, Timeouts, tls_context


class Unreadable(aiohttp.ClientError):
    """The answer was broken off, garbled, or too long. Holds nothing of what was sent."""


class Reads:
    """Belongs to the event loop that first reads; close it there."""

    def __init__(self, *, headers: Mapping[str, str], timeouts: Timeouts, connections: int) -> None:
        self._headers = headers
        self._connections = connections
        self._timeout = aiohttp.ClientTimeout(
            total=timeouts.total,
            connect=timeouts.pool,
            sock_connect=timeouts.connect,
            sock_read=timeouts.read,
        )
        self._session: aiohttp.ClientSession | None = None

    async def get(self, url: str) -> Answer:
        """One complete answer. Raises aiohttp's errors and TimeoutError."""
        if self._session is None:
            self._session = self._open()
        try:
            async with self._session.get(_parsed(url), allow_redirects=False) as response:
                return Answer(
                    status=response.status,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=await _body(response),
                )
        except aiohttp.ClientResponseError as error:
            unreadable = type(error).__name__
        # Raised outside the except: aiohttp's error holds the headers that were sent, key and all.
        raise Unreadable(unreadable)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections, ssl=tls_context()),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
            timeout=self._timeout,
            auto_decompress=False,
        )


async def _body(response: aiohttp.ClientResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > BODY_LIMIT:
            raise Unreadable("the answer is too long")
        chunks.append(chunk)
    return b"".join(chunks)


@lru_cache(maxsize=4096)
def _parsed(url: str) -> URL:
    """As it stands: what was judged is what is asked for. The same one is asked again and again."""
    return URL(url, encoded=True)
