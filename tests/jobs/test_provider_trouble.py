"""Each row of `troubles`, held against the real server: the take's state, its money, its sentence,
and how often it was sent."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from speech.engines import registry
from speech.engines.answers import Timeouts
from speech.engines.base import Engine
from speech.engines.segmind import SegmindEngine
from speech.jobs import driver
from speech.models import EngineState, Event, Job, Project, Take, User
from speech.services.engines import resume_engine
from speech.services.takes import request_takes
from speech.states import Charged, JobState
from tests import factories
from tests.jobs.review import fresh
from tests.jobs.troubles import BIGGEST, DOWNLOADS, GATEWAY, READS, SOUND, SUBMITS, Trouble
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

    run(settings, seconds=3.5)
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
    ended = Event.objects.filter(verb="take ended").values_list("target", flat=True)
    assert sorted(ended) == sorted(
        f"take {takes[one.what].pk}" for one in troubles if one.last != JobState.DONE
    )


def states(takes: dict[str, Take]) -> dict[str, str]:
    return {what: take.state for what, take in takes.items()}


PAUSES: list[tuple[int, dict[str, Any], str, str]] = [
    (
        401,
        {"body": {"error": "unauthorized", "error_description": "No"}},
        "unauthorized",
        "the key",
    ),
    (402, {}, "insufficient_credits", "too few credits"),
    (403, {"body": {"error": "Not yours"}}, "forbidden", "Not yours."),
    (404, {"body": {"error": "Model not found"}}, "model_not_found", "does not know this model"),
    (405, GATEWAY, "wrong_verb", "does not take submissions at the address"),
    (406, {"body": {"error": "Insufficient credits: 0.01"}}, "insufficient_credits", "0.01"),
    (406, {"body": {"error": "Team spend limit reached"}}, "spend_limit", "spend limit"),
    (410, {"body": {"error": "Model retired"}}, "model_retired", "has retired this model"),
    (307, {"headers": {"location": "https://else.example/"}}, "redirected", "redirect"),
]


def test_what_is_about_the_account_pauses_submitting_keeps_the_queue_and_goes_on_when_resumed(
    settings: Settings, segmind: Upstream, project: Project
) -> None:
    settings.SEGMIND_SUBMIT_WINDOW = 2
    ada = User.objects.get(username="ada")
    takes = [ask(project, f"Sentence number {number}.") for number in range(5)]
    for status, more, code, says in PAUSES:
        before = sum(segmind.log().text_posts.values())
        segmind.rule("submit", "answer", times=None, status=status, **more)
        run(settings, seconds=10)

        state = EngineState.objects.get(key="segmind")
        assert (state.paused_at is not None, state.pause_code) == (True, code)
        assert says in state.pause_sentence
        assert "Nothing was charged. Submitting is paused" in state.pause_sentence
        assert Event.objects.filter(verb="submissions paused").latest("pk").data["code"] == code
        now = [fresh(take) for take in takes]
        assert {take.state for take in now} == {JobState.QUEUED}
        assert state.pause_sentence in {take.job.error for take in now}
        assert {take.job.charged for take in now} == {Charged.NO}
        assert not Job.objects.actionable().exists(), "nothing calls a worker before it is resumed"
        assert sum(segmind.log().text_posts.values()) - before <= 2, "no more than were under way"
        segmind.relent()
        resume_engine(ada, key="segmind")

    run(settings, seconds=10)
    assert {fresh(take).state for take in takes} == {JobState.DONE}
    assert len(segmind.log().jobs) == 5


@pytest.mark.parametrize(("status", "code"), [(401, "unauthorized"), (403, "forbidden")])
def test_a_key_that_is_refused_to_a_question_stops_new_submissions_and_loses_nothing(
    *, settings: Settings, segmind: Upstream, project: Project, status: int, code: str
) -> None:
    segmind.rule("status", "answer", times=None, status=status, body={"error": "No"})
    sent = ask(project, "On its way.")
    run(settings, seconds=1.5)
    waiting = ask(project, "Next in the queue.")
    segmind.relent()

    run(settings, seconds=10)

    assert fresh(sent).state == JobState.DONE, "reading goes on"
    assert fresh(waiting).state == JobState.QUEUED
    assert EngineState.objects.get(key="segmind").pause_code == code
    resume_engine(User.objects.get(username="ada"), key="segmind")
    run(settings, seconds=10)
    assert fresh(waiting).state == JobState.DONE


def test_a_connection_that_closes_before_the_request_was_read_leaves_it_in_doubt(
    settings: Settings, segmind: Upstream, project: Project
) -> None:
    """From here that looks the same as one that closes afterwards."""
    segmind.rule("submit", "drop_early")
    take = ask(project, "Hello?")
    run(settings, seconds=10)

    job = fresh(take).job
    assert (job.state, job.error_code) == (JobState.UNKNOWN, "connection_lost")
    assert job.error.endswith("may have made this take and charged for it.")


def test_a_server_that_cannot_be_reached_took_nothing_and_is_tried_again(
    settings: Settings, segmind: Upstream, project: Project
) -> None:
    settings.SEGMIND_BASE_URL = "http://127.0.0.1:9"
    take = ask(project, "Hello?")
    run(settings, seconds=0.5)
    job = fresh(take).job
    assert (job.state, job.error_code) == (JobState.QUEUED, "unreachable")
    assert "Nothing was sent, so nothing was charged." in job.error

    settings.SEGMIND_BASE_URL = segmind.url
    what_waits_is_due()
    run(settings, seconds=10)
    assert fresh(take).state == JobState.DONE


def test_a_result_that_names_no_audio_is_asked_for_five_times_and_may_be_charged(
    settings: Settings, segmind: Upstream, project: Project
) -> None:
    segmind.rule("job", "odd", result={"output": None})
    take = ask(project, "Hello?")
    run(settings, seconds=1.5)
    assert fresh(take).state == JobState.RUNNING
    Job.objects.update(failures=4)
    run(settings, seconds=10)

    job = fresh(take).job
    assert (job.state, job.error_code, job.charged) == ("failed", "no_output", Charged.MAYBE)
    assert "named no audio file. The take has probably been charged." in job.error
    assert segmind.log().text_posts == {"Hello?": 1}


def test_the_key_does_not_follow_an_answer_to_another_host(
    settings: Settings, segmind: Upstream, other_upstream: Upstream, project: Project
) -> None:
    """Neither from the answer to the submit, nor from the row that keeps its addresses."""
    segmind.set(status_base=other_upstream.url, job_seconds=[1.5, 1.5])
    take = ask(project, "Hello?")
    run(settings, seconds=1)
    assert fresh(take).job.status_url.startswith(other_upstream.url)
    run(settings, seconds=10)

    assert fresh(take).state == JobState.DONE
    assert other_upstream.log().hits == {}


def test_a_record_that_is_gone_ends_a_take_after_a_while_unless_its_audio_is_known(
    settings: Settings, segmind: Upstream, project: Project
) -> None:
    segmind.rule("job", "slow", match="Unknown", seconds=60)
    segmind.rule("output", "answer", match="Known", times=None, status=503)
    unknown, known = ask(project, "Unknown"), ask(project, "Known")
    run(settings, seconds=1.5)
    assert (fresh(unknown).state, fresh(known).state) == (JobState.RUNNING, JobState.DOWNLOADING)
    segmind.expire(*(job["id"] for job in segmind.log().jobs))
    segmind.relent()

    run(settings, seconds=2.5)
    assert fresh(known).state == JobState.DONE
    assert fresh(unknown).state == JobState.RUNNING, "a fresh record may not be everywhere yet"
    after_an_outage = {"accepted_at": Now() - timedelta(hours=2), "failures": 20}
    Job.objects.update(**after_an_outage)
    run(settings, seconds=10)

    job = fresh(unknown).job
    assert (job.state, job.error_code) == (JobState.EXPIRED, "record_expired")
    assert job.charged == Charged.MAYBE
    assert "may have been made and charged for" in job.error


def test_audio_that_stays_refused_is_given_up_after_an_hour_and_was_charged(
    settings: Settings, segmind: Upstream, project: Project
) -> None:
    segmind.rule("output", "answer", times=None, status=403)
    take = ask(project, "Hello?")
    run(settings, seconds=1.5)
    assert fresh(take).state == JobState.DOWNLOADING
    Job.objects.update(completed_at=Now() - timedelta(hours=2), failures=5)

    run(settings, seconds=10)

    take = fresh(take)
    assert (take.state, take.job.charged) == (JobState.FAILED, Charged.YES)
    assert "charged this take, but its audio could not be fetched." in take.job.error
    assert take.cost
    assert segmind.log().text_posts == {"Hello?": 1}


def test_audio_that_falls_short_is_fetched_three_times_and_then_kept_with_a_word(
    settings: Settings, segmind: Upstream, project: Project
) -> None:
    half = base64.b64encode(SOUND[: len(SOUND) // 2]).decode()
    segmind.rule("output", "answer", match="Once", body_base64=half)
    segmind.rule("output", "answer", match="Always", times=None, body_base64=half)
    once, always = ask(project, "Once"), ask(project, "Always")

    run(settings, seconds=10)

    once, always = fresh(once), fresh(always)
    assert (once.state, once.job.error) == (JobState.DONE, "")
    assert always.state == JobState.DONE, "it is paid for, and half of it is better than nothing"
    assert always.duration == pytest.approx(1, abs=0.1)
    assert "may be cut off" in always.job.error
    assert {job["text"]: job["downloads"] for job in segmind.log().jobs} == {"Once": 1, "Always": 0}
    assert segmind.log().hits["output"] == 2 + 3


def what_waits_is_due() -> None:
    """As if the time that is waited for had passed."""
    Job.objects.filter(state=JobState.QUEUED).update(due_at=Job.objects.earliest("due_at").due_at)
    EngineState.objects.update(hold_until=None)


def test_a_trouble_that_has_passed_is_no_longer_said(
    settings: Settings, segmind: Upstream, project: Project
) -> None:
    """The page shows the first of several troubles at once, and that all is well again."""
    settings.DRIVER_SLICE_SECONDS = 3
    segmind.rule("job", "slow", seconds=600)
    segmind.rule("status", "answer", times=1, status=502, body="")
    line = factories.make_line(project)
    [take] = request_takes(project.members.get(), line=line, engine="segmind")
    before = Project.objects.get(pk=project.pk).version

    driver.run_slice()

    job = Job.objects.get(take=take)
    assert (job.state, job.error, job.failures) == (JobState.RUNNING, "", 0)
    shown = Project.objects.get(pk=project.pk).version - before
    assert shown >= 3, "that it is sent, that there is trouble, and that it has passed"
    assert segmind.log().hits["status"] >= 2

    segmind.finish()
    driver.run_slice()
    assert fresh(take).state == JobState.DONE
