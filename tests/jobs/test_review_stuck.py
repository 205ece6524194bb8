"""No row gets stuck, and nobody is told that all is well while one is."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from speech.jobs import claim, driver, standing
from speech.jobs.lease import Lease
from speech.limits import BREAKS_AFTER
from speech.models import EngineState, Heartbeat, Job
from speech.queries import health
from speech.running.watchdog import Watchdog
from speech.states import NOT_CONFIGURED, JobState
from tests.jobs.review import ask, fresh
from tests.jobs.test_claim import claimed
from tests.upstream.client import KEY, Upstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("warm_audio")]

NO_CLAIMS = """
CREATE TRIGGER no_claims BEFORE UPDATE OF state ON speech_job WHEN NEW.state = 'claimed'
BEGIN SELECT RAISE(ABORT, 'not now'); END
"""


@pytest.fixture(autouse=True)
def segmind(settings: Settings, upstream: Upstream) -> Upstream:
    settings.SEGMIND_API_KEY = KEY
    settings.SEGMIND_BASE_URL = upstream.url
    settings.SEGMIND_SUBMITS_PER_MINUTE = 0
    upstream.set(job_seconds=[0.1, 0.1])
    return upstream


def lease() -> Lease:
    lease = Lease(seconds=10)
    lease.acquire()
    return lease


def test_an_engine_without_settings_waits_though_it_was_paused_before(
    settings: Settings,
) -> None:
    take = ask()
    Job.objects.update(state=JobState.RUNNING, owner="dead", request_id="r-1")
    standing.pause("segmind", sentence="The key was refused.", code="unauthorized")
    settings.SEGMIND_API_KEY = ""

    driver.run_slice()

    assert EngineState.objects.get(key="segmind").pause_code == NOT_CONFIGURED
    assert not Job.objects.actionable().exists()
    assert fresh(take).job.state == JobState.RUNNING


def test_an_engine_that_cannot_be_built_does_not_stop_the_others(settings: Settings) -> None:
    settings.SEGMIND_API_KEY = "SG_ a key with spaces"
    paid, free = ask(), ask(engine="draft")

    driver.run_slice()

    assert fresh(free).state == JobState.DONE
    assert fresh(paid).state == JobState.QUEUED
    assert "not configured" in EngineState.objects.get(key="segmind").pause_sentence


def test_a_clip_that_cannot_be_read_is_said_on_the_take(settings: Settings) -> None:
    settings.DRIVER_SLICE_SECONDS = 0.5
    take = ask(source_url="", clip_mp3="voices/lost.mp3")

    driver.run_slice()

    job = fresh(take).job
    assert (job.state, job.error_code) == (JobState.QUEUED, "storage")
    assert job.failures >= 1
    assert not EngineState.objects.filter(failures__gt=0).exists(), "the provider did nothing"


def test_a_fault_of_our_own_is_said_on_the_take_and_tried_again(
    settings: Settings, segmind: Upstream, tmp_path: Path
) -> None:
    settings.DRIVER_SLICE_SECONDS = 2
    blocked = Path(settings.MEDIA_ROOT) / "takes"
    blocked.write_text("a file where a folder should be")
    take = ask()

    driver.run_slice()
    job = fresh(take).job
    assert (job.state, job.error_code) == (JobState.MEASURING, "internal")
    assert "inside the studio" in job.error

    blocked.unlink()
    driver.run_slice()
    assert fresh(take).state == JobState.DONE
    assert segmind.log().hits["submit"] == 1
    shutil.rmtree(blocked)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the fault is a trigger of SQLite's")
def test_a_driver_that_fails_at_every_tick_gives_no_sign_of_progress(settings: Settings) -> None:
    settings.DRIVER_SLICE_SECONDS = 0.5
    take = ask()
    with connection.cursor() as cursor:
        cursor.execute(NO_CLAIMS)
    try:
        driver.run_slice()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER no_claims")

    assert not Heartbeat.objects.filter(name=health.DRIVER).exists()
    assert OrmQ.objects.filter(key="driver").exists(), "it asked to be run again"
    driver.run_slice()
    assert fresh(take).state in {JobState.RUNNING, JobState.DOWNLOADING, JobState.DONE}


def test_a_driver_that_died_a_moment_ago_is_replaced_without_waiting_a_minute() -> None:
    take = ask()
    OrmQ.objects.all().delete()
    Job.objects.filter(take=take).update(due_at=timezone.now() - timedelta(seconds=20))
    beat = Heartbeat.objects.create(name=health.DRIVER, at=timezone.now())
    watchdog = Watchdog(restart=lambda *_: pytest.fail("too early"), up=lambda _: 100.0)

    watchdog.look()
    assert not OrmQ.objects.exists(), "it has just handed over"
    beat.at = timezone.now() - timedelta(seconds=10)
    beat.save()
    watchdog.look()
    assert OrmQ.objects.filter(key="driver").count() == 1


def test_what_was_claimed_and_not_sent_keeps_its_place_in_the_queue() -> None:
    ask()
    due = timezone.now() - timedelta(minutes=5)
    Job.objects.update(state=JobState.CLAIMED, owner="dead", due_at=due)

    claim.adopt(lease(), engines=frozenset({"segmind"}), free=frozenset())

    job = Job.objects.get()
    assert (job.state, job.due_at) == (JobState.QUEUED, due)


def test_an_open_breaker_lets_one_probe_in_at_a_time() -> None:
    ask(count=5)
    EngineState.objects.create(key="segmind", failures=BREAKS_AFTER)
    mine = lease()

    first = claimed(mine, segmind=8)
    second = claimed(mine, segmind=8)
    assert (len(first), second) == (1, [])

    Job.objects.filter(pk__in=first).update(state=JobState.RUNNING, request_id="r-1")
    standing.submit_accepted("segmind")
    assert len(claimed(mine, segmind=8)) == 4
