"""Refuses request bodies that no page could want, before they fill a disk.

Django's ASGI handler takes a whole body in before any view can look at it. A length that is
announced is judged by its word; one that is not (chunked) is counted as it comes.
"""

from __future__ import annotations

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
    """An ASGI application around another; bodies over `most` bytes get 413 and a sentence."""

    def __init__(self, application: Application, *, most: int) -> None:
        self._application = application
        self._most = most
        self._sentence = (
            f"This upload is larger than {most // (1024 * 1024)} MB, the most that this studio"
            " takes. Go back, and choose a smaller file.\n"
        ).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        if _announced(scope) > self._most + FORM_ROOM:
            await self._refuse(send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._most + FORM_ROOM:
                raise TooLarge
            return message

        try:
            await self._application(scope, counted, send)
        except TooLarge:
            await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(self._sentence)).encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": self._sentence})


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
