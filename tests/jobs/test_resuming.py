"""Submissions that go on by themselves, against the real server."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from speech import tasks
from speech.background import SCHEDULES
from speech.errors import WrongState
from speech.jobs import checks, driver, standing
from speech.models import Balance, EngineState, Event, Job
from speech.pauses import LOOKED_AT, MOST_RESUMES, PAUSES
from speech.services.engines import pause_engine, resume_by_itself, resume_engine
from speech.states import NOT_CONFIGURED, JobState
from tests.jobs.review import ask, fresh
from tests.upstream.client import KEY, Upstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("warm_audio")]

NO_CREDITS = {"error": "Insufficient credits: balance 0.00, need 0.02"}
BAD_KEY = {"error": "unauthorized", "error_description": "bad key", "status_code": 401}


@pytest.fixture(autouse=True)
def segmind(settings: Settings, upstream: Upstream) -> Upstream:
    settings.SEGMIND_API_KEY = KEY
    settings.SEGMIND_BASE_URL = upstream.url
    upstream.set(job_seconds=[0.1, 0.1])
    return upstream


def state() -> EngineState:
    return EngineState.objects.get(key="segmind")


def pause(code: str) -> None:
    standing.pause("segmind", sentence="It stopped.", code=code)


def test_it_goes_on_by_itself_once_credits_were_added(segmind: Upstream) -> None:
    segmind.rule("submit", "answer", status=406, body=NO_CREDITS)
    take = ask()
    driver.run_slice()
    assert state().pause_code == "insufficient_credits"
    segmind.set(credits=0.02, free_credits=0.0)
    OrmQ.objects.all().delete()

    tasks.look_at_paused_engines()

    assert state().paused_at is not None, "two cents do not cover a take"
    assert (state().check_ok, state().credits) == (True, 0.02)
    assert not OrmQ.objects.exists()

    segmind.set(credits=20.0)
    tasks.look_at_paused_engines()

    assert (state().paused_at, state().pause_code, state().pause_sentence) == (None, "", "")
    told = Event.objects.get(verb="submissions resumed")
    assert (told.actor, told.target) == (None, "segmind")
    assert told.data == {"code": "insufficient_credits"}
    assert OrmQ.objects.count() == 1, "the driver is woken"
    assert Balance.objects.get(engine="segmind", day=timezone.localdate()).credits == 20.0
    driver.run_slice()
    assert fresh(take).state == JobState.DONE
    assert segmind.log().hits["submit"] == 2


def test_it_goes_on_by_itself_once_the_key_works_again(segmind: Upstream) -> None:
    segmind.rule("submit", "answer", status=401, body=BAD_KEY)
    take = ask()
    driver.run_slice()
    assert state().pause_code == "unauthorized"

    segmind.rule("credits", "answer", status=401, body=BAD_KEY)
    assert checks.look_at_paused_engines() == []
    assert (state().check_ok, bool(state().paused_at)) == (False, True)
    assert KEY not in state().check_sentence

    assert checks.look_at_paused_engines() == ["segmind"]
    driver.run_slice()
    assert fresh(take).state == JobState.DONE


@pytest.mark.parametrize("code", sorted({*PAUSES, "something_new"} - LOOKED_AT))
def test_everything_else_waits_and_costs_no_call(segmind: Upstream, code: str) -> None:
    pause(code)
    assert checks.look_at_paused_engines() == []
    assert state().pause_code == code
    assert "credits" not in segmind.log().hits


def test_an_engine_that_is_not_paused_is_left_alone(segmind: Upstream) -> None:
    EngineState.objects.create(key="segmind", failures=3)
    tasks.look_at_paused_engines()
    assert "credits" not in segmind.log().hits


def test_it_stops_going_on_where_each_submission_is_refused_all_the_same(
    segmind: Upstream,
) -> None:
    """The balance looks fine, and yet: it must not stop and go for ever."""
    for _ in range(MOST_RESUMES):
        pause("insufficient_credits")
        assert checks.look_at_paused_engines() == ["segmind"]
    pause("insufficient_credits")
    assert checks.look_at_paused_engines() == []
    assert segmind.log().hits["credits"] == MOST_RESUMES


def test_a_pause_that_came_meanwhile_is_not_lifted() -> None:
    pause("unauthorized")
    seen = state()
    EngineState.objects.update(pause_code="by_hand", pause_sentence="Root paused submitting.")
    assert not resume_by_itself(state=seen)
    assert state().pause_sentence == "Root paused submitting."
    assert not Event.objects.filter(verb="submissions resumed").exists()


def test_going_on_by_itself_does_not_end_a_rate_limit_or_close_the_breaker() -> None:
    until = timezone.now().replace(year=timezone.now().year + 1)
    pause("unauthorized")
    EngineState.objects.update(hold_until=until, failures=4)
    assert checks.look_at_paused_engines() == ["segmind"]
    assert (state().hold_until, state().failures) == (until, 4)


def test_an_administrator_pauses_and_the_queue_is_kept(
    cast: SimpleNamespace, segmind: Upstream
) -> None:
    take = ask()
    pause_engine(cast.administrator, key="segmind")
    driver.run_slice()

    assert state().pause_sentence == "root paused submitting. The queue is kept."
    assert fresh(take).state == JobState.QUEUED
    assert "submit" not in segmind.log().hits
    assert not Job.objects.actionable().exists()
    with pytest.raises(WrongState, match="already"):
        pause_engine(cast.administrator, key="segmind")

    resume_engine(cast.administrator, key="segmind")
    driver.run_slice()
    assert fresh(take).state == JobState.DONE
    who = Event.objects.filter(target="segmind").order_by("pk").values_list("verb", "actor")
    root = cast.administrator.pk
    assert list(who) == [("submissions paused", root), ("submissions resumed", root)]


def test_an_administrator_can_keep_paused_what_would_go_on_by_itself(
    cast: SimpleNamespace, segmind: Upstream
) -> None:
    pause("insufficient_credits")
    pause_engine(cast.administrator, key="segmind")
    assert checks.look_at_paused_engines() == []
    assert state().pause_code == "by_hand"


def test_an_engine_that_is_not_configured_cannot_be_resumed_by_a_person(
    cast: SimpleNamespace,
) -> None:
    pause(NOT_CONFIGURED)
    with pytest.raises(WrongState, match="set up again"):
        resume_engine(cast.administrator, key="segmind")
    assert state().paused_at is not None


def test_a_key_that_cannot_be_one_is_named_without_being_shown(settings: Settings) -> None:
    settings.SEGMIND_API_KEY = "two words"
    pause("unauthorized")
    tasks.look_at_paused_engines()
    assert "key" in state().check_sentence
    assert "two words" not in state().check_sentence


def test_it_is_looked_at_once_a_minute() -> None:
    assert SCHEDULES["look at paused engines"] == ("speech.tasks.look_at_paused_engines", 1)


def test_each_reason_says_what_it_takes() -> None:
    for code, reason in PAUSES.items():
        by_itself = "goes on by itself" in reason.ends
        assert by_itself == (reason.looked_at or not reason.can_resume), code
        assert by_itself or "administrator has to resume" in reason.ends, code
