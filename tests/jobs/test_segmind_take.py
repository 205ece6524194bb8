"""Takes made by the provider, and what people do about them; its troubles have a table of their own
(`troubles`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pytest_django import Settings

from speech.engines.base import Engine
from speech.jobs import driver
from speech.models import EngineState, Line, ProviderClip, Take, User
from speech.services.doubts import dismiss_unknown, submit_again
from speech.services.takes import request_takes, retry_take
from speech.states import Charged, JobState
from tests import factories
from tests.upstream.client import KEY, Upstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("warm_audio")]


@pytest.fixture(autouse=True)
def segmind(settings: Settings, upstream: Upstream) -> Upstream:
    settings.SEGMIND_API_KEY = KEY
    settings.SEGMIND_BASE_URL = upstream.url
    settings.SEGMIND_UPLOAD_URL = f"{upstream.url}/upload-asset"
    upstream.set(job_seconds=[0.2, 0.3])
    return upstream


@pytest.fixture
def ada() -> User:
    return factories.make_user("ada", is_superuser=True)


@pytest.fixture
def line(ada: User) -> Line:
    project = factories.make_project(owner=ada, voice=factories.make_voice())
    return factories.make_line(project)


def make(ada: User, line: Line, *, count: int = 1, **more: Any) -> Take:
    take = request_takes(ada, line=line, engine="segmind", count=count, **more)[0]
    driver.run_slice()
    return fresh(take)


def fresh(take: Take) -> Take:
    return Take.objects.select_related("job", "line", "project").get(pk=take.pk)


def test_it_makes_a_take_and_keeps_what_the_provider_says(
    ada: User, line: Line, segmind: Upstream
) -> None:
    take = make(ada, line, tuning={"temperature": 0.9})

    assert take.state == JobState.DONE, take.job.error
    body = segmind.log().submits()[0]["body"]
    assert body == {
        "text": line.text,
        "reference_audio": "https://example.com/amara.wav",
        "temperature": 0.9,
        "seed": take.seed,
        "min_p": 0,
        "top_p": 0.9,
        "top_k": 500,
        "repetition_penalty": 1.3,
        "norm_loudness": True,
    }
    assert take.cost is not None
    assert take.cost > 0
    assert take.remaining_credits is not None
    assert take.timings["inference_time"] is not None
    assert take.job.charged == Charged.YES
    assert EngineState.objects.get(key="segmind").credits == take.remaining_credits


def test_it_pushes_a_stored_clip_once_and_remembers_it(
    ada: User, line: Line, segmind: Upstream
) -> None:
    line.project.voice.source_url = ""
    line.project.voice.clip_mp3 = default_storage.save("voices/a.mp3", ContentFile(b"ID3 clip"))
    line.project.voice.save()

    make(ada, line, count=3)
    take = make(ada, line)

    log = segmind.log()
    assert take.state == JobState.DONE
    assert log.hits["upload"] == 1
    assert {post["body"]["reference_audio"] for post in log.submits()} == {
        ProviderClip.objects.get().url
    }


def test_it_pushes_the_clip_again_after_a_failure_that_blames_it(
    ada: User, line: Line, segmind: Upstream
) -> None:
    line.project.voice.source_url = ""
    line.project.voice.clip_mp3 = default_storage.save("voices/a.mp3", ContentFile(b"ID3 clip"))
    line.project.voice.save()
    segmind.rule("job", "fail", error="Could not download reference_audio")

    take = make(ada, line)
    assert take.state == JobState.FAILED
    assert "handed to the provider again" in take.job.error
    assert take.job.charged == Charged.NO
    retry_take(ada, take=take)
    driver.run_slice()

    assert fresh(take).state == JobState.DONE
    assert segmind.log().hits["upload"] == 2


def test_it_never_sends_again_what_may_have_been_accepted(
    ada: User, line: Line, segmind: Upstream, build_impatient: Any
) -> None:
    ways = ("drop_late", "hang", "cut")
    for do in ways:
        segmind.rule("submit", do, accept=True, **({"seconds": 30} if do == "hang" else {}))
    takes = request_takes(ada, line=line, engine="segmind", count=len(ways))
    driver.run_slice(build_impatient)

    for take in map(fresh, takes):
        assert take.state == JobState.UNKNOWN, take.job.error
        assert take.job.charged == Charged.MAYBE
        assert "charged" in take.job.error
    driver.run_slice()
    assert sorted(post["rule"] for post in segmind.log().submits()) == sorted(ways)

    for take in map(fresh, takes):
        submit_again(ada, take=take)
    driver.run_slice()
    for take in takes:
        assert fresh(take).state == JobState.DONE
        assert take.jobs.first().settled == "resubmitted"
    sent = Counter(post["body"]["seed"] for post in segmind.log().submits())
    assert sent == {take.seed: 2 for take in takes}


def test_a_person_can_let_a_doubtful_take_go(ada: User, line: Line, segmind: Upstream) -> None:
    segmind.rule("submit", "answer", status=504, body={"error": "timeout"})
    take = make(ada, line)
    assert take.state == JobState.UNKNOWN

    dismiss_unknown(ada, take=take)

    take = fresh(take)
    assert take.archived_at
    assert take.job.settled == "dismissed"
    assert take.job.charged == Charged.MAYBE


@pytest.fixture
def build_impatient(settings: Settings) -> Iterator[Any]:
    """The registry's engine with a POST timeout of a second."""
    from dataclasses import replace

    from speech.engines import registry
    from speech.engines.answers import Timeouts
    from speech.engines.segmind import SegmindEngine

    def build(key: str) -> Engine:
        if key != "segmind":
            return registry.build(key)
        impatient = Timeouts(connect=0.3, read=1.0, write=1.0, pool=0.3, total=1.5)
        return SegmindEngine(replace(registry.segmind_settings(), post_timeouts=impatient))

    yield build


def test_what_has_nothing_to_say_is_not_sent_though_it_was_queued(
    ada: User, line: Line, segmind: Upstream
) -> None:
    """Asked for by an earlier release, which knew no better."""
    [take] = request_takes(ada, line=line, engine="segmind")
    Take.objects.filter(pk=take.pk).update(text="[laugh] …")
    driver.run_slice()
    take = fresh(take)
    assert (take.state, take.job.charged) == (JobState.FAILED, Charged.NO)
    assert "There is nothing to say in this text" in take.job.error
    assert segmind.log().submits() == []
