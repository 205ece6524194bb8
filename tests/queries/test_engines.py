from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from speech.jobs.allowance import Limit, halve
from speech.limits import BREAKS_AFTER, limits_of, submits_row
from speech.models import DriverLease, EngineState, Job, Line
from speech.pauses import MOST_RESUMES, pause_of
from speech.queries import engines
from speech.services.events import log
from speech.services.lines import delete_line
from speech.states import JobState
from tests import factories


@pytest.fixture
def line(cast: SimpleNamespace, settings: Settings) -> Line:
    settings.SEGMIND_SUBMITS_PER_MINUTE = 60
    settings.SEGMIND_POLLS_PER_MINUTE = 300
    settings.SEGMIND_SUBMIT_WINDOW = 8
    return factories.make_line(cast.project)


def job(line: Line, state: JobState, **more: Any) -> Job:
    take = factories.make_take(line, state=state, engine=more.pop("engine", "segmind"))
    Job.objects.filter(take=take).update(**more)
    return Job.objects.get(take=take)


def test_it_counts_what_is_in_flight_and_what_waits_for_what(line: Line) -> None:
    for state, many in ((JobState.CLAIMED, 1), (JobState.SUBMITTING, 2), (JobState.RUNNING, 3)):
        for _ in range(many):
            job(line, state)
    job(line, JobState.RUNNING, engine="draft")
    later = timezone.now() + timedelta(minutes=5)
    job(line, JobState.QUEUED, due_at=later)
    job(line, JobState.QUEUED, waits="budget")
    job(line, JobState.QUEUED, waits="key_budget")
    job(line, JobState.QUEUED, waits="clip")
    oldest = job(line, JobState.QUEUED, due_at=timezone.now() - timedelta(minutes=4))
    job(line, JobState.QUEUED)
    job(line, JobState.DONE)

    status = engines.engine_status("segmind")

    assert dict(status.flight) == {
        "Starting": 1, "Sending": 2, "Rendering": 3, "Saving": 0, "Measuring": 0,
    }  # fmt: skip
    assert (status.in_flight, status.sending) == (6, 3)
    queue = status.queue
    assert (queue.due, queue.later, queue.budget, queue.clip, queue.total) == (2, 1, 2, 1, 6)
    assert status.oldest == oldest
    assert status.waited == pytest.approx(240, abs=5)


def test_it_shows_a_limit_as_set_and_as_learned(line: Line) -> None:
    limits = limits_of("segmind")
    assert engines.engine_status("segmind").submits == engines.Speed(limit=60, now=60.0)
    halve(Limit(name=submits_row("segmind"), per_minute=limits.submits_per_minute, burst=1))

    status = engines.engine_status("segmind")

    assert status.submits.limit == 60
    assert status.submits.now == pytest.approx(30, abs=1)
    assert status.submits.lowered
    assert not status.polls.lowered
    assert engines.engine_status("draft").submits == engines.Speed(limit=0, now=0.0)


@pytest.mark.parametrize(
    ("failures", "held", "breaker"),
    [
        (0, False, "closed"),
        (2, False, "counting"),
        (BREAKS_AFTER, True, "open"),
        (BREAKS_AFTER, False, "probing"),
        (0, True, "closed"),
    ],
)
def test_it_says_how_the_breaker_stands(
    line: Line, failures: int, held: bool, breaker: str
) -> None:
    until = timezone.now() + timedelta(seconds=30 if held else -30)
    EngineState.objects.create(key="segmind", failures=failures, hold_until=until)
    status = engines.engine_status("segmind")
    assert (status.breaker, status.held) == (breaker, held)


def test_it_lists_drivers_with_their_jobs_and_those_that_are_gone(line: Line) -> None:
    now = timezone.now()
    for owner, seconds in (("alive", 60), ("late", -5), ("idle", 60), ("forgotten", -900)):
        DriverLease.objects.create(
            owner=owner, host=f"host-{owner}", pid=7, until=now + timedelta(seconds=seconds)
        )
    for owner in ("alive", "alive", "late"):
        job(line, JobState.RUNNING, owner=owner)
    job(line, JobState.DOWNLOADING, owner="alive")
    job(line, JobState.RUNNING, owner="without a lease")

    rows = {row.host: row for row in engines.engine_status("segmind").drivers}

    assert set(rows) == {"host-alive", "host-late", "host-idle", ""}
    assert dict(rows["host-alive"].jobs) == {"Rendering": 2, "Saving": 1}
    assert (rows["host-alive"].alive, rows["host-alive"].total) == (True, 3)
    assert (rows["host-late"].alive, dict(rows["host-late"].jobs)) == (False, {"Rendering": 1})
    assert (rows["host-idle"].alive, rows["host-idle"].total) == (True, 0)
    assert (rows[""].alive, dict(rows[""].jobs)) == (False, {"Rendering": 1})


def test_it_lists_the_newest_error_of_each_code(cast: SimpleNamespace, line: Line) -> None:
    for sentence in ("First.", "Second."):
        job(line, JobState.FAILED, error_code="server_error", error=sentence)
    old = timezone.now() - engines.ERRORS_OF - timedelta(hours=1)
    job(line, JobState.FAILED, error_code="long_ago", created_at=old)
    job(line, JobState.CANCELLED, error_code="cancelled")
    job(line, JobState.FAILED, error_code="of_another", engine="draft")
    job(line, JobState.QUEUED, error_code="rate_limited", error="Slow down.")
    gone = factories.make_line(cast.project)
    job(gone, JobState.FAILED, error_code="bad_request")
    delete_line(cast.owner, line=gone)

    found = engines.engine_status("segmind").troubles

    assert [(one.code, one.count, one.reachable) for one in found] == [
        ("bad_request", 1, False), ("rate_limited", 1, True), ("server_error", 2, True),
    ]  # fmt: skip
    assert found[2].sentence == "Second."


def test_it_says_how_long_a_take_takes_lately(line: Line) -> None:
    assert engines.engine_status("segmind").usual is None
    now = timezone.now()
    for seconds in (4, 6, 30):
        job(
            line,
            JobState.DONE,
            submit_started_at=now,
            completed_at=now + timedelta(seconds=seconds),
        )
    assert engines.engine_status("segmind").usual == pytest.approx(6)


def test_it_knows_what_ends_a_pause_and_when_it_was_ended_too_often(line: Line) -> None:
    EngineState.objects.create(
        key="segmind", paused_at=timezone.now(), pause_code="insufficient_credits"
    )
    status = engines.engine_status("segmind")
    assert (status.paused, status.weary, status.pause.looked_at) == (True, False, True)
    for _ in range(MOST_RESUMES):
        log(None, "submissions resumed", target="segmind")
    assert engines.engine_status("segmind").weary
    assert "administrator" in pause_of("something_new").ends


def test_it_asks_as_often_for_many_jobs_as_for_few(
    line: Line, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for many in (1, 8):
        for _ in range(many):
            job(line, JobState.RUNNING)
            job(line, JobState.QUEUED)
            job(line, JobState.FAILED, error_code=f"code-{many}")
        with django_assert_num_queries(9):
            engines.engine_status("segmind")


def test_an_administrator_is_called_for_a_pause_and_for_takes_in_doubt(
    cast: SimpleNamespace, line: Line
) -> None:
    assert not engines.alarms()
    doubtful = job(line, JobState.UNKNOWN)
    assert engines.alarms()
    Job.objects.filter(pk=doubtful.pk).update(settled="dismissed")
    assert not engines.alarms()
    EngineState.objects.create(key="draft", paused_at=timezone.now())
    assert engines.alarms()
