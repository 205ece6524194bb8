from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from speech.jobs import claim
from speech.jobs.allowance import Limit
from speech.jobs.lease import Lease
from speech.models import DriverLease, EngineState, Job, Line, Take
from speech.states import Charged, JobState
from tests import factories

pytestmark = pytest.mark.django_db
BOTH = frozenset({"segmind", "draft"})


@pytest.fixture
def lease() -> Lease:
    lease = Lease(seconds=10)
    lease.acquire()
    return lease


@pytest.fixture
def line() -> Line:
    return factories.make_line(factories.make_project(owner=factories.make_user()))


def job(line: Line, state: JobState, *, engine: str = "segmind", **more: Any) -> Job:
    take = factories.make_take(line, state=JobState.QUEUED, engine=engine)
    Take.objects.filter(pk=take.pk).update(state=state)
    Job.objects.filter(take=take).update(state=state, request_id=f"request-{take.pk}", **more)
    return Job.objects.get(take=take)


def claimed(lease: Lease, **windows: int) -> list[int]:
    """What `lease` claims with these windows, by engine."""
    rooms = {
        engine: claim.Room(
            window=window, in_flight=0, submits=Limit(name=engine, per_minute=0, burst=1)
        )
        for engine, window in windows.items()
    }
    return [work.pk for work in claim.claim(lease, rooms=rooms).works]


def adopt(lease: Lease, **more: Any) -> list[int]:
    options: dict[str, Any] = {"engines": BOTH, "free": frozenset({"draft"}), **more}
    return [work.pk for work in claim.adopt(lease, **options)]


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.DOWNLOADING, JobState.MEASURING])
def test_it_goes_on_with_what_a_dead_driver_was_waiting_for(
    lease: Lease, line: Line, state: JobState
) -> None:
    row = job(line, state, owner="dead", epoch=4)

    assert adopt(lease) == [row.pk]
    row.refresh_from_db()
    assert (row.state, row.owner, row.epoch) == (state, lease.owner, 5)


def test_it_queues_again_what_was_claimed_and_never_sent(lease: Lease, line: Line) -> None:
    row = job(line, JobState.CLAIMED, owner="dead", epoch=4)

    assert adopt(lease) == []
    row.refresh_from_db()
    assert (row.state, row.owner, row.epoch, row.charged) == (JobState.QUEUED, "", 5, Charged.NO)
    assert row.take.state == JobState.QUEUED


def test_it_calls_unknown_what_was_being_sent(lease: Lease, line: Line) -> None:
    row = job(line, JobState.SUBMITTING, owner="dead", epoch=4, submit_started_at=timezone.now())
    version = line.project.version

    assert adopt(lease) == []
    row.refresh_from_db()
    assert (row.state, row.owner, row.epoch) == (JobState.UNKNOWN, "", 5)
    assert row.charged == Charged.MAYBE
    assert "may have been charged" in row.error
    assert row.take.state == JobState.UNKNOWN
    assert row.take.finished_at
    line.project.refresh_from_db()
    assert line.project.version > version, "open pages must hear of it"


def test_it_queues_again_what_was_being_sent_where_that_is_free(lease: Lease, line: Line) -> None:
    row = job(
        line, JobState.SUBMITTING, engine="draft", owner="dead", submit_started_at=timezone.now()
    )

    adopt(lease)
    row.refresh_from_db()
    assert (row.state, row.charged) == (JobState.QUEUED, Charged.NO)


def test_it_leaves_alone_what_a_living_driver_holds(lease: Lease, line: Line) -> None:
    other = Lease(seconds=10)
    other.acquire()
    row = job(line, JobState.RUNNING, owner=other.owner, epoch=1)

    assert adopt(lease) == []
    row.refresh_from_db()
    assert (row.owner, row.epoch) == (other.owner, 1)


def test_it_takes_over_when_the_lease_ran_out(lease: Lease, line: Line) -> None:
    other = Lease(seconds=10)
    other.acquire()
    row = job(line, JobState.RUNNING, owner=other.owner, epoch=1)
    DriverLease.objects.filter(owner=other.owner).update(
        until=timezone.now() - timedelta(seconds=1)
    )

    assert adopt(lease) == [row.pk]


def test_it_leaves_jobs_of_an_engine_that_it_cannot_speak_to(lease: Lease, line: Line) -> None:
    row = job(line, JobState.RUNNING, owner="dead", epoch=1)

    assert adopt(lease, engines=frozenset({"draft"})) == []
    row.refresh_from_db()
    assert (row.state, row.owner) == (JobState.RUNNING, "dead")


def test_it_claims_what_is_due_the_oldest_first_and_no_more_than_there_is_room(
    lease: Lease, line: Line
) -> None:
    now = timezone.now()
    rows = [job(line, JobState.QUEUED, turn=turn) for turn in (30, 10, 20)]
    job(line, JobState.QUEUED, due_at=now + timedelta(seconds=60))

    assert claimed(lease, segmind=2, draft=2) == [rows[1].pk, rows[2].pk]
    mine = Job.objects.filter(state=JobState.CLAIMED, owner=lease.owner, epoch=1)
    assert set(mine.values_list("pk", flat=True)) == {rows[1].pk, rows[2].pk}
    assert Take.objects.filter(state=JobState.CLAIMED).count() == 2


def test_it_claims_nothing_twice(lease: Lease, line: Line) -> None:
    job(line, JobState.QUEUED)
    assert len(claimed(lease, segmind=8)) == 1
    assert claimed(lease, segmind=8) == []


def test_it_fills_a_small_window_at_once_and_a_large_one_in_waves(lease: Lease, line: Line) -> None:
    for _ in range(40):
        job(line, JobState.QUEUED)
    assert len(claimed(lease, segmind=8)) == 8
    assert [len(claimed(lease, segmind=48)) for _ in range(4)] == [12, 12, 8, 0]


@pytest.mark.parametrize("closed", ["paused_at", "hold_until"])
def test_it_claims_nothing_of_an_engine_that_is_closed(
    lease: Lease, line: Line, closed: str
) -> None:
    job(line, JobState.QUEUED)
    draft = job(line, JobState.QUEUED, engine="draft")
    until = timezone.now() + timedelta(seconds=60)
    EngineState.objects.create(key="segmind", **{closed: until})

    assert claimed(lease, segmind=8, draft=8) == [draft.pk]


def test_it_does_not_lock_the_database_to_find_nothing(
    lease: Lease, line: Line, django_assert_num_queries: Any
) -> None:
    job(line, JobState.RUNNING, owner=lease.owner)
    with django_assert_num_queries(3):  # reads only, no transaction
        claimed(lease, segmind=8)
        adopt(lease)
