from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from speech.models import DriverLease, EngineState, Heartbeat, Job
from speech.queries import health
from speech.running.watchdog import Watchdog
from speech.states import JobState
from speech.views import health as view
from tests import factories

LONG_UP = 10_000.0


def due_job(*, waited: float) -> Job:
    line = factories.make_line(factories.make_project())
    job = factories.make_take(line, state=JobState.QUEUED).job
    assert job is not None
    job.due_at = timezone.now() - timedelta(seconds=waited)
    job.save()
    return job


def lease(*, seconds: float) -> None:
    until = timezone.now() + timedelta(seconds=seconds)
    DriverLease.objects.create(owner="one", host="here", pid=1, until=until)


@pytest.mark.django_db
def test_it_is_content_with_an_idle_studio() -> None:
    seen = health.snapshot()
    assert seen.problems(up=LONG_UP) == []
    assert (seen.due_jobs, seen.oldest_due) == (0, None)


@pytest.mark.django_db
def test_it_reports_due_work_that_nobody_moves() -> None:
    due_job(waited=90)
    seen = health.snapshot()
    assert seen.driver_stalled(up=LONG_UP)
    (problem,) = seen.problems(up=LONG_UP)
    assert "has waited 90 s" in problem


@pytest.mark.django_db
def test_it_lets_a_new_process_settle_before_it_complains() -> None:
    due_job(waited=90)
    assert not health.snapshot().driver_stalled(up=10)


@pytest.mark.django_db
def test_it_takes_a_lease_or_a_fresh_heartbeat_for_progress() -> None:
    due_job(waited=90)
    lease(seconds=5)
    assert not health.snapshot().driver_stalled(up=LONG_UP)
    DriverLease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert health.snapshot().driver_stalled(up=LONG_UP)
    Heartbeat.objects.create(name=health.DRIVER, at=timezone.now())
    assert not health.snapshot().driver_stalled(up=LONG_UP)


@pytest.mark.django_db
def test_it_does_not_count_work_that_waits_for_a_person() -> None:
    job = due_job(waited=90)
    EngineState.objects.create(key=job.engine, paused_at=timezone.now())
    assert health.snapshot().due_jobs == 0


@pytest.mark.django_db
def test_it_counts_only_what_is_due() -> None:
    due_job(waited=-30)
    assert health.snapshot().due_jobs == 0


@pytest.mark.django_db
def test_it_notices_a_default_cluster_that_fell_silent() -> None:
    Heartbeat.objects.create(name=health.DEFAULT, at=timezone.now() - timedelta(seconds=300))
    seen = health.snapshot()
    assert seen.default_silent(up=LONG_UP)
    assert not seen.default_silent(up=30)
    assert seen.problems(up=LONG_UP) == []  # nothing waits for it


@pytest.mark.django_db
def test_it_answers_healthz_without_a_session(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == HTTPStatus.OK
    assert answer.json()["problems"] == []
    due_job(waited=90)
    monkeypatch.setattr(view, "_started", view._started - LONG_UP)
    answer = client.get("/healthz")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json()["oldest_due_job_age"] == pytest.approx(90, abs=5)


@pytest.mark.django_db(transaction=True)
def test_it_says_that_the_database_is_away(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE speech_job RENAME TO speech_job_away")
    try:
        answer = client.get("/healthz")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE speech_job_away RENAME TO speech_job")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json()["problems"] == ["The database does not answer."]


@pytest.mark.django_db
def test_it_restarts_the_driver_only_where_nothing_moves() -> None:
    asked: list[str] = []
    watchdog = Watchdog(restart=lambda name, _: asked.append(name), up=lambda _: 100.0)
    watchdog.look()
    assert asked == []
    due_job(waited=90)
    watchdog.look()
    assert asked == [health.DRIVER]


@pytest.mark.django_db
def test_it_wakes_the_driver_when_a_wake_up_was_lost() -> None:
    asked: list[str] = []
    watchdog = Watchdog(restart=lambda name, _: asked.append(name), up=lambda _: 100.0)
    due_job(waited=10)
    watchdog.look()
    watchdog.look()
    assert asked == []
    assert OrmQ.objects.filter(key="driver").count() == 1
