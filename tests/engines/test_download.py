"""Files from the web: checked, pinned, capped, complete or absent."""

from __future__ import annotations

import asyncio
import base64
import gzip
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from speech.audio.sniff import sniff
from speech.engines.addresses import Resolver
from speech.engines.download import Downloaded, download
from speech.errors import (
    AudioTooBig,
    BlockedAddress,
    EngineError,
    NotAudio,
    RateLimited,
    Refused,
    StudioError,
    TryLater,
)
from tests.upstream import tone
from tests.upstream.client import Upstream

WAV = tone.sound(seed=5, seconds=0.5, kind="wav")
FILE = "/outputs/take.wav"


def gives(upstream: Upstream, body: bytes, *, times: int | None = None, **more: Any) -> None:
    encoded = base64.b64encode(body).decode()
    upstream.rule("output", "answer", times=times, body_base64=encoded, **more)


async def get(url: str, into: Path, **more: Any) -> Downloaded:
    options: dict[str, Any] = {"max_bytes": 1_000_000, "timeout": 2, "sniff": sniff}
    return await download(url, into, **{**options, **more})


async def trusting(upstream: Upstream, into: Path, **more: Any) -> Downloaded:
    origins = frozenset({upstream.url})
    return await get(upstream.url + FILE, into, trusted_origins=origins, **more)


async def refused(upstream: Upstream, into: Path, **more: Any) -> StudioError:
    with pytest.raises(StudioError) as caught:
        await trusting(upstream, into, **more)
    assert list(into.parent.iterdir()) == []
    return caught.value


def answering(*found: str) -> Resolver:
    async def resolver(host: str, port: int) -> Sequence[str]:
        return found

    return resolver


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder / "take"


async def test_it_stores_the_bytes_as_sent(upstream: Upstream, into: Path) -> None:
    gives(upstream, WAV)
    stored = await trusting(upstream, into)
    assert into.read_bytes() == WAV
    assert stored == Downloaded(kind="wav", size=len(WAV))
    assert list(into.parent.iterdir()) == [into]
    assert upstream.log().keyed["output"] == 0


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "ogg"])
async def test_it_knows_each_kind_by_its_bytes(upstream: Upstream, into: Path, kind: str) -> None:
    gives(upstream, tone.sound(seed=5, seconds=0.5, kind=kind), content_type="text/plain")
    assert (await trusting(upstream, into)).kind == kind


async def test_it_takes_only_the_accepted_kinds(upstream: Upstream, into: Path) -> None:
    gives(upstream, b"\0\0\0\x18ftypM4A " + bytes(400))
    assert (await trusting(upstream, into)).kind == "m4a"
    into.unlink()
    error = await refused(upstream, into, accept=frozenset({"wav"}))
    assert type(error) is NotAudio
    assert "is m4a" in error.sentence


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"\n <!doctype html><html>" + bytes(90), "a web page"),
        (b"RIFF", "not a sound file"),
        (b"#EXTM3U\nhttp://10.0.0.1/\n" + bytes(90), "not a sound file"),
        (bytes(4000), "not a sound file"),
        (b"MZ" + bytes(4000), "not a sound file"),
    ],
)
async def test_it_refuses_what_is_no_sound(
    upstream: Upstream, into: Path, body: bytes, words: str
) -> None:
    gives(upstream, body, content_type="audio/wav")
    error = await refused(upstream, into)
    assert type(error) is NotAudio
    assert words in error.sentence


async def test_it_never_unpacks(upstream: Upstream, into: Path) -> None:
    gives(upstream, gzip.compress(WAV), headers={"content-encoding": "gzip"})
    assert type(await refused(upstream, into)) is NotAudio


@pytest.mark.parametrize("announce", [True, False])
async def test_it_stops_at_the_size_limit(upstream: Upstream, into: Path, announce: bool) -> None:
    upstream.rule("output", "big", size=3_000_000, announce=announce)
    error = await refused(upstream, into)
    assert type(error) is AudioTooBig
    assert error.sentence == "The file is bigger than 1 MB."


async def test_it_takes_a_file_of_just_the_size_limit(upstream: Upstream, into: Path) -> None:
    gives(upstream, WAV)
    assert (await trusting(upstream, into, max_bytes=len(WAV))).size == len(WAV)
    into.unlink()
    assert type(await refused(upstream, into, max_bytes=len(WAV) - 1)) is AudioTooBig


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, Refused, "file_forbidden"), (403, Refused, "file_forbidden"),
        (404, Refused, "file_gone"), (410, Refused, "file_gone"), (400, Refused, "http_400"),
        (204, Refused, "http_204"), (206, Refused, "http_206"), (304, Refused, "http_304"),
        (408, TryLater, "server_error"), (429, RateLimited, "rate_limited"),
        (500, TryLater, "server_error"), (502, TryLater, "server_error"),
        (503, TryLater, "server_error"), (504, TryLater, "server_error"),
    ],
)  # fmt: skip
async def test_it_gives_each_answer_its_outcome(
    *, upstream: Upstream, into: Path, status: int, kind: type[EngineError], code: str
) -> None:
    gives(upstream, b"" if status in {204, 304} else WAV, status=status)
    error = await refused(upstream, into)
    assert isinstance(error, EngineError)
    assert (type(error), error.reason, error.status) == (kind, code, status)


@pytest.mark.parametrize(
    ("do", "code"),
    [("drop_early", "connection_lost"), ("drop_late", "connection_lost"), ("hang", "timeout")],
)
async def test_it_tries_later_when_the_connection_breaks(
    upstream: Upstream, into: Path, do: str, code: str
) -> None:
    upstream.rule("output", do, times=None)  # a lost connection is tried again at once
    error = await refused(upstream, into, timeout=0.4)
    assert isinstance(error, TryLater)
    assert error.reason == code


async def test_it_tries_later_when_the_file_breaks_off(into: Path) -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n" + WAV[:5000])
        writer.close()

    async with serving(half) as url:
        with pytest.raises(TryLater) as caught:
            await get(url, into, trusted_origins=frozenset({url}))
    assert caught.value.reason == "connection_lost"
    assert list(into.parent.iterdir()) == []


async def test_it_gives_up_on_a_drip(into: Path) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n")
        with suppress(OSError):
            for byte in WAV:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()

    async with serving(drip) as url:
        with pytest.raises(TryLater, match="too long") as caught:
            await get(url, into, trusted_origins=frozenset({url}), timeout=0.4)
    assert caught.value.reason == "timeout"
    assert list(into.parent.iterdir()) == []


async def test_it_leaves_the_earlier_file_when_it_fails(upstream: Upstream, into: Path) -> None:
    into.write_bytes(b"earlier")
    gives(upstream, WAV, status=500)
    with pytest.raises(TryLater):
        await trusting(upstream, into)
    assert into.read_bytes() == b"earlier"
    assert list(into.parent.iterdir()) == [into]


async def test_it_leaves_nothing_when_it_is_cancelled(upstream: Upstream, into: Path) -> None:
    started = asyncio.Event()

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n" + WAV[:500])
        await writer.drain()
        started.set()
        await reader.read()
        writer.close()

    async with serving(stall) as url:
        task = asyncio.create_task(get(url, into, trusted_origins=frozenset({url})))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert list(into.parent.iterdir()) == []


async def test_it_says_so_when_the_disk_does_not_take_the_file(
    upstream: Upstream, tmp_path: Path
) -> None:
    gives(upstream, WAV)
    with pytest.raises(TryLater) as caught:
        await trusting(upstream, tmp_path / "absent" / "take")
    assert caught.value.reason == "storage"


# -- where it goes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["data:audio/wav;base64,UklGRg==", "file:///etc/hosts", "ftp://a/b"]
)
async def test_it_visits_the_web_only(into: Path, url: str) -> None:
    with pytest.raises(BlockedAddress, match="must start with https"):
        await get(url, into)


async def test_it_does_not_visit_a_private_address(upstream: Upstream, into: Path) -> None:
    for url in (upstream.url, upstream.url.replace("127.0.0.1", "localhost")):
        with pytest.raises(BlockedAddress):
            await get(url + FILE, into)
    assert upstream.log().hits == {}


async def test_it_does_not_visit_a_name_with_a_private_address(
    upstream: Upstream, into: Path
) -> None:
    url = f"http://voices.example:{upstream.port}{FILE}"
    for found in (["127.0.0.1"], ["8.8.8.8", "127.0.0.1"]):
        with pytest.raises(BlockedAddress):
            await get(url, into, resolver=answering(*found))
    assert upstream.log().hits == {}


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1:{port}/x", "http://localhost:{port}/x", "http://[::1]:{port}/x",
        "http://2130706433:{port}/", "//127.0.0.1:{port}/x", "http://169.254.169.254/latest/",
        "file:///etc/hosts", "data:audio/wav;base64,UklGRg==", "http://[64:ff9b::7f00:1]/",
        "http://u:p@a.example/", "http://[", "http://voices.example:{port}/x",
    ],
)  # fmt: skip
async def test_it_follows_no_redirect_into_the_private_network(
    upstream: Upstream, other_upstream: Upstream, into: Path, to: str
) -> None:
    upstream.rule("output", "redirect", to=to.format(port=other_upstream.port))
    error = await refused(upstream, into, resolver=answering("127.0.0.1"))
    assert type(error) is BlockedAddress
    assert other_upstream.log().hits == {}


async def test_it_follows_five_redirects_and_no_sixth(upstream: Upstream, into: Path) -> None:
    gives(upstream, WAV, match="/outputs/end")
    upstream.rule("output", "redirect", to="/outputs/end", match="/outputs/4")
    for number in range(4):
        where = "take" if number == 0 else str(number)
        upstream.rule("output", "redirect", to=f"/outputs/{number + 1}", match=f"/outputs/{where}")
    assert (await trusting(upstream, into)).size == len(WAV)
    assert upstream.log().hits == {"output": 6}
    into.unlink()
    upstream.reset()
    upstream.rule("output", "redirect", to=FILE, times=None)
    error = await refused(upstream, into)
    assert error.sentence == "The address redirects more than 5 times."
    assert upstream.log().hits == {"output": 6}


async def test_it_refuses_a_redirect_to_nowhere(upstream: Upstream, into: Path) -> None:
    gives(upstream, b"", status=302)
    error = await refused(upstream, into)
    assert isinstance(error, Refused)
    assert error.reason == "bad_redirect"


async def test_it_trusts_an_origin_only_with_its_port(
    upstream: Upstream, other_upstream: Upstream, into: Path
) -> None:
    with pytest.raises(BlockedAddress):
        await get(other_upstream.url + FILE, into, trusted_origins=frozenset({upstream.url}))
    assert other_upstream.log().hits == {}


async def test_it_connects_to_the_address_it_judged_and_keeps_the_name(into: Path) -> None:
    asked: list[str] = []
    heads: list[str] = []

    async def resolver(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        # The second answer would lead elsewhere: nobody may ask for it.
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.9"]

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(WAV) + WAV)
        writer.close()

    async with serving(server) as url:
        port = url.rsplit(":", 1)[-1]
        name = f"http://voices.example:{port}"
        await get(f"{name}/a%20b?sig=1", into, trusted_origins=frozenset({name}), resolver=resolver)
    assert asked == ["voices.example"]
    assert heads[0].startswith("GET /a%20b?sig=1 HTTP/1.1\r\n")
    assert f"\r\nhost: voices.example:{port}\r\n" in heads[0].lower()
    assert "api-key" not in heads[0].lower()
    assert "cookie" not in heads[0].lower()


async def test_it_names_the_host_in_the_handshake(into: Path) -> None:
    named: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _socket, name, _context: named.append(name)

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise AssertionError("no request may come through a failed handshake")

    async with serving(never, context=context) as url:
        name = url.replace("http://127.0.0.1", "https://voices.example")
        with pytest.raises(TryLater) as caught:
            await get(
                name, into, trusted_origins=frozenset({name}), resolver=answering("127.0.0.1")
            )
    assert caught.value.reason == "connection_lost"
    assert named == ["voices.example"]


async def test_it_tries_the_next_address_where_one_does_not_answer(
    upstream: Upstream, into: Path
) -> None:
    gives(upstream, WAV)
    name = f"http://voices.example:{upstream.port}"
    stored = await get(
        name + FILE,
        into,
        trusted_origins=frozenset({name}),
        resolver=answering("127.0.0.77", "127.0.0.1"),
    )
    assert stored.size == len(WAV)


async def test_it_says_so_where_nobody_answers_at_all(into: Path) -> None:
    name = "http://voices.example:9"
    with pytest.raises(TryLater) as caught:
        await get(name, into, trusted_origins=frozenset({name}), resolver=answering("127.0.0.1"))
    assert caught.value.reason == "connection_lost"


@asynccontextmanager
async def serving(handler: Any, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    under_way: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(handler(reader, writer))
        under_way.add(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        # Handlers end by themselves once the client has hung up; their sockets close with them.
        await asyncio.gather(*under_way)
