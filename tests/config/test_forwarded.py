from __future__ import annotations

from typing import Any

import pytest

from config.forwarded import ForwardedHeaders
from speech.client_address import Proxies, untrusted_forwarders

HOST = "studio.example.com"


async def seen(
    peer: str,
    headers: dict[str, str] | None = None,
    *,
    path: str = "/",
    server: str = "192.0.2.80",
    host: str = HOST,
) -> dict[str, Any]:
    """The scope that the application gets."""
    found: dict[str, Any] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        found.update(scope)

    async def silent(*_: Any) -> Any:
        return {}

    wrapped = ForwardedHeaders(application, proxies=Proxies.parse(["127.0.0.1"]), host=host)
    given = {"host": "localhost", **(headers or {})}
    scope = {
        "type": "http",
        "path": path,
        "scheme": "http",
        "client": (peer, 4711),
        "server": (server, 8000),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }
    await wrapped(scope, silent, silent)
    found["headers"] = {name.decode(): value.decode() for name, value in found["headers"]}
    return found


async def test_a_trusted_proxy_says_who_asked_and_how() -> None:
    said = {"x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https"}
    scope = await seen("::ffff:127.0.0.1", said)
    assert (scope["client"], scope["scheme"]) == (("198.51.100.7", 0), "https")


async def test_nobody_else_does_and_it_is_told() -> None:
    said = {"x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https"}
    scope = await seen("::ffff:203.0.113.77", said)
    assert (scope["client"], scope["scheme"]) == (("203.0.113.77", 4711), "http")
    assert untrusted_forwarders.latest()[0] == "203.0.113.77"


@pytest.mark.parametrize("peer", ["127.0.0.1", "203.0.113.9"])
async def test_what_proxies_say_goes_no_further(peer: str) -> None:
    said = {
        "x-forwarded-for": "198.51.100.7",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "evil.example",
        "x-forwarded-port": "1",
        "x-real-ip": "198.51.100.8",
        "forwarded": "for=198.51.100.9",
    }
    assert (await seen(peer, said))["headers"] == {"host": "localhost"}


@pytest.mark.parametrize(
    ("peer", "headers", "path", "answered"),
    [
        ("127.0.0.1", {}, "/healthz", HOST),
        ("::ffff:127.0.0.1", {}, "/healthz", HOST),
        ("::1", {}, "/healthz", HOST),
        ("192.0.2.80", {}, "/healthz", HOST),  # the address that the studio listens on
        ("203.0.113.9", {}, "/healthz", "localhost"),
        ("127.0.0.1", {"x-forwarded-for": "198.51.100.7"}, "/healthz", "localhost"),
        ("127.0.0.1", {}, "/", "localhost"),
        ("127.0.0.1", {}, "/healthz/", "localhost"),
    ],
)
async def test_only_the_machine_itself_may_ask_for_its_health_by_another_name(
    peer: str, headers: dict[str, str], path: str, answered: str
) -> None:
    assert (await seen(peer, headers, path=path))["headers"]["host"] == answered


async def test_without_a_public_name_no_host_is_touched() -> None:
    assert (await seen("127.0.0.1", path="/healthz", host=""))["headers"]["host"] == "localhost"
