"""HTTP/1.1 by hand, for a server that must be able to behave badly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

HEAD_LIMIT = 64 * 1024


class Drop(Exception):
    """Close the connection now, without an answer and without a farewell."""


@dataclass(kw_only=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    reader: asyncio.StreamReader = field(repr=False)
    _body: bytes | None = None

    async def read(self) -> bytes:
        """The whole body; until this is called nothing past the head has been taken."""
        if self._body is None:
            length = int(self.headers.get("content-length", "0"))
            self._body = await self.reader.readexactly(length) if length else b""
        return self._body


@dataclass(kw_only=True)
class Reply:
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_at: int | None = None
    """Send only so many bytes of the body, then drop the connection."""
    drip: float = 0.0
    """Seconds between single bytes of the body; 0 sends it whole."""
    announce: bool = True
    """Say the length beforehand; otherwise the end of the connection is the end of the body."""


Handler = Callable[[Request], Awaitable[Reply]]


def json_reply(data: Any, *, status: int = 200, **headers: str) -> Reply:
    return Reply(
        status=status,
        body=json.dumps(data).encode(),
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


async def listen(handler: Handler, *, host: str, port: int) -> asyncio.Server:
    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await _one(handler, reader, writer):
                pass
        except (Drop, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.transport.abort()
        finally:
            writer.close()

    return await asyncio.start_server(connection, host, port, limit=HEAD_LIMIT, backlog=4096)


async def _one(
    handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    """Serve one request; False where the connection shall end."""
    opening = await reader.readexactly(1)
    if opening == b"\x16":  # a TLS client; nothing of it would ever look like a request
        raise Drop
    head = (opening + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines if line)
    parts = urlsplit(target)
    request = Request(
        method=method,
        path=unquote(parts.path),
        query={name: values[0] for name, values in parse_qs(parts.query).items()},
        headers={name.strip().lower(): value.strip() for name, _, value in pairs},
        reader=reader,
    )
    reply = await handler(request)
    await request.read()
    await _send(reply, writer)
    return reply.announce and request.headers.get("connection", "").lower() != "close"


async def _send(reply: Reply, writer: asyncio.StreamWriter) -> None:
    lines = [f"HTTP/1.1 {reply.status} X", f"content-type: {reply.content_type}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    lines.append(f"content-length: {len(reply.body)}" if reply.announce else "connection: close")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    if reply.cut_at is not None:
        writer.write(head + reply.body[: reply.cut_at])
        await writer.drain()
        # An orderly end, so that the client surely gets the bytes that were sent.
        writer.close()
        await writer.wait_closed()
        raise Drop
    if reply.drip:
        writer.write(head)
        for number in range(len(reply.body)):
            writer.write(reply.body[number : number + 1])
            await writer.drain()
            await asyncio.sleep(reply.drip)
        return
    writer.write(head + reply.body)
    await writer.drain()
