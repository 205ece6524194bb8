"""Puts the real client into each request before anything looks at it.

Whatever the headers of proxies say is read here and taken out, so that nothing further in can
believe a word that was not vouched for; what they mean is `speech.client_address`'s to say.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from speech.client_address import FORWARDED, Proxies, canonical, untrusted_forwarders

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HEALTH_PATH = "/healthz"
LOOPBACK = Proxies.parse(["127.0.0.0/8", "::1"])


class ForwardedHeaders:
    """An ASGI application around another, which finds the client in `scope`.

    A health check that comes from this very machine asks by address, and is answered as if it had
    asked by `host`, the public name; nothing else is (`ALLOWED_HOSTS`).
    """

    def __init__(self, application: Application, *, proxies: Proxies, host: str = "") -> None:
        self._application = application
        self._proxies = proxies
        self._host = host.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = self._with_client(scope)
        await self._application(scope, receive, send)

    def _with_client(self, scope: Scope) -> Scope:
        forwarded: dict[str, list[str]] = {}
        headers = []
        for name, value in scope["headers"]:
            word = name.decode("latin-1")
            if word in FORWARDED:
                forwarded.setdefault(word, []).append(value.decode("latin-1"))
            else:
                headers.append((name, value))
        address, port = scope.get("client") or ("", 0)
        peer = canonical(address)
        if forwarded and not self._proxies.trust(peer):
            untrusted_forwarders.note(peer)
        client = self._proxies.client(peer=peer, scheme=scope["scheme"], headers=forwarded)
        if not forwarded and self._host and self._is_own_check(scope, peer):
            headers = [pair for pair in headers if pair[0] != b"host"]
            headers.append((b"host", self._host))
        known = (client.address, port if client.address == peer else 0)
        return {**scope, "headers": headers, "client": known, "scheme": client.scheme}

    @staticmethod
    def _is_own_check(scope: Scope, peer: str) -> bool:
        own = canonical((scope.get("server") or ("",))[0])
        return scope["path"] == HEALTH_PATH and (LOOPBACK.trust(peer) or peer == own != "")
