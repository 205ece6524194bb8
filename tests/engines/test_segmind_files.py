"""Audio that comes back, and clips that go out."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from speech.audio.sniff import sniff
from speech.engines.base import Result, Submitted
from speech.engines.segmind import SegmindEngine
from speech.errors import (
    BrokenAnswer,
    EngineError,
    RateLimited,
    RecordExpired,
    Refused,
    SubmitsPaused,
    TryLater,
)
from tests.engines.conftest import REQUEST, hasty
from tests.upstream import tone
from tests.upstream.client import Upstream

TellsNoKey = Callable[[BaseException], None]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp3"
    path.write_bytes(tone.sound(seed=3, seconds=0.5, kind="mp3"))
    return path


async def made(engine: SegmindEngine, upstream: Upstream) -> tuple[Submitted, Result]:
    upstream.set(job_seconds=[0, 0])
    job = await engine.submit(REQUEST)
    return job, await engine.result(job)


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "ogg"])
async def test_it_fetches_each_kind_of_audio(
    engine: SegmindEngine, upstream: Upstream, tmp_path: Path, kind: str
) -> None:
    upstream.set(output_format=kind)
    into = tmp_path / "take"
    await engine.fetch(*await made(engine, upstream), into)
    assert sniff(into.read_bytes()) == kind
    assert upstream.log().keyed["output"] == 0


@pytest.mark.parametrize(
    "kind", ["string", "object", "list", "object_list", "audio", "audio_list", "images"]
)
async def test_it_fetches_the_audio_from_every_wrapping(
    engine: SegmindEngine, upstream: Upstream, tmp_path: Path, kind: str
) -> None:
    upstream.set(output_kind=kind)
    job, result = await made(engine, upstream)
    await engine.fetch(job, result, tmp_path / "take")
    assert result.seed == REQUEST.seed
    assert (tmp_path / "take").read_bytes()[:4] == b"RIFF"


async def test_it_gets_the_same_bytes_for_the_same_seed(
    engine: SegmindEngine, upstream: Upstream, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        await engine.fetch(*await made(engine, upstream), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


async def test_it_fetches_the_audio_though_the_record_has_expired(
    engine: SegmindEngine, upstream: Upstream, tmp_path: Path
) -> None:
    job, result = await made(engine, upstream)
    upstream.expire(job.request_id)
    with pytest.raises(RecordExpired):
        await engine.result(job)
    await engine.fetch(job, result, tmp_path / "take")
    assert (tmp_path / "take").exists()


@pytest.mark.parametrize(
    ("do", "more", "kind", "code"),
    [
        ("answer", {"body": "<html>Sorry</html>"}, Refused, "not_audio"),
        ("answer", {"body": ""}, Refused, "not_audio"),
        ("answer", {"status": 404}, Refused, "file_gone"),
        ("answer", {"status": 403}, Refused, "file_forbidden"),
        ("answer", {"status": 503}, TryLater, "server_error"),
        ("answer", {"status": 429}, RateLimited, "rate_limited"),
        ("cut", {}, TryLater, "connection_lost"),
        ("drop_late", {"times": 2}, TryLater, "connection_lost"),
        ("redirect", {"to": "http://169.254.169.254/x"}, BrokenAnswer, "blocked_address"),
        ("redirect", {"to": "http://[::1]:6379/"}, BrokenAnswer, "blocked_address"),
        ("big", {"size": 51_000_000, "announce": True}, BrokenAnswer, "audio_too_big"),
    ],
)
async def test_it_gives_each_failed_download_its_outcome(
    *, engine: SegmindEngine, upstream: Upstream, tmp_path: Path, tells_no_key: TellsNoKey,
    do: str, more: dict[str, Any], kind: type[EngineError], code: str,
) -> None:  # fmt: skip
    job, result = await made(engine, upstream)
    upstream.rule("output", do, **more)
    into = tmp_path / "in" / "take"
    into.parent.mkdir()
    with pytest.raises(EngineError) as caught:
        await engine.fetch(job, result, into)
    assert (type(caught.value), caught.value.reason) == (kind, code)
    assert list(into.parent.iterdir()) == []
    tells_no_key(caught.value)
    await engine.fetch(job, result, into)
    assert into.exists()


async def test_it_fetches_from_a_private_host_only_if_it_is_trusted(
    engine: SegmindEngine, upstream: Upstream, other_upstream: Upstream, tmp_path: Path
) -> None:
    upstream.set(output_base=other_upstream.url)
    wav = base64.b64encode(tone.sound(seed=1, seconds=0.5, kind="wav")).decode()
    other_upstream.rule("output", "answer", body_base64=wav)
    job, result = await made(engine, upstream)
    with pytest.raises(BrokenAnswer, match="private or reserved network"):
        await engine.fetch(job, result, tmp_path / "take")
    assert other_upstream.log().hits == {}
    trusting = SegmindEngine(
        hasty(upstream.url, trusted_hosts=(f"127.0.0.1:{other_upstream.port}",))
    )
    await trusting.fetch(job, result, tmp_path / "take")
    await trusting.aclose()
    assert other_upstream.log().hits == {"output": 1}
    assert other_upstream.log().keyed == {"output": 0}


async def test_it_hands_a_clip_to_the_storage(
    engine: SegmindEngine, upstream: Upstream, clip: Path
) -> None:
    url = await engine.upload_clip(clip, "audio/mpeg")
    assert url.startswith(f"{upstream.url}/assets/")
    [post] = upstream.log().posts
    assert post["path"] == "/upload-asset"
    assert post["body"]["data_urls"][0].startswith("data:audio/mpeg;base64,")
    assert post["key_ok"] is True


async def test_it_sends_the_clip_and_the_key_to_the_configured_storage_only(
    upstream: Upstream, other_upstream: Upstream, clip: Path
) -> None:
    engine = SegmindEngine(
        hasty(upstream.url, upload_url=f"{other_upstream.url}/upload-asset",
              trusted_hosts=(other_upstream.url,))
    )  # fmt: skip
    url = await engine.upload_clip(clip, "audio/mpeg")
    await engine.aclose()
    assert url.startswith(other_upstream.url)
    assert upstream.log().hits == {}


@pytest.mark.parametrize(
    ("do", "more", "kind", "code"),
    [
        ("answer", {"status": 400, "body": {"error": "Too short"}}, Refused, "bad_request"),
        ("answer", {"status": 401}, SubmitsPaused, "unauthorized"),
        ("answer", {"status": 413}, Refused, "too_large"),
        ("answer", {"status": 429}, RateLimited, "rate_limited"),
        ("answer", {"status": 500}, TryLater, "server_error"),
        ("answer", {"status": 504}, TryLater, "gateway_timeout"),
        ("hang", {"seconds": 5}, TryLater, "timeout"),
        ("drop_late", {}, TryLater, "connection_lost"),
        ("answer", {"body": "<html>"}, BrokenAnswer, "no_file_url"),
        ("answer", {"body": {"file_urls": []}}, BrokenAnswer, "no_file_url"),
        ("answer", {"body": {"file_urls": ["/a.mp3"]}}, BrokenAnswer, "no_file_url"),
        ("answer", {"body": {"file_urls": ["http://10.0.0.1/a"]}}, BrokenAnswer, "no_file_url"),
    ],
)
async def test_it_gives_each_failed_upload_its_outcome(
    *, engine: SegmindEngine, upstream: Upstream, clip: Path, tells_no_key: TellsNoKey,
    do: str, more: dict[str, Any], kind: type[EngineError], code: str,
) -> None:  # fmt: skip
    upstream.rule("upload", do, **more)
    with pytest.raises(EngineError) as caught:
        await engine.upload_clip(clip, "audio/mpeg")
    assert (type(caught.value), caught.value.reason) == (kind, code)
    assert "charged for it" not in caught.value.sentence
    tells_no_key(caught.value)


async def test_it_does_not_send_a_clip_that_is_too_big(upstream: Upstream, clip: Path) -> None:
    engine = SegmindEngine(hasty(upstream.url, max_clip_bytes=100))
    with pytest.raises(Refused, match="bigger than"):
        await engine.upload_clip(clip, "audio/mpeg")
    await engine.aclose()
    assert upstream.log().hits == {}
