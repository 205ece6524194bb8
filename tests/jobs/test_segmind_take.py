from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from pytest_django import Settings

from speech.engines.base import Engine
from speech.jobs import driver
from speech.models import EngineState, Event, Job, Line, ProviderClip, Take, User
from speech.services.doubts import dismiss_unknown, submit_again
from speech.services.engines import resume_engine
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


def sends(segmind: Upstream) -> dict[int, int]:
    """How often each take was sent, by its seed."""
    return dict(Counter(post["body"]["seed"] for post in segmind.log().submits()))


def due_now() -> None:
    Job.objects.filter(state=JobState.QUEUED).update(due_at=timezone.now())
    EngineState.objects.update(hold_until=None)


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
    assert sends(segmind) == dict.fromkeys((take.seed for take in takes), 2)


def test_a_person_can_let_a_doubtful_take_go(ada: User, line: Line, segmind: Upstream) -> None:
    segmind.rule("submit", "answer", status=504, body={"error": "timeout"})
    take = make(ada, line)
    assert take.state == JobState.UNKNOWN

    dismiss_unknown(ada, take=take)

    take = fresh(take)
    assert take.archived_at
    assert take.job.settled == "dismissed"
    assert take.job.charged == Charged.MAYBE


def test_it_sends_again_what_was_surely_refused(ada: User, line: Line, segmind: Upstream) -> None:
    refusals = (500, 502, 503)
    for status in refusals:
        segmind.rule("submit", "answer", status=status, body={"error": "try later"})
    takes = request_takes(ada, line=line, engine="segmind", count=len(refusals))

    driver.run_slice()

    for take in map(fresh, takes):
        assert take.state == JobState.DONE, take.job.error
    # One each to the end, and one for each refusal.
    assert segmind.log().hits["submit"] == 2 * len(refusals)


def test_it_fails_at_once_where_asking_again_cannot_help(
    ada: User, line: Line, segmind: Upstream
) -> None:
    refusals = (400, 403, 404, 405, 410)
    for status in refusals:
        segmind.rule("submit", "answer", status=status, body={"error": "no such thing"})
    takes = request_takes(ada, line=line, engine="segmind", count=len(refusals))

    driver.run_slice()

    for take in map(fresh, takes):
        assert take.state == JobState.FAILED
        assert take.job.charged == Charged.NO
        told = Event.objects.get(target=f"take {take.pk}", verb="take ended")
        assert "failed" in told.data["how"]
    assert sends(segmind) == dict.fromkeys((take.seed for take in takes), 1)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, {"error": "unauthorized", "error_description": "bad key", "status_code": 401}),
        (406, {"error": "Insufficient credits: balance 0.00, need 0.02"}),
    ],
)
def test_it_pauses_submissions_keeps_the_queue_and_goes_on_when_resumed(
    ada: User, line: Line, segmind: Upstream, status: int, body: dict[str, Any]
) -> None:
    segmind.rule("submit", "answer", times=None, status=status, body=body)
    takes = request_takes(ada, line=line, engine="segmind", count=3)
    driver.run_slice()

    state = EngineState.objects.get(key="segmind")
    assert state.paused_at
    assert state.pause_sentence
    assert KEY not in state.pause_sentence
    assert {fresh(take).state for take in takes} == {JobState.QUEUED}
    assert not Job.objects.actionable().exists()

    segmind.reset()
    segmind.set(job_seconds=[0.1, 0.2])
    resume_engine(ada, key="segmind")
    driver.run_slice()
    assert {fresh(take).state for take in takes} == {JobState.DONE}


def test_it_waits_out_a_rate_limit(ada: User, line: Line, segmind: Upstream) -> None:
    until = (timezone.now() + timedelta(seconds=1.5)).isoformat()
    segmind.rule(
        "submit", "answer", status=429, body={"error": "slow down"},
        headers={"x-rate-limit-reset-at-utc": until},
    )  # fmt: skip

    take = make(ada, line)

    assert take.state == JobState.DONE, take.job.error
    log = segmind.log()
    first, second = log.submits()
    assert second["at"] - first["at"] >= 1.0


def test_it_shrugs_off_trouble_with_reads(ada: User, line: Line, segmind: Upstream) -> None:
    segmind.rule("status", "answer", status=503, body={"error": "busy"})
    segmind.rule("status", "drop_late")
    segmind.rule("result", "answer", status=502, body="<html>bad gateway</html>")
    segmind.rule("output", "answer", status=503, body="")

    take = make(ada, line)

    assert take.state == JobState.DONE, take.job.error
    assert segmind.log().hits["submit"] == 1


def test_it_says_expired_when_the_record_is_gone(
    ada: User, line: Line, segmind: Upstream, settings: Settings
) -> None:
    settings.DRIVER_SLICE_SECONDS = 0.3
    segmind.set(job_seconds=[60, 60])
    take = make(ada, line)
    assert take.state == JobState.RUNNING
    Job.objects.update(accepted_at=timezone.now() - timedelta(hours=1))
    segmind.rule("status", "answer", times=None, status=404, body={"error": "not found"})

    settings.DRIVER_SLICE_SECONDS = 10
    driver.run_slice()

    take = fresh(take)
    assert take.state == JobState.EXPIRED
    assert take.job.charged == Charged.MAYBE
    assert segmind.log().hits["submit"] == 1


def test_it_keeps_what_went_wrong_with_audio_that_cannot_be_used(
    ada: User, line: Line, segmind: Upstream, settings: Settings
) -> None:
    settings.DRIVER_SLICE_SECONDS = 1
    segmind.rule("output", "answer", times=None, status=200, body="<html>not sound</html>")
    take = make(ada, line)
    assert take.state == JobState.DOWNLOADING, "it is paid for, so it is asked for again"
    Job.objects.update(completed_at=timezone.now() - timedelta(hours=2), failures=5)

    driver.run_slice()

    take = fresh(take)
    assert take.state == JobState.FAILED
    assert take.job.charged == Charged.YES
    assert take.cost
    assert segmind.log().hits["submit"] == 1


@pytest.fixture
def build_impatient(settings: Settings) -> Iterator[Any]:
    """The registry's engine with a POST timeout of a second."""
    from dataclasses import replace

    from speech.engines import registry
    from speech.engines.http import Timeouts
    from speech.engines.segmind import SegmindEngine

    def build(key: str) -> Engine:
        if key != "segmind":
            return registry.build(key)
        impatient = Timeouts(connect=0.3, read=1.0, write=1.0, pool=0.3, total=1.5)
        return SegmindEngine(replace(registry.segmind_settings(), post_timeouts=impatient))

    yield build
