from __future__ import annotations

import time

import pytest

from speech.jobs.pace import FASTEST, FIRST_GUESS, Budget, backoff, first_poll, jitter, poll_every


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


async def test_a_budget_lets_a_burst_through_and_then_waits() -> None:
    budget = Budget(per_minute=600, burst=3)
    began = time.monotonic()
    for _ in range(3):
        await budget.turn()
    assert time.monotonic() - began < 0.05
    await budget.turn()
    assert time.monotonic() - began >= 0.09


def test_a_budget_halves_down_to_a_floor() -> None:
    budget = Budget(per_minute=640, burst=3)
    budget.halve()
    assert budget.per_minute == 320
    for _ in range(20):
        budget.halve()
    assert budget.per_minute == 10


async def test_a_halved_budget_has_no_turns_left_at_once() -> None:
    budget = Budget(per_minute=1200, burst=5)
    budget.halve()
    began = time.monotonic()
    await budget.turn()
    assert time.monotonic() - began >= 0.09
