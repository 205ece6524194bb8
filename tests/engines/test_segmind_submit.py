"""Submitting: one POST, and what each answer to it means."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from speech.engines.base import Engine, Phase, SpeechRequest
from speech.engines.segmind import SegmindEngine, SegmindSettings
from speech.errors import (
    EngineError,
    NotAccepted,
    OutcomeUnknown,
    RateLimited,
    Refused,
    SubmitsPaused,
)
from tests.engines.conftest import REQUEST, hasty, sample
from tests.upstream.client import KEY, Upstream

TellsNoKey = Callable[[BaseException], None]

FREE = "Nothing was charged."
MAYBE = "Segmind may have made this take and charged for it."
OUTCOMES: list[tuple[str, type[EngineError], str, tuple[str, ...]]] = [
    ("400", Refused, "bad_request", ("temperature must be between 0.05 and 2.", FREE)),
    ("401", SubmitsPaused, "unauthorized", ("refused the key", "rejected.", "paused", FREE)),
    ("403", SubmitsPaused, "forbidden", ("may not use this model", "queue is kept", FREE)),
    ("404", SubmitsPaused, "model_not_found", ("does not know this model", "is kept", FREE)),
    ("405", SubmitsPaused, "wrong_verb", ("does not take submissions", "queue is kept", FREE)),
    ("406_credits", SubmitsPaused, "insufficient_credits", ("your balance is 0.01", "kept", FREE)),
    ("406_spend", SubmitsPaused, "spend_limit", ("spend limit", "the queue is kept", FREE)),
    ("406_type", Refused, "wrong_content_type", ("a fault of the studio", FREE)),
    ("410", SubmitsPaused, "model_retired", ("retired", "the queue is kept", FREE)),
    ("429", RateLimited, "rate_limited", ("Nothing failed and nothing was charged", "UTC")),
    ("500", NotAccepted, "server_error", ("HTTP 500", "did not take the request", FREE)),
    ("502", NotAccepted, "server_error", ("HTTP 502", FREE)),
    ("503", NotAccepted, "server_error", ("HTTP 503", "No capacity.", FREE)),
    ("504", OutcomeUnknown, "gateway_timeout", ("HTTP 504", MAYBE)),
]


async def refused(engine: SegmindEngine) -> EngineError:
    with pytest.raises(EngineError) as caught:
        await engine.submit(REQUEST)
    return caught.value


@pytest.mark.parametrize(("name", "kind", "code", "words"), OUTCOMES)
async def test_it_gives_each_listed_error_its_outcome_and_sentence(
    *, engine: SegmindEngine, upstream: Upstream, tells_no_key: TellsNoKey, name: str,
    kind: type[EngineError], code: str, words: tuple[str, ...],
) -> None:  # fmt: skip
    upstream.rule("submit", "answer", **sample(f"error_{name}"))
    error = await refused(engine)
    assert (type(error), error.reason) == (kind, code)
    assert error.status == int(name[:3])
    assert all(part in error.sentence for part in words)
    assert "<" not in error.sentence
    assert upstream.log().hits == {"submit": 1}
    tells_no_key(error)


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (302, SubmitsPaused, "redirected"),
        (307, SubmitsPaused, "redirected"),
        (402, SubmitsPaused, "insufficient_credits"),
        (408, OutcomeUnknown, "gateway_timeout"),
        (413, Refused, "too_large"),
        (422, Refused, "unprocessable"),
        (451, Refused, "http_451"),
        (520, OutcomeUnknown, "http_520"),
        (524, OutcomeUnknown, "gateway_timeout"),
        (599, OutcomeUnknown, "http_599"),
    ],
)
async def test_it_has_an_outcome_for_unlisted_answers_too(
    engine: SegmindEngine, upstream: Upstream, status: int, kind: type[EngineError], code: str
) -> None:
    upstream.rule("submit", "answer", status=status, body="")
    error = await refused(engine)
    assert (type(error), error.reason, error.status) == (kind, code, status)


@pytest.mark.parametrize(
    "body",
    ["", "{", "<html>Welcome</html>", "[]", "null", {}, {"status": "QUEUED"}, {"request_id": ""}],
)
async def test_it_is_in_doubt_about_a_success_without_an_id(
    *, engine: SegmindEngine, upstream: Upstream, tells_no_key: TellsNoKey, body: Any
) -> None:
    upstream.rule("submit", "answer", body=body)
    error = await refused(engine)
    assert (type(error), error.reason) == (OutcomeUnknown, "no_request_id")
    assert error.sentence.endswith(MAYBE)
    tells_no_key(error)


async def test_it_sends_the_model_pages_example_field_for_field(
    engine: SegmindEngine, upstream: Upstream
) -> None:
    wanted = sample("request")
    request = SpeechRequest(
        ref="example",
        text=wanted["text"],
        seed=wanted["seed"],
        reference_url=wanted["reference_audio"],
        params={
            name: value
            for name, value in wanted.items()
            if name not in {"text", "reference_audio", "seed"}
        },
    )
    submitted = await engine.submit(request)
    [post] = upstream.log().posts
    assert list(post["body"].items()) == list(wanted.items())
    assert post["path"] == "/v2/chatterbox-turbo-tts"
    assert post["content_type"] == "application/json"
    assert post["key_ok"] is True
    assert "authorization" not in post["headers"]
    assert post["accepted"] == submitted.request_id


async def test_it_sends_letters_of_every_script_unharmed(
    engine: SegmindEngine, upstream: Upstream
) -> None:
    await engine.submit(replace(REQUEST, text="“Čau”, 你好 [laugh] \u2028 🎙"))
    assert upstream.log().posts[0]["body"]["text"] == "“Čau”, 你好 [laugh] \u2028 🎙"


async def test_it_returns_the_id_and_the_addresses(
    engine: SegmindEngine, upstream: Upstream
) -> None:
    submitted = await engine.submit(REQUEST)
    assert submitted.phase is Phase.QUEUED
    assert submitted.status_url == f"{upstream.url}/v2/requests/{submitted.request_id}/status"
    assert submitted.response_url == f"{upstream.url}/v2/requests/{submitted.request_id}"


async def test_it_keeps_an_id_that_came_without_addresses(
    engine: SegmindEngine, upstream: Upstream
) -> None:
    upstream.rule("submit", "answer", body={"request_id": "abc"})
    submitted = await engine.submit(REQUEST)
    assert (submitted.request_id, submitted.status_url) == ("abc", "")


async def test_it_waits_as_long_as_a_429_says(engine: SegmindEngine, upstream: Upstream) -> None:
    moment = (datetime.now(UTC) + timedelta(minutes=2)).replace(microsecond=0)
    for headers in ({"x-rate-limit-reset-at-utc": moment.isoformat()}, {"retry-after": "120"}):
        upstream.rule("submit", "answer", status=429, headers=headers)
        error = await refused(engine)
        assert error.retry_at is not None
        assert abs(error.retry_at - moment) < timedelta(seconds=3)


async def test_it_waits_a_while_if_a_429_says_nothing(
    engine: SegmindEngine, upstream: Upstream
) -> None:
    upstream.rule("submit", "answer", status=429)
    error = await refused(engine)
    assert error.retry_at is not None
    assert error.retry_at > datetime.now(UTC)


async def test_it_hands_on_the_moment_that_a_503_names(
    engine: SegmindEngine, upstream: Upstream
) -> None:
    upstream.rule("submit", "answer", status=503, headers={"retry-after": "9"})
    error = await refused(engine)
    assert isinstance(error, NotAccepted)
    assert error.retry_at is not None


async def test_it_hides_a_key_that_the_server_repeats(
    *, engine: SegmindEngine, upstream: Upstream, tells_no_key: TellsNoKey
) -> None:
    upstream.rule("submit", "answer", status=401, body={"error": f"the key {KEY} is not known"})
    error = await refused(engine)
    assert "the key [key] is not known" in error.sentence
    tells_no_key(error)


async def test_it_gives_way_when_it_is_cancelled(engine: SegmindEngine, upstream: Upstream) -> None:
    upstream.rule("submit", "hang", seconds=5)
    task = asyncio.create_task(engine.submit(REQUEST))
    await asyncio.to_thread(upstream.wait_for, "submit")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_it_submits_many_at_once_over_few_connections(upstream: Upstream) -> None:
    engine = SegmindEngine(SegmindSettings(api_key=KEY, base_url=upstream.url))
    submitted = await asyncio.gather(*(engine.submit(REQUEST) for _ in range(60)))
    await engine.aclose()
    assert len({job.request_id for job in submitted}) == 60
    assert upstream.log().hits == {"submit": 60}


def test_it_is_an_engine_that_must_not_resubmit() -> None:
    engine: Engine = SegmindEngine(hasty("http://127.0.0.1:1"))
    assert (engine.key, engine.resubmit_is_free) == ("segmind", False)
