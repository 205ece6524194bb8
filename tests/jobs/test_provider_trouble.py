"""Each row of `troubles`, held against the real server: the take's state, its money, its sentence,
and how often it was sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from pytest_django import Settings

from speech.engines import registry
from speech.engines.base import Engine
from speech.engines.http import Timeouts
from speech.engines.segmind import SegmindEngine
from speech.jobs import driver
from speech.models import EngineState, Job, Project, Take
from speech.services.takes import request_takes
from speech.states import Charged, JobState
from tests import factories
from tests.jobs.review import fresh
from tests.jobs.troubles import BIGGEST, DOWNLOADS, READS, SUBMITS, Trouble
from tests.upstream.client import KEY, Upstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("warm_audio")]


@pytest.fixture(autouse=True)
def segmind(settings: Settings, upstream: Upstream) -> Upstream:
    settings.SEGMIND_API_KEY = KEY
    settings.SEGMIND_BASE_URL = upstream.url
    settings.SEGMIND_SUBMITS_PER_MINUTE = 0
    settings.SEGMIND_POLLS_PER_MINUTE = 6000
    settings.SEGMIND_SUBMIT_WINDOW = 100  # all are sent at once, before any trouble is noticed
    upstream.set(job_seconds=[0, 0], output_seconds=0.6)
    return upstream


@pytest.fixture
def project() -> Project:
    ada = factories.make_user("ada", is_superuser=True)
    return factories.make_project(owner=ada, voice=factories.make_voice())


def impatient(key: str) -> Engine:
    """The registry's engine, which does not wait for long, nor take much."""
    if key != "segmind":
        return registry.build(key)
    short = Timeouts(connect=0.3, read=0.7, write=0.7, pool=0.3, total=1.2)
    return SegmindEngine(
        replace(
            registry.segmind_settings(), post_timeouts=short, get_timeouts=short,
            download_seconds=1.2, max_audio_bytes=BIGGEST,
        )
    )  # fmt: skip


def ask(project: Project, text: str) -> Take:
    line = factories.make_line(project, text)
    [take] = request_takes(None, line=line, engine="segmind", count=1)
    return take


def run(settings: Settings, *, seconds: float, build: Callable[[str], Engine] = impatient) -> None:
    settings.DRIVER_SLICE_SECONDS = seconds
    driver.run_slice(build)


@pytest.mark.parametrize(
    "troubles", [SUBMITS, READS, DOWNLOADS], ids=["submits", "reads", "downloads"]
)
def test_each_trouble_has_its_outcome_its_sentence_and_its_price(
    settings: Settings, segmind: Upstream, project: Project, troubles: Sequence[Trouble]
) -> None:
    takes = {}
    for one in troubles:
        segmind.rule(one.on, one.do, match=one.what, **{"times": None, **one.more})
        takes[one.what] = ask(project, one.what)

    run(settings, seconds=2.5)
    during = {what: fresh(take) for what, take in takes.items()}
    assert states(during) == {one.what: one.first for one in troubles}
    assert {what: take.job.error_code for what, take in during.items()} == {
        one.what: one.code for one in troubles
    }
    for one in troubles:
        sentence = during[one.what].job.error
        assert all(words in sentence for words in one.says), (one.what, sentence)
        assert sentence.endswith("."), one.what
        assert "<" not in sentence, one.what
        assert KEY not in sentence, one.what

    segmind.relent()
    what_waits_is_due()
    run(settings, seconds=10)
    after = {what: fresh(take) for what, take in takes.items()}
    assert states(after) == {one.what: one.last for one in troubles}
    assert {what: take.job.charged for what, take in after.items()} == {
        one.what: one.charged for one in troubles
    }
    assert segmind.log().text_posts == {one.what: one.sent for one in troubles}
    assert {what: take.job.error for what, take in after.items() if take.is_done} == {
        one.what: "" for one in troubles if one.last == JobState.DONE
    }, "what went wrong on the way is over"


def states(takes: dict[str, Take]) -> dict[str, str]:
    return {what: take.state for what, take in takes.items()}


def what_waits_is_due() -> None:
    """As if the time that is waited for had passed."""
    Job.objects.filter(state=JobState.QUEUED).update(due_at=Job.objects.earliest("due_at").due_at)
    EngineState.objects.update(hold_until=None)
