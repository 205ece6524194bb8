from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.db.models.functions import Now

from speech.jobs import moves
from speech.jobs.lease import Lease, LeaseLost
from speech.jobs.ledger import Ledger
from speech.jobs.moves import Move
from speech.jobs.work import Work
from speech.models import DriverLease, Job, Take
from speech.states import JobState
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lease() -> Lease:
    lease = Lease(seconds=10)
    lease.acquire()
    return lease


def claimed(lease: Lease, *, count: int = 1) -> list[Work]:
    """Jobs that this driver has claimed, of one project."""
    project = factories.make_project()
    works = []
    for _ in range(count):
        take = factories.make_take(factories.make_line(project), state=JobState.QUEUED)
        Job.objects.filter(take=take).update(state=JobState.CLAIMED, owner=lease.owner, epoch=1)
        works.append(
            Work.from_row(Job.objects.select_related("take__voice", "take__batch").get(take=take))
        )
    return works


def written(lease: Lease, *several: Move) -> list[bool | BaseException]:
    """The answers to moves that wait for the same commit."""

    async def all_at_once() -> list[bool | BaseException]:
        ledger = Ledger(lease)
        try:
            return await asyncio.gather(*map(ledger.write, several), return_exceptions=True)
        finally:
            await ledger.aclose()

    return asyncio.run(all_at_once())


def breaks(work: Work) -> Move:
    """A move that the database refuses."""
    return Move(work=work, to=JobState.SUBMITTING, job={"submit_started_at": None})


def test_it_commits_all_that_waits_and_shows_it_once(lease: Lease) -> None:
    works = claimed(lease, count=5)
    before = Take.objects.get(pk=works[0].take_id).project.version

    answers = written(lease, *(moves.submitting(work) for work in works))

    assert answers == [True] * 5
    assert {job.state for job in Job.objects.all()} == {JobState.SUBMITTING}
    assert {take.state for take in Take.objects.all()} == {JobState.SUBMITTING}
    version = Take.objects.get(pk=works[0].take_id).project.version
    assert before < version <= before + 2  # the first write may have gone ahead of the others


def test_one_bad_write_does_not_spoil_the_others(lease: Lease) -> None:
    works = claimed(lease, count=4)
    good = [moves.submitting(work) for work in works[:3]]

    first, bad, *others = written(lease, good[0], breaks(works[3]), *good[1:])

    assert isinstance(bad, IntegrityError)
    assert [first, *others] == [True, True, True]
    assert Job.objects.filter(state=JobState.SUBMITTING).count() == 3
    assert Job.objects.get(pk=works[3].pk).state == JobState.CLAIMED


def test_it_writes_nothing_where_the_row_has_a_newer_epoch(lease: Lease) -> None:
    [work] = claimed(lease)
    Job.objects.update(epoch=2)

    assert written(lease, moves.submitting(work)) == [False]
    assert Job.objects.get().state == JobState.CLAIMED
    assert work.state == JobState.CLAIMED


def test_it_writes_nothing_where_the_row_has_another_owner(lease: Lease) -> None:
    [work] = claimed(lease)
    Job.objects.update(owner="somebody else")

    assert written(lease, moves.submitting(work)) == [False]
    assert Take.objects.get().state == JobState.QUEUED


def test_it_writes_nothing_where_the_move_is_not_legal(lease: Lease) -> None:
    [work] = claimed(lease)

    assert written(lease, moves.measuring(work)) == [False]
    assert Job.objects.get().state == JobState.CLAIMED


def test_a_lost_lease_stops_every_write(lease: Lease) -> None:
    works = claimed(lease, count=3)
    DriverLease.objects.update(until=Now() - timedelta(seconds=1))

    answers = written(lease, *(moves.submitting(work) for work in works))

    assert all(isinstance(answer, LeaseLost) for answer in answers)
    assert {job.state for job in Job.objects.all()} == {JobState.CLAIMED}
