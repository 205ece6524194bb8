"""What a provider, or whoever stands between, may hand over instead of sound."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from speech.engines.base import Result, Submitted
from speech.engines.segmind import SegmindEngine, SegmindSettings
from speech.errors import AudioError, EngineError
from speech.jobs import driver, store
from speech.jobs.work import Work
from speech.models import Job
from speech.states import JobState
from tests import factories
from tests.audio.hostile import MAY_PLAY, Canary, hostile_files
from tests.upstream.client import KEY, Upstream

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("warm_audio")]

SLOWEST = 5.0
SUBMITTED = Submitted(request_id="a")


async def test_every_hostile_download_is_refused_with_a_sentence_or_read_safely(
    upstream: Upstream, settings: Settings, tmp_path: Path, work: Work
) -> None:
    engine = SegmindEngine(SegmindSettings(api_key=KEY, base_url=upstream.url))
    result = Result(output_url=f"{upstream.url}/outputs/a.wav")
    with Canary() as canary:
        for name, data in hostile_files(canary.address).items():
            body = base64.b64encode(data).decode()
            upstream.rule("output", "answer", body_base64=body, content_type="audio/wav")
            source = tmp_path / "arrived.audio"
            began = time.monotonic()
            try:
                await engine.fetch(SUBMITTED, result, source)
                measured, kept = store.measure_and_store(driver.audio(), work, source)
            except (EngineError, AudioError) as error:
                assert error.sentence.endswith("."), name
                assert str(settings.DATA_DIR) not in error.sentence
            else:
                assert name in MAY_PLAY
                assert measured.duration > 0
                assert (Path(settings.MEDIA_ROOT) / kept).read_bytes()[:4] == b"fLaC"
            assert time.monotonic() - began < SLOWEST, name
            source.unlink(missing_ok=True)
        canary.settle()
        assert canary.calls == 0
    assert upstream.log().keyed.get("output", 0) == 0
    await engine.aclose()


@pytest.fixture
def work() -> Work:
    line = factories.make_line(factories.make_project())
    take = factories.make_take(line, state=JobState.DOWNLOADING, engine="segmind")
    return Work.from_row(Job.objects.select_related("take", "take__voice").get(take=take))
