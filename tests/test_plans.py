from __future__ import annotations

import json

import pytest

from speech.errors import ParamErrors
from speech.plans import MOST_TAKES, check, from_json


def faults(**given: object) -> dict[str, str]:
    with pytest.raises(ParamErrors) as caught:
        check(**given)  # type: ignore[arg-type]
    return {fault.field: fault.sentence for fault in caught.value.faults}


def test_it_counts_and_says_what_it_makes() -> None:
    plan = check(
        seeds=["1", 2, 3],
        axes=[("temperature", ["0.5", "0.7", "0.9", "1.1"]), ("top_p", ["0.8", "0.95"])],
    )
    assert plan.count == 24
    assert plan.phrase == "3 seeds × 4 values of temperature × 2 values of top-p = 24 takes"
    assert check(seeds=[1, 2]).phrase == "2 seeds = 2 takes"


def test_every_combination_is_read_with_the_same_seeds_one_grid_after_the_other() -> None:
    plan = check(seeds=[11, 12], axes=[("temperature", ["0.5", "0.7"]), ("top_k", ["50", "500"])])
    grid = [
        {"temperature": 0.5, "top_k": 50},
        {"temperature": 0.5, "top_k": 500},
        {"temperature": 0.7, "top_k": 50},
        {"temperature": 0.7, "top_k": 500},
    ]
    assert list(plan.readings()) == [(11, one) for one in grid] + [(12, one) for one in grid]


def test_it_is_kept_as_json_and_read_back_equal() -> None:
    plan = check(
        seeds=[5, 6], axes=[("norm_loudness", ["on", "off"]), ("repetition_penalty", ["1", "1.3"])]
    )
    assert from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_all_faults_are_said_at_once() -> None:
    found = faults(
        seeds=["7", "7", "x"], axes=[("temperature", ["0.5", "7", "0.5"]), ("temperature", ["1"])]
    )
    assert set(found) == {"seeds", "values_1", "knob_2"}
    assert "chosen twice" in found["knob_2"]


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"seeds": []}, "seeds", "At least one seed"),
        ({"seeds": ["7", "7"]}, "seeds", "Seed 7 is there twice"),
        ({"seeds": ["0"]}, "seeds", "fresh one"),
        ({"seeds": ["-3"]}, "seeds", "between"),
        ({"seeds": [1], "axes": [("temperature", [])]}, "values_1", "Type the values"),
        ({"seeds": [1], "axes": [("temperature", ["0.5", ".50"])]}, "values_1", "twice"),
        ({"seeds": [1], "axes": [("top_k", ["0.5"])]}, "values_1", "whole number"),
        ({"seeds": [1], "axes": [("seed", ["1"])]}, "knob_1", "no knob"),
        ({"seeds": [1], "axes": [("text", ["Hi"])]}, "knob_1", "no knob"),
        ({"seeds": [1]}, "plan", "One take is no sweep"),
        ({"seeds": [1], "axes": [("top_k", [1]), ("top_p", [1]), ("min_p", [1])]}, "plan", "2 k"),
        (
            {"seeds": range(1, 102), "axes": [("top_k", [1, 2, 3, 4, 5])]},
            "plan",
            "505 takes; a sweep makes 500 at most",
        ),
    ],
)
def test_it_refuses_what_nobody_can_make(given: dict[str, object], field: str, words: str) -> None:
    assert words in faults(**given)[field]


def test_the_largest_sweep_is_allowed() -> None:
    assert check(seeds=range(1, 101), axes=[("top_k", range(1, 6))]).count == MOST_TAKES
