"""How the knobs steer a clause: the filters of Turbo's sampler, in Turbo's order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from speech.engines.draft.sampler import STEPS, Sampler, Tuning, candidates
from speech.params import BY_NAME, defaults

KNOBS = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty")
WIDE_OPEN: dict[str, Any] = {
    "temperature": 1.0,
    "top_k": 0,
    "top_p": 1.0,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
}


def tuning(**changes: Any) -> Tuning:
    return Tuning(**{**{name: defaults()[name] for name in KNOBS}, **changes})


def steps(count: int = 60, seed: int = 7, **changes: Any) -> list[float]:
    sampler = Sampler(seed=seed, tuning=tuning(**changes))
    return [sampler.draw().pitch for _ in range(count)]


def left(**changes: Any) -> int:
    return sum(chance > 0 for chance in candidates(Tuning(**{**WIDE_OPEN, **changes})))


def test_it_draws_the_same_row_for_the_same_seed() -> None:
    assert steps() == steps()
    assert steps() != steps(seed=8)


def test_it_draws_pitch_rate_and_pause_apart() -> None:
    drawn = Sampler(seed=7, tuning=tuning()).draw()
    assert len({drawn.pitch, drawn.rate, drawn.pause}) > 1


def test_it_spreads_with_temperature() -> None:
    spreads = [float(np.std(steps(temperature=value))) for value in (0.05, 0.7, 2)]
    assert spreads[0] < 0.3 < spreads[1] < spreads[2]


def test_it_keeps_top_k_candidates_and_zero_is_off() -> None:
    assert left(top_k=1) == 1
    assert left(top_k=7) == 7
    assert left(top_k=0) == left(top_k=1000) == len(STEPS)
    assert set(steps(top_k=1)) == {0.0}


def test_it_keeps_the_likeliest_share_of_top_p() -> None:
    assert left(top_p=0) == 1
    assert left(top_p=0) < left(top_p=0.5) < left(top_p=0.9) < left(top_p=1)
    assert set(steps(top_p=0)) == {0.0}


def test_it_drops_what_is_unlikely_beside_the_likeliest() -> None:
    assert left(min_p=1) == 1
    assert left(min_p=1) < left(min_p=0.5) < left(min_p=0.1) < left(min_p=0)
    assert set(steps(min_p=1)) == {0.0}


def test_it_makes_a_used_step_less_likely() -> None:
    used = frozenset({20})
    fair = candidates(Tuning(**WIDE_OPEN), used=used)[20]
    avoided = candidates(Tuning(**{**WIDE_OPEN, "repetition_penalty": 1.3}), used=used)[20]
    shunned = candidates(Tuning(**{**WIDE_OPEN, "repetition_penalty": 2.0}), used=used)[20]
    assert shunned < avoided < fair


def test_it_filters_by_temperature_first() -> None:
    # A hot curve is flat, so that the same share needs more candidates.
    assert left(temperature=0.3, top_p=0.9) < left(temperature=2, top_p=0.9)
    assert left(temperature=0.3, min_p=0.5) < left(temperature=2, min_p=0.5)


def test_it_takes_top_p_of_what_top_k_left() -> None:
    # Half of the three likeliest is fewer than half of all.
    assert left(top_k=3, top_p=0.6) < left(top_p=0.6)
    assert left(top_k=3, top_p=0.6) == 2


@pytest.mark.parametrize("name", KNOBS)
@pytest.mark.parametrize("end", ["low", "high"])
def test_it_is_sound_at_both_ends_of_each_range(name: str, end: str) -> None:
    value = getattr(BY_NAME[name], end)
    chances = candidates(tuning(**{name: type(defaults()[name])(value)}))
    assert sum(chances) == pytest.approx(1)
    assert min(chances) >= 0


def test_it_is_sound_with_every_filter_shut() -> None:
    shut = tuning(temperature=0.05, top_k=1, top_p=0.0, min_p=1.0, repetition_penalty=2.0)
    sampler = Sampler(seed=1, tuning=shut)
    assert {sampler.draw().pitch for _ in range(9)} == {0.0}
