"""The keyed door to a remote API: two clients, one key, and every lower error named.

`Api.post` raises `NotAccepted` where the request surely never left, and `OutcomeUnknown` for all
else that is not a complete answer. `Api.get` raises `TryLater`. Complete answers, whatever their
status, come back as `Answer` for the engine to judge. Redirects are answers too: never followed.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError

from speech.engines.addresses import origin_of
from speech.engines.answers import BODY_LIMIT, Answer, Timeouts, tls_context
from speech.engines.pools import Pools
from speech.engines.reads import Reads, Unreadable
from speech.errors import (
    BlockedAddress,
    BrokenAnswer,
    NotAccepted,
    OutcomeUnknown,
    TryLater,
)

IDLE_SECONDS = 1.0
"""How long a POST connection may lie idle. Short, because a server that closes an idle connection
at the moment it is used again turns a harmless request into one with an unknown outcome."""

NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
BROKEN_OFF = (
    httpx.DecodingError,
    httpx.RemoteProtocolError,
    aiohttp.ClientPayloadError,
    aiohttp.ServerDisconnectedError,
    HttpProcessingError,
    Unreadable,
)
READ_ERRORS = (
    aiohttp.ClientError,
    HttpProcessingError,
    OSError,  # also ssl.SSLError and TimeoutError
    ValueError,
    EOFError,
)


class Redactor:
    """Takes keys out of text that came from elsewhere."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, text: str) -> str:
        if self._key:
            text = text.replace(self._key, "[key]")
        return re.sub(r"SG_[0-9A-Za-z]{6,}", "[key]", text)


class Api:
    """Calls to one provider with one key. Belongs to one event loop; close it there.

    It uses httpx's transports without httpx's client: the client keeps cookies, reads redirects
    that nobody follows, and hangs the request, key and all, on its exceptions.
    """

    def __init__(
        self,
        *,
        provider: str,
        header: str,
        key: str,
        origins: frozenset[str],
        post_timeouts: Timeouts,
        get_timeouts: Timeouts,
        post_connections: int = 16,
        get_connections: int = 50,
        post_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.provider = provider
        self.origins = origins
        headers = {
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": "takeroom",
            header: key,
        }
        self._posted = httpx.Headers({**headers, "content-type": "application/json"})
        self._timeouts = post_timeouts
        self._post = post_transport or _post_transport(post_connections)
        self._reads = Reads(headers=headers, timeouts=get_timeouts, connections=get_connections)

    async def post(self, url: str, payload: Mapping[str, Any]) -> Answer:
        """Send `payload` as JSON, once. Raises `NotAccepted` or `OutcomeUnknown`."""
        self._guard(url)
        body = json.dumps(payload).encode()
        try:
            return await self._send(url, body)
        except NEVER_SENT as error:
            raise NotAccepted(
                f"{self.provider} could not be reached ({_kind(error)})."
                " Nothing was sent, so nothing was charged.",
                code="unreachable",
            ) from error
        except Exception as error:
            # Wide on purpose: whatever is not proved unsent may have been accepted and charged.
            raise OutcomeUnknown(
                f"The connection to {self.provider} was lost after the request had been sent"
                f" ({_kind(error)}). {self.provider} may have made this take and charged for it.",
                code="timeout" if _is_timeout(error) else "connection_lost",
            ) from error

    async def get(self, url: str) -> Answer:
        """Read `url`. Raises `TryLater`; reads are always safe to repeat."""
        self._guard(url)
        try:
            return await self._reads.get(url)
        except READ_ERRORS as error:
            raise TryLater(
                f"{self.provider} could not be asked ({_kind(error)}). It will be asked again.",
                code="timeout" if _is_timeout(error) else "unreachable",
            ) from error

    async def aclose(self) -> None:
        await self._post.aclose()
        await self._reads.aclose()

    def _guard(self, url: str) -> None:
        """The key goes to its own origins only, whatever a caller asks for."""
        try:
            allowed = origin_of(url) in self.origins
        except BlockedAddress:
            allowed = False
        if not allowed:
            raise BrokenAnswer(
                f"An address that is not {self.provider}'s was not visited.",
                code="wrong_host",
            )

    async def _send(self, url: str, body: bytes) -> Answer:
        request = httpx.Request(
            "POST",
            url,
            content=body,
            headers=self._posted,
            extensions={"timeout": self._timeouts.split()},
        )
        async with asyncio.timeout(self._timeouts.total):
            response = await self._post.handle_async_request(request)
            # Errors of the body carry the response's request: one without the key.
            response.request = httpx.Request("POST", url)
            return await _answer(response)


def retry_at(headers: Mapping[str, str], *, reset_header: str, now: datetime) -> datetime | None:
    """When to come back, by `reset_header` or Retry-After; 1 s to 1 h from `now`, or None."""
    for name in (reset_header, "retry-after"):
        moment = _moment(headers.get(name, "").strip(), now)
        if moment is not None:
            return min(max(moment, now + timedelta(seconds=1)), now + timedelta(hours=1))
    return None


def _moment(raw: str, now: datetime) -> datetime | None:
    try:
        value = float(raw)
        if value < 0 or not math.isfinite(value):
            return None
        if value > 1e11:  # milliseconds since 1970
            value /= 1000
        return datetime.fromtimestamp(value, UTC) if value > 1e8 else now + timedelta(seconds=value)
    except (ValueError, OverflowError, OSError):
        pass
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(raw.removesuffix("UTC").strip())
        except (ValueError, IndexError, TypeError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


async def _answer(response: httpx.Response) -> Answer:
    try:
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > BODY_LIMIT:
                raise httpx.DecodingError("the answer is too long")
            chunks.append(chunk)
    finally:
        await response.aclose()
    return Answer(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=b"".join(chunks),
    )


def _post_transport(connections: int) -> httpx.AsyncBaseTransport:
    return Pools(connections=connections, make=plain_pool)


def plain_pool(connections: int) -> httpx.AsyncBaseTransport:
    """One of httpx's own, small, that forgets idle connections soon."""
    limits = httpx.Limits(
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=IDLE_SECONDS,
    )
    return httpx.AsyncHTTPTransport(verify=tls_context(), limits=limits, trust_env=False)


def _is_timeout(error: BaseException) -> bool:
    return isinstance(error, httpx.TimeoutException | TimeoutError)


def _kind(error: BaseException) -> str:
    """Why, in words; never the library's own message, which may quote what was sent."""
    if _is_timeout(error):
        return "it took too long"
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError | aiohttp.ClientSSLError):
            return "the secure connection failed"
        if isinstance(seen, aiohttp.ClientConnectorDNSError) or type(seen).__name__ == "gaierror":
            return "its name could not be found"
        if isinstance(seen, ConnectionRefusedError):
            return "the connection was refused"
        seen = seen.__cause__ or seen.__context__
    if isinstance(error, BROKEN_OFF):
        return "the answer was broken off or garbled"
    return "the connection failed"
