"""The server that the proofs lean on is itself true to the protocol: the official SDK says so."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from segmind import SegmindClient
from segmind.v2 import InferenceFailed

from speech.audio.sniff import sniff
from tests.upstream.client import KEY, Upstream

FIELDS = {"text": "Welcome back.", "reference_audio": "https://voices.example/a.mp3", "seed": 7}
SLUG = "chatterbox-turbo-tts"


@pytest.fixture
def sdk(upstream: Upstream) -> Iterator[SegmindClient]:
    client = SegmindClient(api_key=KEY, base_url=f"{upstream.url}/v1")
    yield client
    client._client.close()


def test_it_serves_the_official_sdk(upstream: Upstream, sdk: SegmindClient) -> None:
    upstream.set(job_seconds=[0, 0])
    body = sdk.run(SLUG, **FIELDS)
    assert (body["status"], body["seed"], body["metrics"]["cost"]) == ("COMPLETED", 7, 0.021)
    assert sniff(httpx.get(body["output"]).content) == "wav"


def test_it_fails_the_official_sdks_job(upstream: Upstream, sdk: SegmindClient) -> None:
    upstream.set(job_seconds=[0, 0])
    upstream.rule("job", "fail", error="No such voice")
    with pytest.raises(InferenceFailed) as caught:
        sdk.run(SLUG, **FIELDS)
    assert caught.value.detail == "No such voice"


def test_it_answers_the_synchronous_call_with_sound(upstream: Upstream, sdk: SegmindClient) -> None:
    answer = sdk.run_sync(SLUG, **FIELDS)
    assert sniff(answer.content) == "wav"
    assert (answer.headers["x-seed-value"], answer.headers["x-cost"]) == ("7", "0.021")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", f"/v2/{SLUG}", {"authorization": f"Bearer {KEY}"}, 401),
        ("POST", f"/v2/{SLUG}", {"x-api-key": KEY, "content-type": "text/plain"}, 406),
        ("POST", f"/v2/{SLUG}", {"x-api-key": KEY, "content-type": "application/json"}, 400),
        ("POST", "/v2/other-model", {"x-api-key": KEY, "content-type": "application/json"}, 404),
        ("GET", f"/v2/{SLUG}", {"x-api-key": KEY}, 405),
        ("GET", "/v2/requests/none/status", {"x-api-key": KEY}, 404),
        ("GET", "/v1/get-user-credits", {}, 401),
    ],
)
def test_it_refuses_as_the_provider_does(
    *, upstream: Upstream, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = httpx.request(method, upstream.url + path, headers=headers, content=b"{}")
    assert answer.status_code == status


def test_it_takes_no_rule_that_it_does_not_know(upstream: Upstream) -> None:
    with pytest.raises(ValueError, match="no setting"):
        upstream.set(job_secs=3)


def test_it_leaves_with_its_parent() -> None:
    running = Upstream().start()
    process = running._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=5) == 0
    assert process.stdout is not None
    process.stdout.close()
