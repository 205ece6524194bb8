"""A provider that refuses everybody for a while: nobody hammers it, and nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from speech.jobs import driver
from speech.jobs.allowance import Limit, draw
from speech.limits import BREAKS_AFTER
from speech.models import Allowance, EngineState, Event, Job, Project, Take
from speech.services.takes import request_takes
from speech.states import Charged, JobState
from tests import factories
from tests.jobs.review import fresh
from tests.upstream.client import KEY, Upstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("warm_audio")]

WINDOW = 8
PER_MINUTE = 1200
LIMIT = Limit(name="segmind submits", per_minute=PER_MINUTE, burst=20)


@pytest.fixture(autouse=True)
def segmind(settings: Settings, upstream: Upstream) -> Upstream:
    settings.SEGMIND_API_KEY = KEY
    settings.SEGMIND_BASE_URL = upstream.url
    settings.SEGMIND_SUBMITS_PER_MINUTE = PER_MINUTE
    settings.SEGMIND_POLLS_PER_MINUTE = 6000
    settings.SEGMIND_SUBMIT_WINDOW = WINDOW
    upstream.set(job_seconds=[0, 0], output_seconds=0.6)
    return upstream


@pytest.fixture
def project() -> Project:
    ada = factories.make_user("ada", is_superuser=True)
    return factories.make_project(owner=ada, voice=factories.make_voice())


def ask(project: Project, *, count: int, text: str = "Storm.") -> list[Take]:
    line = factories.make_line(project, text)
    return [request_takes(None, line=line, engine="segmind")[0] for _ in range(count)]


def run(settings: Settings, *, seconds: float) -> None:
    settings.DRIVER_SLICE_SECONDS = seconds
    driver.run_slice()


def states(takes: Sequence[Take]) -> set[str]:
    return {fresh(take).state for take in takes}


def posts(segmind: Upstream) -> int:
    return segmind.log().hits.get("submit", 0)


def let_the_wait_pass() -> None:
    """As if the time that the engine, or a take, waits for had come."""
    Job.objects.filter(state=JobState.QUEUED).update(due_at=timezone.now())
    EngineState.objects.update(hold_until=None)


def test_a_storm_of_429_that_names_its_end_is_waited_out_and_halves_the_limit_once(
    settings: Settings, segmind: Upstream, project: Project
) -> None:
    takes = ask(project, count=20)
    end = timezone.now() + timedelta(seconds=3.5)
    segmind.rule(
        "submit", "answer", times=WINDOW, status=429, body={"error": "slow down"},
        headers={"x-rate-limit-reset-at-utc": end.isoformat()},
    )  # fmt: skip

    run(settings, seconds=20)

    assert states(takes) == {JobState.DONE}
    assert posts(segmind) == WINDOW + 20, "each refused one was sent once more"
    early = [post for post in segmind.log().submits() if post["at"] < end.timestamp()]
    assert len(early) == WINDOW, "nothing was sent before the moment that it named"
    assert not Event.objects.filter(verb="take ended").exists()
    assert set(Job.objects.values_list("failures", flat=True)) == {0}
    learned = Allowance.objects.get(name=LIMIT.name)
    assert PER_MINUTE / 2 <= learned.per_minute < PER_MINUTE * 0.7, "halved, and growing since"
    Allowance.objects.update(at=timezone.now() - timedelta(minutes=2))
    assert draw(LIMIT, 1).per_minute == PER_MINUTE, "as before two minutes later"


def test_a_storm_of_429_that_says_nothing_holds_the_queue_for_a_while(
    settings: Settings, segmind: Upstream, project: Project
) -> None:
    segmind.rule("submit", "answer", times=None, status=429, body={"error": "slow down"})
    takes = ask(project, count=20)

    run(settings, seconds=2)

    assert states(takes) == {JobState.QUEUED}
    assert posts(segmind) == WINDOW, "nobody asks again at once"
    state = EngineState.objects.get(key="segmind")
    assert state.hold_until
    assert state.hold_until > timezone.now() + timedelta(seconds=5)
    assert "Nothing failed and nothing was charged; it goes on at" in state.hold_sentence
    told = {take.job.error for take in map(fresh, takes)} - {""}
    assert all("rate limit is reached" in sentence for sentence in told)
    assert told

    segmind.relent()
    let_the_wait_pass()
    run(settings, seconds=20)
    assert states(takes) == {JobState.DONE}
    assert posts(segmind) == WINDOW + 20


def test_cards_that_still_wait_when_a_hold_is_over_are_drawn_anew_without_it(
    settings: Settings, project: Project
) -> None:
    [waits] = ask(project, count=1)
    over = timezone.now() - timedelta(seconds=1)
    EngineState.objects.update_or_create(
        key="segmind", defaults={"hold_until": over, "hold_sentence": "Slow down."}
    )
    Job.objects.filter(take=waits).update(due_at=timezone.now() + timedelta(minutes=5))
    before = fresh(waits).project.version

    run(settings, seconds=1.5)

    assert fresh(waits).state == JobState.QUEUED
    assert fresh(waits).project.version == before + 1, "its pages look again, once"
    state = EngineState.objects.get(key="segmind")
    assert (state.hold_until, state.hold_sentence) == (None, "")


def test_a_storm_of_5xx_opens_the_breaker_for_submissions_only_and_is_probed_one_at_a_time(
    settings: Settings, segmind: Upstream, project: Project
) -> None:
    segmind.set(job_seconds=[3, 3])
    under_way = ask(project, count=3, text="Under way.")
    run(settings, seconds=0.5)
    assert states(under_way) == {JobState.RUNNING}
    segmind.set(job_seconds=[0, 0])
    segmind.rule("submit", "answer", times=None, status=503, body={"error": "no capacity"})
    takes = ask(project, count=12)

    run(settings, seconds=5)
    assert states(under_way) == {JobState.DONE}, "polls and downloads went on"
    assert states(takes) == {JobState.QUEUED}
    assert posts(segmind) == 3 + WINDOW, "no more than were under way"
    assert is_open()

    for probes in (1, 2, 3):
        let_the_wait_pass()
        run(settings, seconds=1)
        assert posts(segmind) == 3 + WINDOW + probes
        assert is_open()

    segmind.relent()
    segmind.rule("submit", "delay", seconds=1)
    let_the_wait_pass()
    run(settings, seconds=20)
    assert states(takes) == {JobState.DONE}
    probe, following, *_ = [post["at"] for post in segmind.log().submits()][-12:]
    assert following - probe >= 1, "the others wait for what becomes of the probe"
    assert posts(segmind) == 3 + WINDOW + 3 + 12
    assert EngineState.objects.get(key="segmind").failures == 0


def is_open() -> bool:
    state = EngineState.objects.get(key="segmind")
    held = state.hold_until is not None and state.hold_until > timezone.now()
    return held and state.failures >= BREAKS_AFTER and "HTTP 503" in state.hold_sentence


def test_an_outage_fails_no_take_however_long_it_lasts(
    settings: Settings, segmind: Upstream, project: Project
) -> None:
    """Refusals while the breaker is open are the provider's, not the take's."""
    [take] = ask(project, count=1)
    Job.objects.update(failures=9)
    EngineState.objects.create(key="segmind", failures=BREAKS_AFTER)
    segmind.rule("submit", "answer", times=None, status=503)

    run(settings, seconds=1)
    assert posts(segmind) == 1
    assert fresh(take).state == JobState.QUEUED

    segmind.relent()
    let_the_wait_pass()
    run(settings, seconds=10)
    assert fresh(take).state == JobState.DONE


def test_a_take_that_is_refused_while_others_are_taken_gives_up_after_ten_times(
    settings: Settings, segmind: Upstream, project: Project
) -> None:
    segmind.rule("submit", "answer", times=None, status=500, match="Poison.")
    [take], others = ask(project, count=1, text="Poison."), ask(project, count=3)
    Job.objects.filter(take=take).update(failures=9)

    run(settings, seconds=10)

    job = fresh(take).job
    assert (job.state, job.charged) == (JobState.FAILED, Charged.NO)
    assert "Given up after 10 tries; nothing was charged." in job.error
    assert states(others) == {JobState.DONE}
