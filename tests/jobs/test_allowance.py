from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from speech.jobs.allowance import ONE_STORM, Limit, draw, halve
from speech.models import Allowance

pytestmark = pytest.mark.django_db
LIMIT = Limit(name="segmind submits", per_minute=60, burst=5)


def let_pass(seconds: float) -> None:
    Allowance.objects.update(at=timezone.now() - timedelta(seconds=seconds))


def test_a_burst_goes_through_and_then_it_says_how_long_to_wait() -> None:
    assert draw(LIMIT, 8).granted == 5
    again = draw(LIMIT, 1)
    assert again.granted == 0
    assert 0.9 <= again.wait <= 1.0


def test_time_gives_turns_back_but_no_more_than_the_burst() -> None:
    draw(LIMIT, 5)
    let_pass(2.2)
    assert draw(LIMIT, 8).granted == 2
    let_pass(3600)
    assert draw(LIMIT, 99).granted == 5


def test_the_limit_outlives_whoever_drew_from_it() -> None:
    """A slice ends, another host begins: what was used up stays used up."""
    draw(LIMIT, 5)
    assert draw(Limit(name="segmind submits", per_minute=60, burst=5), 5).granted == 0


def test_a_halved_limit_has_no_turns_and_grows_back() -> None:
    halve(LIMIT)
    drawn = draw(LIMIT, 1)
    assert (drawn.granted, round(drawn.per_minute)) == (0, 30)
    let_pass(120)
    assert round(draw(LIMIT, 1).per_minute) == 60


def test_it_halves_down_to_a_floor() -> None:
    for _ in range(20):
        halve(LIMIT)
        Allowance.objects.update(halved_at=timezone.now() - timedelta(seconds=ONE_STORM + 1))
    assert Allowance.objects.get().per_minute == pytest.approx(60 / 64, rel=0.01)


def test_a_storm_of_refusals_halves_it_once() -> None:
    for _ in range(500):
        halve(LIMIT)
    assert Allowance.objects.get().per_minute == pytest.approx(30, rel=0.01)


def test_a_setting_that_was_lowered_holds_at_once() -> None:
    draw(Limit(name="segmind submits", per_minute=6000, burst=20), 1)
    assert draw(LIMIT, 99).granted == 5
    assert Allowance.objects.get().per_minute == 60


def test_no_limit_costs_nothing() -> None:
    free = Limit(name="segmind submits", per_minute=0, burst=1)
    assert draw(free, 500).granted == 500
    halve(free)
    assert not Allowance.objects.exists()
