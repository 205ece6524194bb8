"""A file from the web, onto the disk: checked, pinned, capped, complete or absent.

Rule: each hop's name is resolved once, judged, and the connection is made to the judged address,
with the name kept in the Host header and in TLS. Trusted origins (an administrator's, for outputs
only) may be private, but only while every hop so far was trusted: a public page cannot redirect
into the private network. The bytes are taken as sent (no decompression), sniffed at once, and
renamed into place after an fsync. The API key is never sent. `data:` addresses are refused.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from speech.engines.addresses import (
    IPAddress,
    Resolver,
    Target,
    check_url,
    parse_url,
    resolve,
    resolve_public,
)
from speech.engines.doors import Doors
from speech.engines.http import retry_at
from speech.errors import (
    AudioTooBig,
    BlockedAddress,
    NotAudio,
    RateLimited,
    Refused,
    TryLater,
)

Sniff = Callable[[bytes], str | None]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
HOPS_LIMIT = 5
SNIFF_BYTES = 64
ADDRESSES_TRIED = 3

REFUSALS = {
    401: ("file_forbidden", "The server asks for a sign-in before it gives out the file."),
    403: ("file_forbidden", "The server does not give out the file."),
    404: ("file_gone", "There is no file at that address (any more)."),
    410: ("file_gone", "There is no file at that address any more."),
}


@dataclass(frozen=True, kw_only=True)
class Downloaded:
    """What was stored: `kind` as the sniffer named it (empty without one), `size` in bytes."""

    kind: str
    size: int


async def download(
    url: str,
    into: Path,
    *,
    max_bytes: int,
    timeout: float,
    trusted_origins: frozenset[str] = frozenset(),
    resolver: Resolver | None = None,
    accept: frozenset[str] | None = None,
    sniff: Sniff | None = None,
    doors: Doors | None = None,
) -> Downloaded:
    """Store the file at `url` as `into`, within `timeout` seconds in all.

    `doors`: where the caller fetches many files, the connections that they share. With `sniff`,
    only kinds it knows (and `accept` names, if given) are kept. Raises `BlockedAddress`,
    `AudioTooBig`, `NotAudio`, `TryLater`, `RateLimited` or `Refused`; `into` is then as it was
    before.
    """
    try:
        async with asyncio.timeout(timeout), nullcontext(doors) if doors else Doors() as ways:
            return await _download(
                url,
                into,
                max_bytes=max_bytes,
                trusted_origins=trusted_origins,
                resolver=resolver,
                check=_Check(accept=accept, sniff=sniff),
                doors=ways,
            )
    except TimeoutError as error:  # aiohttp's own are among them
        raise TryLater("The file took too long to arrive.", code="timeout") from error
    except (aiohttp.ClientError, HttpProcessingError) as error:
        raise TryLater(
            "The connection to the file's server failed or broke off.", code="connection_lost"
        ) from error
    except OSError as error:
        raise TryLater("The file could not be stored on the disk.", code="storage") from error


@dataclass(frozen=True, kw_only=True)
class _Check:
    accept: frozenset[str] | None
    sniff: Sniff | None

    def __call__(self, head: bytes) -> str:
        if not head:
            raise NotAudio("The address answered with an empty file.")
        if self.sniff is None:
            return ""
        kind = self.sniff(head)
        if kind is None:
            page = head.lstrip()[:1] == b"<"
            raise NotAudio(
                "The address leads to a web page, not to a sound file."
                if page
                else "The file at that address is not a sound file we know."
            )
        if self.accept is not None and kind not in self.accept:
            raise NotAudio(f"The file at that address is {kind}, which is not taken here.")
        return kind


async def _download(
    url: str,
    into: Path,
    *,
    max_bytes: int,
    trusted_origins: frozenset[str],
    resolver: Resolver | None,
    check: _Check,
    doors: Doors,
) -> Downloaded:
    trusted = True
    for _ in range(HOPS_LIMIT + 1):
        target = parse_url(url)
        trusted = trusted and target.origin in trusted_origins
        if trusted:
            addresses = await resolve(target.host, target.port, resolver=resolver)
        else:
            check_url(url)
            addresses = await resolve_public(target.host, target.port, resolver=resolver)
        async with _opened(target, addresses, doors) as response:
            if response.status not in REDIRECTS:
                _judge(response, max_bytes)
                return await _store(response, into, max_bytes=max_bytes, check=check)
            location = response.headers.get("location", "")
        if not location:
            raise Refused("The address redirects to nowhere.", code="bad_redirect")
        try:
            url = urljoin(url, location)
        except ValueError as error:
            raise BlockedAddress("The address redirects to something unreadable.") from error
    raise Refused(f"The address redirects more than {HOPS_LIMIT} times.", code="bad_redirect")


@asynccontextmanager
async def _opened(
    target: Target, addresses: Sequence[IPAddress], doors: Doors
) -> AsyncIterator[aiohttp.ClientResponse]:
    *others, last = addresses[:ADDRESSES_TRIED]
    async with AsyncExitStack() as stack:
        for address in others:
            try:
                response = await stack.enter_async_context(doors.get(target, address))
                break
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
                continue
        else:
            response = await stack.enter_async_context(doors.get(target, last))
        yield response


def _judge(response: aiohttp.ClientResponse, max_bytes: int) -> None:
    status = response.status
    if status == 429:
        moment = retry_at(response.headers, reset_header="retry-after", now=datetime.now(UTC))
        raise RateLimited(
            "The file's server asks us to wait.", code="rate_limited", status=429, retry_at=moment
        )
    if status in REFUSALS:
        code, sentence = REFUSALS[status]
        raise Refused(sentence, code=code, status=status)
    if status >= 500 or status in {408, 425}:
        raise TryLater(
            f"The file's server has trouble (HTTP {status}).", code="server_error", status=status
        )
    if status not in {200, 203}:
        raise Refused(
            f"The file's server does not give out the file (HTTP {status}).",
            code=f"http_{status}",
            status=status,
        )
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > max_bytes:
        raise _too_big(max_bytes)


async def _store(
    response: aiohttp.ClientResponse, into: Path, *, max_bytes: int, check: _Check
) -> Downloaded:
    handle, name = tempfile.mkstemp(dir=into.parent, prefix=f".{into.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            kind, size = await _pour(response, file, max_bytes=max_bytes, check=check)
            await asyncio.to_thread(_keep, file, part, into)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return Downloaded(kind=kind, size=size)


async def _pour(
    response: aiohttp.ClientResponse, file: BinaryIO, *, max_bytes: int, check: _Check
) -> tuple[str, int]:
    head, kind, size = b"", "", 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > max_bytes:
            raise _too_big(max_bytes)
        if len(head) < SNIFF_BYTES:
            head += chunk[:SNIFF_BYTES]
            if len(head) >= SNIFF_BYTES:
                kind = check(head)
        file.write(chunk)
    if len(head) < SNIFF_BYTES:
        kind = check(head)
    return kind, size


def _keep(file: BinaryIO, part: Path, into: Path) -> None:
    """Only a file that is on the disk gets its name. The name itself may be lost with the power:
    the file is then fetched again."""
    file.flush()
    os.fsync(file.fileno())
    part.replace(into)


def _too_big(max_bytes: int) -> AudioTooBig:
    return AudioTooBig(f"The file is bigger than {max_bytes / 1_000_000:g} MB.")
