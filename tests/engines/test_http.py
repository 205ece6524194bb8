"""The keyed door: what each broken connection means, for a POST and for a GET."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from speech.engines.addresses import origin_of
from speech.engines.answers import Answer
from speech.engines.http import Api, Redactor, retry_at
from speech.errors import BrokenAnswer, NotAccepted, OutcomeUnknown, TryLater
from tests.engines.conftest import HASTY
from tests.upstream.client import KEY, Upstream

TellsNoKey = Callable[[BaseException], None]
BODY = {"text": "Hm.", "reference_audio": "https://voices.example/a.mp3"}


def door(*urls: str, post_transport: httpx.AsyncBaseTransport | None = None) -> Api:
    return Api(
        provider="Segmind",
        header="x-api-key",
        key=KEY,
        origins=frozenset(origin_of(url) for url in urls),
        post_timeouts=HASTY,
        get_timeouts=HASTY,
        post_transport=post_transport,
    )


@pytest.fixture
async def api(upstream: Upstream) -> AsyncIterator[Api]:
    running = door(upstream.url)
    yield running
    await running.aclose()


def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


async def never_sent(url: str) -> NotAccepted:
    api = door(url)
    with pytest.raises(NotAccepted, match="Nothing was sent, so nothing was charged") as caught:
        await api.post(f"{url}/v2/x", BODY)
    await api.aclose()
    return caught.value


async def test_it_knows_that_a_refused_connection_took_nothing(tells_no_key: TellsNoKey) -> None:
    error = await never_sent(closed_port())
    assert error.reason == "unreachable"
    assert "the connection was refused" in error.sentence
    tells_no_key(error)


async def test_it_knows_that_an_unknown_name_took_nothing(tells_no_key: TellsNoKey) -> None:
    tells_no_key(await never_sent("http://no-such-host.invalid"))


async def test_it_knows_that_a_failed_handshake_took_nothing(
    upstream: Upstream, tells_no_key: TellsNoKey
) -> None:
    error = await never_sent(upstream.url.replace("http:", "https:"))
    assert "the secure connection failed" in error.sentence
    assert upstream.log().posts == []
    tells_no_key(error)


async def test_it_knows_that_a_request_waiting_for_its_turn_took_nothing(
    upstream: Upstream,
) -> None:
    transport = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=1))
    api = Api(
        provider="Segmind", header="x-api-key", key=KEY, origins=frozenset({upstream.url}),
        post_timeouts=replace(HASTY, pool=0.1, read=5, total=5),
        get_timeouts=HASTY, post_transport=transport,
    )  # fmt: skip
    upstream.rule("submit", "hang", seconds=3)
    first = asyncio.create_task(api.post(f"{upstream.url}/v2/x", BODY))
    await asyncio.to_thread(upstream.wait_for, "submit")
    with pytest.raises(NotAccepted):
        await api.post(f"{upstream.url}/v2/x", BODY)
    first.cancel()
    await api.aclose()
    assert upstream.log().hits == {"submit": 1}


@pytest.mark.parametrize(
    ("do", "more", "code"),
    [
        ("drop_early", {}, "connection_lost"),
        ("drop_late", {}, "connection_lost"),
        ("drop_late", {"accept": True}, "connection_lost"),
        ("hang", {"seconds": 5}, "timeout"),
        ("cut", {}, "connection_lost"),
        ("cut", {"at": 0}, "connection_lost"),
        ("drip", {"seconds": 0.05}, "timeout"),
    ],
)
async def test_it_is_in_doubt_once_a_post_was_on_its_way(
    *, api: Api, upstream: Upstream, tells_no_key: TellsNoKey, do: str, more: dict[str, Any],
    code: str,
) -> None:  # fmt: skip
    upstream.rule("submit", do, **more)
    with pytest.raises(OutcomeUnknown, match="may have made this take and charged") as caught:
        await api.post(f"{upstream.url}/v2/chatterbox-turbo-tts", BODY)
    assert caught.value.reason == code
    assert upstream.log().hits == {"submit": 1}
    tells_no_key(caught.value)


async def test_it_is_in_doubt_when_a_reused_connection_ends_after_sending(
    api: Api, upstream: Upstream
) -> None:
    await api.post(f"{upstream.url}/v2/chatterbox-turbo-tts", BODY)
    upstream.rule("submit", "drop_early")
    with pytest.raises(OutcomeUnknown):
        await api.post(f"{upstream.url}/v2/chatterbox-turbo-tts", BODY)
    assert upstream.log().hits == {"submit": 2}


async def test_it_is_in_doubt_when_something_unheard_of_happens(
    upstream: Upstream, tells_no_key: TellsNoKey
) -> None:
    def odd(request: httpx.Request) -> httpx.Response:
        raise RuntimeError("who knows")

    api = door(upstream.url, post_transport=httpx.MockTransport(odd))
    with pytest.raises(OutcomeUnknown) as caught:
        await api.post(f"{upstream.url}/v2/x", BODY)
    tells_no_key(caught.value)


async def test_it_takes_an_endless_answer_to_a_post_for_no_answer(
    api: Api, upstream: Upstream
) -> None:
    upstream.rule("submit", "big", size=2_000_000, announce=False)
    with pytest.raises(OutcomeUnknown, match="garbled"):
        await api.post(f"{upstream.url}/v2/chatterbox-turbo-tts", BODY)


@pytest.mark.parametrize(
    ("do", "more", "code"),
    [
        ("drop_early", {}, "unreachable"),
        ("drop_late", {}, "unreachable"),
        ("hang", {"seconds": 5}, "timeout"),
        ("cut", {}, "unreachable"),
        ("drip", {"seconds": 0.05}, "timeout"),
        ("big", {"size": 2_000_000, "announce": True}, "unreachable"),
    ],
)
async def test_it_asks_again_later_whatever_breaks_a_read(
    *, api: Api, upstream: Upstream, tells_no_key: TellsNoKey, do: str, more: dict[str, Any],
    code: str,
) -> None:  # fmt: skip
    upstream.rule("credits", do, times=None, **more)
    with pytest.raises(TryLater) as caught:
        await api.get(f"{upstream.url}/v1/get-user-credits")
    assert caught.value.reason == code
    tells_no_key(caught.value)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_it_asks_again_later_where_nobody_listens(
    scheme: str, tells_no_key: TellsNoKey
) -> None:
    url = closed_port().replace("http", scheme)
    api = door(url)
    with pytest.raises(TryLater, match="the connection was refused") as caught:
        await api.get(f"{url}/v1/get-user-credits")
    await api.aclose()
    tells_no_key(caught.value)


async def test_it_asks_again_later_when_a_handshake_or_a_name_fails(
    upstream: Upstream, tells_no_key: TellsNoKey
) -> None:
    for url in (upstream.url.replace("http:", "https:"), "http://no-such-host.invalid"):
        api = door(url)
        with pytest.raises(TryLater) as caught:
            await api.get(f"{url}/v1/get-user-credits")
        await api.aclose()
        tells_no_key(caught.value)


@pytest.mark.parametrize(
    "raw", [b"\x16\x03\x01\x00\xa5", b"HTTP/1.1 abc\r\n\r\n", b"\r\n" * 9, b""]
)
async def test_it_survives_a_server_that_speaks_something_else(
    raw: bytes, tells_no_key: TellsNoKey
) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        writer.close()

    listener = await asyncio.start_server(babble, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    api = door(url)
    with pytest.raises(TryLater) as read:
        await api.get(f"{url}/x")
    with pytest.raises(OutcomeUnknown) as sent:
        await api.post(f"{url}/x", BODY)
    await api.aclose()
    listener.close()
    tells_no_key(read.value)
    tells_no_key(sent.value)


async def test_it_sends_the_key_only_to_its_own_origins(
    api: Api, upstream: Upstream, other_upstream: Upstream
) -> None:
    await api.get(f"{upstream.url}/v1/get-user-credits")
    for url in (other_upstream.url, "file:///etc/passwd", "http://[", ""):
        with pytest.raises(BrokenAnswer):
            await api.get(f"{url}/v1/get-user-credits")
        with pytest.raises(BrokenAnswer):
            await api.post(f"{url}/v2/x", BODY)
    assert upstream.log().keyed == {"credits": 1}
    assert other_upstream.log().hits == {}


async def test_it_never_follows_a_redirect(
    api: Api, upstream: Upstream, other_upstream: Upstream
) -> None:
    upstream.rule("credits", "redirect", to=f"{other_upstream.url}/v1/get-user-credits")
    upstream.rule("submit", "redirect", status=307, to=f"{other_upstream.url}/v2/x")
    read = await api.get(f"{upstream.url}/v1/get-user-credits")
    sent = await api.post(f"{upstream.url}/v2/x", BODY)
    assert (read.status, sent.status) == (302, 307)
    assert other_upstream.log().hits == {}


async def test_it_keeps_no_cookies(api: Api, upstream: Upstream) -> None:
    upstream.rule("credits", "answer", headers={"set-cookie": "who=me; Path=/"}, body={})
    await api.get(f"{upstream.url}/v1/get-user-credits")
    seen: list[str] = []

    async def listener(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        writer.write(b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 2\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(listener, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    own = door(url)
    for _ in range(2):
        await own.get(f"{url}/x")
        await own.post(f"{url}/x", BODY)
    await own.aclose()
    server.close()
    assert len(seen) == 4
    assert not any("cookie" in head for head in seen)


async def test_it_shows_no_key_when_printed(api: Api, tells_no_key: TellsNoKey) -> None:
    answer = Answer(status=200, headers={"x": KEY}, body=KEY.encode())
    assert KEY not in repr(api) + repr(answer) + str(answer)


def test_it_leaves_room_for_connecting_in_the_total_time() -> None:
    with pytest.raises(ValueError, match="longer than pool"):
        replace(HASTY, total=1.2)


def test_it_takes_keys_out_of_what_others_say() -> None:
    redact = Redactor("secret-one")
    assert redact("key secret-one or SG_0123456789abcdef refused") == "key [key] or [key] refused"


NOW = datetime(2026, 9, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"reset": "2026-09-01T12:00:30Z"}, 30),
        ({"reset": "2026-09-01T14:00:30+02:00"}, 30),
        ({"reset": "2026-09-01 12:00:30"}, 30),
        ({"reset": "2026-09-01 12:00:30 UTC"}, 30),
        ({"reset": "Tue, 01 Sep 2026 12:00:30 GMT"}, 30),
        ({"reset": "1788264030"}, 30),
        ({"reset": "1788264030000"}, 30),
        ({"reset": "30"}, 30),
        ({"retry-after": "30"}, 30),
        ({"retry-after": "Tue, 01 Sep 2026 12:00:30 GMT"}, 30),
        ({"reset": "soon", "retry-after": "7"}, 7),
        ({"reset": "2026-09-01T11:00:00Z"}, 1),
        ({"reset": "2030-01-01T00:00:00Z"}, 3600),
        ({"reset": "0"}, 1),
    ],
)
def test_it_reads_when_to_come_back(headers: dict[str, str], seconds: int) -> None:
    assert retry_at(headers, reset_header="reset", now=NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("raw", ["", "soon", "nan", "inf", "-5", "1e400", "2026-13-45"])
def test_it_knows_no_moment_where_none_is_said(raw: str) -> None:
    assert retry_at({"reset": raw}, reset_header="reset", now=NOW) is None
