"""Refuses request bodies that no page could want, before they fill a disk.

Django's ASGI handler takes a whole body in before any view can look at it. A length that is
announced is judged by its word; one that is not (chunked) is counted as it comes. A file that
comes as base64 in JSON may be as large as one that comes as it is, so its body may be longer.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

FORM_ROOM = 1024 * 1024
"""Bytes beside the file: field names, boundaries, other fields."""


class TooLarge(Exception):
    pass


class BodyLimit:
    """An ASGI application around another; bodies over `most` bytes get 413 and a sentence: in the
    API's envelope where JSON was sent. At the paths in `encoded`, `most` is meant before base64."""

    def __init__(
        self, application: Application, *, most: int, encoded: frozenset[str] = frozenset()
    ) -> None:
        self._application = application
        self._most = most
        self._encoded = encoded
        self._sentence = (
            f"This upload is larger than {most // (1024 * 1024)} MB, the most that this studio"
            " takes."
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        most = self._most * 4 // 3 if scope.get("path") in self._encoded else self._most
        if _announced(scope) > most + FORM_ROOM:
            await self._refuse(scope, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most + FORM_ROOM:
                raise TooLarge
            return message

        try:
            await self._application(scope, counted, send)
        except TooLarge:
            await self._refuse(scope, send)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        if _header(scope, b"content-type").startswith(b"application/json"):
            kind, body = b"application/json", json.dumps({"error": self._sentence})
        else:
            kind = b"text/plain; charset=utf-8"
            body = f"{self._sentence} Go back, and choose a smaller file.\n"
        sent = body.encode()
        headers = [
            (b"content-type", kind),
            (b"content-length", str(len(sent)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": sent})


def _announced(scope: Scope) -> int:
    value = _header(scope, b"content-length")
    return int(value) if value.isdigit() else 0


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((bytes(value) for name, value in scope["headers"] if name == wanted), b"")
