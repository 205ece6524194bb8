"""Money that was spent is never lost sight of, and never spent twice."""

from __future__ import annotations

import asyncio
import math
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from speech import errors
from speech.engines.base import Progress, Result, SpeechRequest, Submitted
from speech.engines.segmind import SegmindEngine
from speech.jobs import driver, standing, store, trouble
from speech.jobs.carry import carry
from speech.jobs.lane import Lane
from speech.jobs.lease import Lease
from speech.jobs.ledger import Ledger
from speech.jobs.references import References
from speech.jobs.work import Work, result_from_json, result_to_json
from speech.limits import BREAKS_AFTER, limits_of
from speech.models import EngineState, Job
from speech.services.lines import delete_line
from speech.states import Charged, JobState
from tests.audio.sounds import encoded, tone
from tests.jobs.review import ask, building, fresh
from tests.upstream.client import KEY, Upstream

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("warm_audio")]

NO_IDS = """
CREATE TRIGGER no_ids BEFORE UPDATE OF request_id ON speech_job WHEN NEW.request_id != ''
BEGIN SELECT RAISE(ABORT, 'not now'); END
"""


@pytest.fixture(autouse=True)
def segmind(settings: Settings, upstream: Upstream) -> Upstream:
    settings.SEGMIND_API_KEY = KEY
    settings.SEGMIND_BASE_URL = upstream.url
    settings.SEGMIND_SUBMITS_PER_MINUTE = 0
    settings.SEGMIND_POLLS_PER_MINUTE = 6000
    upstream.set(job_seconds=[0.1, 0.1])
    return upstream


def run_sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the fault is a trigger of SQLite's")
def test_it_keeps_a_request_id_though_the_database_is_away_for_a_moment(
    segmind: Upstream,
) -> None:
    def back() -> None:
        run_sql("DROP TRIGGER no_ids")
        connection.close()

    class Then(SegmindEngine):
        async def submit(self, request: SpeechRequest) -> Submitted:
            submitted = await super().submit(request)
            threading.Timer(1.0, back).start()
            return submitted

    take = ask()
    run_sql(NO_IDS)

    driver.run_slice(building(Then))

    assert fresh(take).state == JobState.DONE, fresh(take).job.error
    assert segmind.log().hits["submit"] == 1


def test_it_keeps_a_paid_take_whose_answers_no_database_would_take(segmind: Upstream) -> None:
    deep: list[object] = []
    for _ in range(500):
        deep = [deep]

    class Odd(SegmindEngine):
        async def submit(self, request: SpeechRequest) -> Submitted:
            submitted = await super().submit(request)
            return replace(submitted, status_url="https://a.example/\ud800", response_url="h" * 600)

        async def result(self, submitted: Submitted) -> Result:
            result = await super().result(submitted)
            odd = {"gpu": {"load": [math.nan]}, "a\x00": "b\x00\ud800", "deep": deep}
            return replace(result, seed=10**300, metrics={**result.metrics, **odd})

    take = ask()
    driver.run_slice(building(Odd))

    take = fresh(take)
    assert take.state == JobState.DONE, take.job.error
    assert take.seed_used == take.seed
    assert take.job.result["metrics"]["gpu"] == {"load": [None]}
    assert (take.job.status_url, take.job.response_url) == ("", "")


def test_it_bounds_what_it_keeps_of_a_providers_figures() -> None:
    from speech.jobs.work import storable_result

    kept = storable_result(Result(cost=0.02, metrics={"noise": ["x" * 100] * 1000}))
    assert kept.metrics == {}
    assert kept.cost == 0.02


def test_it_reads_a_result_that_another_version_wrote() -> None:
    written = result_to_json(Result(cost=0.02)) | {"something_new": 1}
    assert result_from_json(written).cost == 0.02


def test_a_read_never_leads_to_a_second_paid_submission(segmind: Upstream) -> None:
    class Forgets(SegmindEngine):
        asked = 0

        async def status(self, submitted: Submitted) -> Progress:
            self.asked += 1
            if self.asked == 1:
                raise errors.NotAccepted("I know nothing of it.")
            return await super().status(submitted)

    take = ask()
    driver.run_slice(building(Forgets))

    assert fresh(take).state == JobState.DONE
    assert segmind.log().hits["submit"] == 1


def test_it_queues_what_was_not_sent_when_the_process_had_slept(settings: Settings) -> None:
    """It slept between the commit and the request: nothing went out, and that can be said."""
    take = ask()
    lease = Lease(seconds=10)
    lease.acquire()
    Job.objects.update(state=JobState.CLAIMED, owner=lease.owner, epoch=1)
    work = Work.from_row(Job.objects.select_related("take__voice", "take__batch").get(take=take))
    settings.DRIVER_LEASE_SECONDS = 0

    class Silent(SegmindEngine):
        async def submit(self, request: SpeechRequest) -> Submitted:
            pytest.fail("it was sent")

    async def try_to_send() -> None:
        ledger = Ledger(lease)
        lane = Lane(
            engine=building(Silent)("segmind"), ledger=ledger,
            audio=driver.audio, clips=References(ledger), durations=[],
            limits=limits_of("segmind"),
        )  # fmt: skip
        await carry(lane, work)
        await lane.engine.aclose()
        await ledger.aclose()

    asyncio.run(try_to_send())
    job = Job.objects.get(take=take)
    assert (job.state, job.owner, job.charged) == (JobState.QUEUED, "", Charged.NO)


def test_a_success_does_not_end_the_wait_of_a_rate_limit() -> None:
    until = timezone.now() + timedelta(seconds=40)
    standing.hold("segmind", until=until, sentence="Slow down.")
    EngineState.objects.update(failures=3)

    standing.submit_accepted("segmind")

    state = EngineState.objects.get(key="segmind")
    assert (state.hold_until, state.failures) == (until, 0)


def test_a_shorter_hold_does_not_cut_a_longer_one() -> None:
    until = timezone.now() + timedelta(seconds=40)
    standing.hold("segmind", until=until, sentence="Slow down.")
    standing.hold("segmind", until=until - timedelta(seconds=30), sentence="Broken.")
    assert EngineState.objects.get(key="segmind").hold_until == until


def test_a_fresh_record_that_is_not_found_is_asked_for_longer() -> None:
    lost = errors.RecordExpired("Not found.")
    young = trouble.after_read(lost, failures=9, lost=9, free=False, age=20)
    old = trouble.after_read(lost, failures=9, lost=9, free=False, age=100)
    assert isinstance(young, trouble.ReadsAgain)
    assert isinstance(old, trouble.Ends)


def test_refused_audio_of_a_paid_take_is_asked_for_an_hour() -> None:
    refused = errors.Refused("Not found.")
    for minutes, kind in ((5, trouble.ReadsAgain), (70, trouble.Ends)):
        at = timezone.now() - timedelta(minutes=minutes)
        verdict = trouble.after_fetch(refused, failures=30, completed_at=at, free=False)
        assert isinstance(verdict, kind)


def test_a_driver_that_slept_cannot_touch_the_audio_of_the_one_that_finished(
    tmp_path: Path,
) -> None:
    take = ask()
    job = Job.objects.select_related("take__voice", "take__batch").get(take=take)
    late, winner = Work.from_row(job), Work.from_row(job)
    winner.epoch += 1
    source = tmp_path / "a.audio"
    source.write_bytes(encoded(tone(1.0), "wav"))

    _, kept = store.measure_and_store(driver.audio(), winner, source)
    _, other = store.measure_and_store(driver.audio(), late, source)

    assert kept != other
    assert default_storage.exists(kept)


def test_it_does_not_pay_for_takes_of_a_line_that_was_deleted(segmind: Upstream) -> None:
    take = ask(count=2)
    delete_line(take.created_by, line=take.line)  # type: ignore[arg-type]

    driver.run_slice()

    assert {job.state for job in Job.objects.all()} == {JobState.CANCELLED}
    assert "Nothing was charged" in fresh(take).job.error
    assert fresh(take).state == JobState.CANCELLED
    assert "submit" not in segmind.log().hits


def test_a_gateway_that_times_out_does_not_put_the_whole_queue_in_doubt(
    settings: Settings, segmind: Upstream
) -> None:
    settings.SEGMIND_SUBMIT_WINDOW = 2
    settings.DRIVER_SLICE_SECONDS = 2
    segmind.rule("submit", "answer", times=None, status=504, body={"error": "timeout"})
    ask(count=8)

    driver.run_slice()

    states = [job.state for job in Job.objects.all()]
    assert states.count(JobState.UNKNOWN) in {BREAKS_AFTER, BREAKS_AFTER + 1}
    assert states.count(JobState.QUEUED) == 8 - states.count(JobState.UNKNOWN)
    assert segmind.log().hits["submit"] == states.count(JobState.UNKNOWN)
