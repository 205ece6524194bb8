"""The official SDK from PyPI against a running studio, unchanged but for its addresses."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from segmind import InferenceFailed, InferenceTimeout, SegmindClient, SegmindError
from segmind.files import Files

from speech.audio.sniff import sniff
from tests.api.scene import SLUG, VOICE, Door, open_door
from tests.audio.sounds import encoded, voice
from tests.studio_process import Studio

NOWHERE = "https://voices.takeroom.invalid/a.mp3"
"""The host is unknown, and may be known later: its check is tried again for minutes."""


@pytest.fixture(scope="module")
def door(prepared: Path) -> Iterator[Door]:
    with Studio(prepared=prepared) as studio:
        yield open_door(studio)


@pytest.fixture
def sdk(door: Door) -> Iterator[SegmindClient]:
    client = SegmindClient(api_key=door.key, base_url=f"{door.studio.url}/v1")
    yield client
    client._client.close()


@pytest.fixture(scope="module")
def reference(door: Door, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A clip that was sent with the SDK's own file helper, its storage address set."""
    file = tmp_path_factory.mktemp("clip") / "amara.mp3"
    file.write_bytes(encoded(voice(8), "mp3"))
    client = SegmindClient(api_key=door.key, base_url=f"{door.studio.url}/v1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Files, "STORAGE_BASE_URL", door.studio.url)
        body = client.files.upload(file)
    client._client.close()
    assert body["message"]
    return str(body["file_urls"][0])


def test_run_gives_the_final_body(door: Door, sdk: SegmindClient, reference: str) -> None:
    body = sdk.run(SLUG, text="Welcome back. [chuckle]", reference_audio=reference, seed=7)
    assert (body["status"], body["seed"], body["error"]) == ("COMPLETED", 7, None)
    assert (body["metrics"]["cost"], body["engine"]) == (0, "draft")
    assert "does not clone the reference" in body["engine_note"]
    sound = httpx.get(body["output"])
    assert sniff(sound.content) == "flac"
    assert httpx.get(body["output"], headers={"range": "bytes=0-3"}).content == b"fLaC"
    page = httpx.get(door.page, cookies=door.cookies, follow_redirects=True).text
    assert "Welcome back." in page
    history = httpx.get(f"{door.page}takes/", cookies=door.cookies).text
    assert ">via API<" in history


def test_run_sync_answers_the_sound(sdk: SegmindClient, reference: str) -> None:
    answer = sdk.run_sync(SLUG, text="At once, please.", reference_audio=reference, seed=0)
    assert sniff(answer.content) == "flac"
    assert answer.headers["x-cost"] == "0.0"
    assert int(answer.headers["x-seed-value"]) > 0
    assert float(answer.headers["x-generation-time"]) >= 0
    assert uuid.UUID(answer.headers["x-request-id"]).version == 4
    assert answer.headers["x-takeroom-engine"] == "draft"


def test_a_job_can_be_watched_and_waited_for(sdk: SegmindClient, reference: str) -> None:
    job = sdk.submit_async(SLUG, text="In my own time.", reference_audio=reference)
    assert uuid.UUID(job.request_id).version == 4
    assert job.status()["status"] in {"QUEUED", "PROCESSING", "COMPLETED"}
    body = job.wait(timeout=60, interval=0.1)
    assert (body["status"], body["seed"]) == ("COMPLETED", 42)
    assert job.status() == {
        "status": "COMPLETED",
        "request_id": job.request_id,
        "metrics": {"inference_time": body["metrics"]["inference_time"]},
    }
    assert job.result() == body


def test_a_request_that_fails_says_why(sdk: SegmindClient) -> None:
    with pytest.raises(InferenceFailed) as caught:
        sdk.run(SLUG, text="Nobody reads this.", reference_audio="http://127.0.0.1:9/a.mp3")
    assert caught.value.detail.startswith("The reference clip cannot be used.")
    assert "Nothing was charged" in caught.value.status_body["error"]


def test_a_request_that_waits_can_be_given_up(sdk: SegmindClient) -> None:
    job = sdk.submit_async(SLUG, text="Nobody reads this either.", reference_audio=NOWHERE)
    with pytest.raises(InferenceTimeout) as caught:
        job.wait(timeout=0.3, interval=0.1)
    assert caught.value.request_id == job.request_id
    assert job.status()["status"] == "QUEUED"


def test_a_key_that_is_none_is_refused(door: Door) -> None:
    client = SegmindClient(api_key="SG_0123456789abcdef", base_url=f"{door.studio.url}/v1")
    with pytest.raises(SegmindError) as caught:
        client.run(SLUG, text="Hello.", reference_audio=VOICE)
    client._client.close()
    assert (caught.value.status, caught.value.detail) == (401, "unauthorized")


def test_bad_parameters_are_named(sdk: SegmindClient) -> None:
    with pytest.raises(SegmindError) as caught:
        sdk.run(SLUG, text="Hello.", reference_audio=VOICE, temperature=3, speed=2)
    assert caught.value.status == 400
    assert "Temperature must be between 0.05 and 2; 3 is not." in caught.value.detail
    assert "There is no field “speed”." in caught.value.detail


def test_a_forgotten_request_is_not_found(door: Door, sdk: SegmindClient, reference: str) -> None:
    job = sdk.submit_async(SLUG, text="Soon forgotten.", reference_audio=reference)
    door.studio.run_python(
        """
        from django.utils import timezone
        from speech.models import ApiCall
        ApiCall.objects.filter(job__ref=given["id"]).update(expires_at=timezone.now())
        """,
        id=job.request_id,
    )
    for ask in (job.status, job.result):
        with pytest.raises(SegmindError) as caught:
            ask()
        assert caught.value.status == 404


def test_a_model_that_is_not_there_is_not_found(sdk: SegmindClient) -> None:
    with pytest.raises(SegmindError) as caught:
        sdk.run("seedream-4.5", prompt="A sunset")
    assert (caught.value.status, caught.value.detail) == (404, "Model not found")
