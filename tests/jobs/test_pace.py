from __future__ import annotations

import asyncio

import pytest
from django.db import OperationalError

from speech.jobs.allowance import Draw
from speech.jobs.pace import FASTEST, FIRST_GUESS, Turns, backoff, first_poll, jitter, poll_every


def test_it_backs_off_twice_as_long_each_time_up_to_a_bound() -> None:
    waits = [backoff(failures) for failures in (1, 2, 3, 4)]
    for wait, middle in zip(waits, (1, 2, 4, 8), strict=True):
        assert middle * 0.8 <= wait <= middle * 1.2
    assert backoff(1000) <= 60 * 1.2


def test_it_spreads_what_would_come_at_once() -> None:
    waits = {jitter(10) for _ in range(50)}
    assert len(waits) > 40
    assert all(8 <= wait <= 12 for wait in waits)


def test_it_first_asks_near_the_shortest_tenth_of_what_was_seen() -> None:
    assert first_poll([]) == FIRST_GUESS
    assert first_poll([9.0] * 4) == FIRST_GUESS, "too few to learn from"
    assert first_poll([3.0, 4.0, 5.0, 6.0, 7.0]) == pytest.approx(2.85)
    assert first_poll([0.01] * 10) == FASTEST


def test_it_asks_as_often_as_the_budget_allows() -> None:
    few = poll_every(in_flight=1, polls_per_minute=6000, age=1, usual=5)
    many = poll_every(in_flight=1000, polls_per_minute=6000, age=1, usual=5)
    assert few <= FASTEST * 1.2
    assert 8 <= many <= 12


def test_it_slows_down_past_twice_the_usual() -> None:
    usual = poll_every(in_flight=1, polls_per_minute=6000, age=9, usual=5)
    late = poll_every(in_flight=1, polls_per_minute=6000, age=100, usual=5)
    hopeless = poll_every(in_flight=1, polls_per_minute=6000, age=1e6, usual=5)
    assert usual <= FASTEST * 1.2
    assert late >= FASTEST * 10 * 0.8
    assert hopeless <= 12
    assert poll_every(in_flight=1, polls_per_minute=6000, age=1e6, usual=0) <= FASTEST * 1.2


class Office:
    """Gives turns out as it is told, and remembers how many were wanted."""

    def __init__(self, *grants: int) -> None:
        self.grants = list(grants)
        self.wanted: list[int] = []

    async def draw(self, want: int) -> Draw:
        self.wanted.append(want)
        granted = self.grants.pop(0) if self.grants else want
        return Draw(granted=min(granted, want), wait=0.01, per_minute=6000)


async def test_flows_that_wait_for_turns_take_turns() -> None:
    """Five hundred polls of a sweep do not stand before somebody's one."""
    office = Office(0)
    turns = Turns(office.draw, per_minute=6000)
    order: list[str] = []

    async def wait(flow: str) -> None:
        await turns.turn(flow)
        order.append(flow)

    sweep = [asyncio.create_task(wait("sweep")) for _ in range(500)]
    await asyncio.sleep(0)  # they are all in the waiting room
    await wait("somebody")
    await asyncio.gather(*sweep)
    assert order.index("somebody") <= 2
    await turns.aclose()


async def test_turns_are_drawn_half_a_second_ahead_and_no_more() -> None:
    office = Office()
    turns = Turns(office.draw, per_minute=6000)
    await asyncio.gather(*(turns.turn(str(number)) for number in range(120)))
    assert office.wanted == [50, 50, 50]
    await turns.aclose()


async def test_whoever_asks_often_draws_more_at_once() -> None:
    """Each draw is a commit; one for each poll of a thousand would be too many."""
    office = Office()
    turns = Turns(office.draw, per_minute=6000)
    for _ in range(100):
        await turns.turn()
    assert office.wanted == [1, 2, 4, 8, 16, 32, 50]
    await turns.aclose()


async def test_whoever_gave_up_waiting_takes_no_turn() -> None:
    office = Office(0, 1, 0, 0, 1)
    turns = Turns(office.draw, per_minute=60)
    first = asyncio.create_task(turns.turn("a"))
    second = asyncio.create_task(turns.turn("a"))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert office.grants == [0, 0, 1]
    await turns.aclose()


async def test_a_database_that_is_away_only_delays_turns() -> None:
    tries = []

    async def draw(want: int) -> Draw:
        tries.append(want)
        if len(tries) == 1:
            raise OperationalError
        return Draw(granted=want, wait=0.0, per_minute=60)

    turns = Turns(draw, per_minute=60)
    await turns.turn()
    assert tries == [1, 1]
    await turns.aclose()
