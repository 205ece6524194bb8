"""What one driver may take on where another is at work too: limits are those of the account."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from speech.jobs import claim
from speech.jobs.allowance import Limit
from speech.jobs.lease import Lease
from speech.models import Allowance, EngineState, Job
from speech.states import JobState
from tests.jobs.review import ask

pytestmark = pytest.mark.django_db
FREE = Limit(name="segmind submits", per_minute=0, burst=1)


def driver() -> Lease:
    lease = Lease(seconds=10)
    lease.acquire()
    return lease


def claims(
    lease: Lease,
    *,
    window: int = 8,
    in_flight: int = 0,
    submits: Limit = FREE,
    engine: str = "segmind",
    own: int | None = None,
) -> int:
    room = claim.Room(window=window, in_flight=in_flight, submits=submits, own=own)
    return len(claim.claim(lease, rooms={engine: room}).works)


def test_two_drivers_share_one_window() -> None:
    ask(count=8)
    one, other = driver(), driver()
    assert [claims(one, window=3), claims(other, window=3)] == [3, 0]

    Job.objects.filter(owner=one.owner).update(state=JobState.RUNNING, request_id="r")
    assert [claims(other, window=3), claims(one, window=3)] == [3, 0]


def test_they_share_what_the_provider_may_have_at_once() -> None:
    ask(count=8)
    one, other = driver(), driver()
    assert [claims(one, window=5, in_flight=6), claims(other, window=8, in_flight=6)] == [5, 1]

    Job.objects.exclude(owner="").update(state=JobState.RUNNING, request_id="r")
    assert claims(one, in_flight=6) == 0
    Job.objects.filter(owner=one.owner).update(state=JobState.DONE, owner="")
    assert claims(other, in_flight=6) == 2


def test_they_share_the_submits_of_a_minute() -> None:
    ask(count=8)
    limit = Limit(name="segmind submits", per_minute=60, burst=5)
    one, other = driver(), driver()
    assert [claims(one, window=3, submits=limit), claims(other, submits=limit)] == [3, 2]
    assert claims(one, submits=limit) == 0
    Allowance.objects.update(at=timezone.now() - timedelta(seconds=1.5))
    assert claims(one, submits=limit) == 1


def test_a_driver_knows_when_it_is_worth_looking_again() -> None:
    ask(count=8)
    limit = Limit(name="segmind submits", per_minute=60, burst=1)
    room = claim.Room(window=8, in_flight=0, submits=limit)
    claimed = claim.claim(driver(), rooms={"segmind": room})
    assert len(claimed.works) == 1
    again = claim.claim(driver(), rooms={"segmind": room})
    assert 0.5 < again.again_in["segmind"] <= 1.0


def test_work_that_is_done_on_this_machine_has_a_window_of_its_own() -> None:
    ask(count=6, engine="draft")
    one, other = driver(), driver()
    assert [
        claims(one, engine="draft", window=2, own=2), claims(other, engine="draft", window=2, own=2)
    ] == [2, 2]  # fmt: skip
    assert claims(one, engine="draft", window=2, own=0) == 0


def test_jobs_that_wait_for_money_are_claimed_by_nobody() -> None:
    ask(count=4)
    Job.objects.update(waits="budget")
    assert claims(driver()) == 0


def test_the_engine_remembers_how_far_its_turns_have_come() -> None:
    ask(count=4)
    claims(driver(), window=2)
    assert (
        EngineState.objects.get(key="segmind").turn
        == Job.objects.exclude(owner="").latest("turn").turn
    )
