"""Polling, results and the balance: reads that may always be repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from speech.engines.base import Phase, Progress, Result, Submitted
from speech.engines.segmind import SegmindEngine
from speech.errors import (
    BrokenAnswer,
    EngineError,
    GenerationFailed,
    RateLimited,
    RecordExpired,
    TryLater,
)
from tests.engines.conftest import REQUEST, hasty, sample
from tests.upstream.client import Upstream

TellsNoKey = Callable[[BaseException], None]
Read = Callable[[SegmindEngine, Submitted], Any]

JOB = Submitted(request_id="5f0c9a52-8d1e-4a3b-9b7e-2f6f3f1f7a10")
READS = ["status", "result"]

OUTCOMES: list[tuple[str, type[EngineError], str, tuple[str, ...]]] = [
    ("400", TryLater, "http_400", ("asked again",)),
    ("401", TryLater, "unauthorized", ("refused the key", "asked again")),
    ("403", TryLater, "forbidden", ("may not call this model", "asked again")),
    ("404", RecordExpired, "record_expired", ("no longer knows", "one hour")),
    ("405", TryLater, "http_405", ("asked again",)),
    ("406_credits", TryLater, "http_406", ("asked again",)),
    ("406_spend", TryLater, "http_406", ("asked again",)),
    ("406_type", TryLater, "http_406", ("asked again",)),
    ("410", TryLater, "http_410", ("asked again",)),
    ("429", RateLimited, "rate_limited", ("Nothing failed",)),
    ("500", TryLater, "server_error", ("HTTP 500", "asked again")),
    ("502", TryLater, "server_error", ("HTTP 502",)),
    ("503", TryLater, "server_error", ("HTTP 503",)),
    ("504", TryLater, "server_error", ("HTTP 504",)),
]


async def read(engine: SegmindEngine, name: str, job: Submitted = JOB) -> Progress | Result:
    return await (engine.status(job) if name == "status" else engine.result(job))


async def failed(engine: SegmindEngine, name: str, job: Submitted = JOB) -> EngineError:
    with pytest.raises(EngineError) as caught:
        await read(engine, name, job)
    return caught.value


@pytest.mark.parametrize("reading", READS)
@pytest.mark.parametrize(("name", "kind", "code", "words"), OUTCOMES)
async def test_it_gives_each_listed_error_its_outcome_and_sentence(
    *, engine: SegmindEngine, upstream: Upstream, tells_no_key: TellsNoKey, reading: str, name: str,
    kind: type[EngineError], code: str, words: tuple[str, ...],
) -> None:  # fmt: skip
    upstream.rule(reading, "answer", **sample(f"error_{name}"))
    error = await failed(engine, reading)
    assert (type(error), error.reason, error.status) == (kind, code, int(name[:3]))
    assert all(part in error.sentence for part in words)
    tells_no_key(error)


@pytest.mark.parametrize("reading", READS)
@pytest.mark.parametrize("do", ["drop_early", "drop_late", "cut", "hang"])
async def test_it_asks_again_when_the_connection_breaks(
    engine: SegmindEngine, upstream: Upstream, reading: str, do: str
) -> None:
    job = await engine.submit(REQUEST)
    upstream.rule(reading, do, times=None)
    assert type(await failed(engine, reading, job)) is TryLater


@pytest.mark.parametrize("reading", READS)
@pytest.mark.parametrize(
    "body", ["", "<html>Back soon</html>", "[]", "{", {}, {"status": "DREAMING"}, {"output": "x"}]
)
async def test_it_asks_again_when_a_success_makes_no_sense(
    engine: SegmindEngine, upstream: Upstream, reading: str, body: Any
) -> None:
    upstream.rule(reading, "answer", body=body)
    error = await failed(engine, reading)
    assert (type(error), error.reason) == (TryLater, "garbled")


@pytest.mark.parametrize("reading", READS)
@pytest.mark.parametrize("status", [422, 200])
async def test_it_knows_a_failed_job_under_422_and_under_200(
    engine: SegmindEngine, upstream: Upstream, reading: str, status: int
) -> None:
    upstream.set(job_seconds=[0, 0], fail_status=status)
    upstream.rule("job", "fail", error="Reference audio must be longer than 5 seconds")
    job = await engine.submit(REQUEST)
    error = await failed(engine, reading, job)
    assert (type(error), error.status) == (GenerationFailed, status)
    assert error.sentence == (
        "Segmind could not make this take: Reference audio must be longer than 5 seconds."
        " Failed takes are not charged."
    )


@pytest.mark.parametrize("reading", READS)
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (sample("status_failed"), "longer than 5 seconds."),
        (sample("result_failed"), "Blocked by content policy."),
        ({"error": "No such voice"}, "No such voice."),
        ({"detail": [{"msg": "top_k: too large"}]}, "top_k: too large."),
        ({}, "It gave no reason."),
    ],
)
async def test_it_takes_any_json_under_422_for_a_failed_job(
    engine: SegmindEngine, upstream: Upstream, reading: str, body: Any, words: str
) -> None:
    upstream.rule(reading, "answer", status=422, body=body)
    error = await failed(engine, reading)
    assert type(error) is GenerationFailed
    assert words in error.sentence


@pytest.mark.parametrize("reading", READS)
async def test_it_does_not_fail_a_job_over_a_web_page_under_422(
    engine: SegmindEngine, upstream: Upstream, reading: str
) -> None:
    upstream.rule(reading, "answer", status=422, body="<html>", content_type="text/html")
    assert type(await failed(engine, reading)) is TryLater


@pytest.mark.parametrize("name", ["queued", "processing", "completed"])
async def test_it_reads_each_phase(engine: SegmindEngine, upstream: Upstream, name: str) -> None:
    upstream.rule("status", "answer", body=sample(f"status_{name}"))
    progress = await engine.status(JOB)
    assert progress.phase is Phase(name.upper())
    assert progress.metrics == sample(f"status_{name}")["metrics"]


async def test_it_sees_a_job_through_its_phases(engine: SegmindEngine, upstream: Upstream) -> None:
    upstream.rule("job", "slow", seconds=60)
    waiting = await engine.submit(REQUEST)
    upstream.set(job_seconds=[60, 60], queue_share=0)
    working = await engine.submit(REQUEST)
    upstream.set(job_seconds=[0, 0])
    finished = await engine.submit(REQUEST)
    phases = [(await engine.status(job)).phase for job in (waiting, working, finished)]
    assert phases == [Phase.QUEUED, Phase.PROCESSING, Phase.COMPLETED]


@pytest.mark.parametrize(
    "name", ["string", "object", "list", "object_list", "audio", "audio_list", "images"]
)
async def test_it_finds_the_audio_in_every_wrapping(
    engine: SegmindEngine, upstream: Upstream, name: str
) -> None:
    upstream.rule("result", "answer", body=sample(f"result_{name}"))
    result = await engine.result(JOB)
    assert result.output_url.startswith("https://images.segmind.com/outputs/")
    assert (result.cost, result.remaining_credits) == (0.021, 12.34)
    assert (result.inference_time, result.queue_time, result.total_time) == (13.06, 0.52, 13.58)
    assert result.seed == (42 if name == "string" else None)


async def test_it_says_so_when_a_finished_take_has_no_audio(
    engine: SegmindEngine, upstream: Upstream
) -> None:
    upstream.rule("result", "answer", body=sample("result_no_output"))
    error = await failed(engine, "result")
    assert (type(error), error.reason) == (BrokenAnswer, "no_output")
    assert "has probably been charged" in error.sentence


async def test_it_asks_again_for_a_result_that_is_not_ready(
    engine: SegmindEngine, upstream: Upstream
) -> None:
    upstream.set(job_seconds=[60, 60])
    job = await engine.submit(REQUEST)
    error = await failed(engine, "result", job)
    assert (type(error), error.reason) == (TryLater, "not_ready")


@pytest.mark.parametrize("reading", READS)
async def test_it_knows_an_expired_record(
    engine: SegmindEngine, upstream: Upstream, reading: str
) -> None:
    job = await engine.submit(REQUEST)
    upstream.expire(job.request_id)
    assert type(await failed(engine, reading, job)) is RecordExpired


@pytest.mark.parametrize("reading", READS)
@pytest.mark.parametrize("path", ["/v2/requests/{id}/status", "/elsewhere"])
async def test_it_never_takes_the_key_to_another_host(
    engine: SegmindEngine, upstream: Upstream, other_upstream: Upstream, reading: str, path: str
) -> None:
    upstream.set(job_seconds=[0, 0])
    job = await engine.submit(REQUEST)
    stray = other_upstream.url + path.format(id=job.request_id)
    led_astray = Submitted(request_id=job.request_id, status_url=stray, response_url=stray)
    await read(engine, reading, led_astray)
    assert other_upstream.log().hits == {}
    assert upstream.log().keyed == {"submit": 1, reading: 1}


async def test_it_derives_the_addresses_when_an_answer_names_another_host(
    engine: SegmindEngine, upstream: Upstream, other_upstream: Upstream
) -> None:
    upstream.set(job_seconds=[0, 0], status_base=other_upstream.url)
    job = await engine.submit(REQUEST)
    assert job.status_url.startswith(other_upstream.url)
    assert (await engine.status(job)).phase is Phase.COMPLETED
    assert (await engine.result(job)).output_url
    assert other_upstream.log().hits == {}


@pytest.mark.parametrize(
    "stray",
    ["http://user@{host}/x", "https://{host}/x", "http://{host}@evil.example/x", "//evil/x", "x"],
)
async def test_it_derives_the_address_when_the_named_one_is_odd(
    engine: SegmindEngine, upstream: Upstream, stray: str
) -> None:
    upstream.set(job_seconds=[0, 0])
    job = await engine.submit(REQUEST)
    url = stray.format(host=upstream.url.removeprefix("http://"))
    progress = await engine.status(Submitted(request_id=job.request_id, status_url=url))
    assert progress.phase is Phase.COMPLETED


async def test_it_follows_an_address_on_its_own_host(
    engine: SegmindEngine, upstream: Upstream
) -> None:
    upstream.set(job_seconds=[0, 0])
    job = await engine.submit(REQUEST)
    older = Submitted(
        request_id="unused", response_url=f"{upstream.url}/v1/requests/{job.request_id}"
    )
    assert (await engine.result(older)).output_url


async def test_it_reads_the_balance(engine: SegmindEngine, upstream: Upstream) -> None:
    upstream.set(credits=3.5, free_credits=0.25)
    balance = await engine.balance()
    assert (balance.credits, balance.free_credits) == (3.5, 0.25)
    assert upstream.log().hits == {"credits": 1}


async def test_it_says_that_the_key_is_refused_when_asked_for_the_balance(
    *, engine: SegmindEngine, upstream: Upstream, tells_no_key: TellsNoKey
) -> None:
    upstream.set(api_key="SG_another")
    with pytest.raises(TryLater, match="refused the key") as caught:
        await engine.balance()
    assert caught.value.reason == "unauthorized"
    tells_no_key(caught.value)


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v2/"])
async def test_it_takes_the_base_address_in_the_sdks_form_too(
    upstream: Upstream, suffix: str
) -> None:
    engine = SegmindEngine(hasty(upstream.url + suffix))
    assert (await engine.balance()).credits == 12.5
    await engine.aclose()
