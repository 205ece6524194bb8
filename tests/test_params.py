from __future__ import annotations

import math
from typing import Any

import pytest

from speech.errors import ParamErrors
from speech.params import (
    BY_NAME,
    PARAMS,
    TEXT_REFUSED_OVER,
    TUNING,
    clean,
    clean_seed,
    clean_tuning,
    defaults,
)

GOOD: dict[str, Any] = {"text": "Hello.", "reference_audio": "https://example.com/a.wav"}
RANGED = [param for param in PARAMS if param.low is not None and param.high is not None]


def faults(raw: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ParamErrors) as caught:
        clean(raw)
    return {fault.field: fault.sentence for fault in caught.value.faults}


def test_it_knows_the_nine_fields_of_the_model_page() -> None:
    # The values themselves are the promise here: Segmind's model page for chatterbox-turbo-tts.
    known = {p.name: (p.default, p.low, p.high) for p in PARAMS}
    assert known.pop("seed")[:2] == (42, 0)
    assert known == {
        "text": (None, None, None),
        "reference_audio": (None, None, None),
        "temperature": (0.7, 0.05, 2),
        "min_p": (0.0, 0, 1),
        "top_p": (0.9, 0, 1),
        "top_k": (500, 0, 1000),
        "repetition_penalty": (1.3, 1, 2),
        "norm_loudness": (True, None, None),
    }


def test_it_fills_in_the_providers_defaults() -> None:
    assert clean(GOOD) == {**GOOD, "seed": 42, **defaults()}


def test_it_lists_every_fault_at_once() -> None:
    found = faults(
        {
            "text": "  ",
            "temperature": "warm",
            "top_k": 2.5,
            "top_p": float("nan"),
            "min_p": math.inf,
            "norm_loudness": 3,
            "pitch": 1,
            "seed": -1,
        }
    )
    assert set(found) == {
        "text", "reference_audio", "temperature", "top_k", "top_p", "min_p", "norm_loudness",
        "pitch", "seed",
    }  # fmt: skip
    assert found["temperature"] == "Temperature must be a number between 0.05 and 2."
    assert found["pitch"] == "There is no field “pitch”."


@pytest.mark.parametrize("param", RANGED, ids=lambda param: param.name)
def test_it_takes_both_ends_of_each_range_and_nothing_past_them(param: Any) -> None:
    assert clean({**GOOD, param.name: param.low})[param.name] == param.low
    assert clean({**GOOD, param.name: param.high})[param.name] == param.high
    for past in (param.low - 1, param.high + 1):
        assert str(past) in faults({**GOOD, param.name: past})[param.name]


@pytest.mark.parametrize("param", RANGED, ids=lambda param: param.name)
@pytest.mark.parametrize("wrong", [True, None, [], {}, "", "1e999", "0x10", "nan"])
def test_it_refuses_what_is_no_number(param: Any, wrong: object) -> None:
    assert param.name in faults({**GOOD, param.name: wrong})


def test_it_reads_form_text_as_the_types_of_the_wire() -> None:
    values = clean({**GOOD, "temperature": "0.9", "top_k": "400", "norm_loudness": "false"})
    assert values["temperature"] == 0.9
    assert (values["top_k"], type(values["top_k"])) == (400, int)
    assert values["norm_loudness"] is False


@pytest.mark.parametrize(
    "url",
    ["", "clip.wav", "ftp://example.com/a.wav", "https://", "javascript:alert(1)", "http://[::1"],
)
def test_it_refuses_what_is_no_web_address(url: str) -> None:
    assert "reference_audio" in faults({**GOOD, "reference_audio": url})


def test_it_refuses_a_text_that_the_model_would_garble() -> None:
    assert "Split it" in faults({**GOOD, "text": "a" * (TEXT_REFUSED_OVER + 1)})["text"]
    assert clean({**GOOD, "text": "a" * TEXT_REFUSED_OVER})


def test_blank_knobs_are_left_out_and_unknown_ones_named() -> None:
    assert clean_tuning({"temperature": "", "top_p": "0.5", "min_p": None}) == {"top_p": 0.5}
    with pytest.raises(ParamErrors, match="seed"):
        clean_tuning({"seed": 3})


@pytest.mark.parametrize("wrong", ["", "abc", "-1", "1.5", str(2**31)])
def test_it_refuses_an_impossible_seed(wrong: str) -> None:
    with pytest.raises(ParamErrors):
        clean_seed(wrong)


def test_what_has_no_effect_is_said_for_the_engine_it_concerns() -> None:
    assert "min-p" in BY_NAME["min_p"].no_effect_on["segmind"]
    assert {param.name for param in TUNING} == set(defaults())


def test_it_says_limits_with_all_their_digits() -> None:
    with pytest.raises(ParamErrors) as told:
        clean_tuning({"temperature": "9"})
    assert told.value.faults[0].sentence == "Temperature must be between 0.05 and 2; 9 is not."
    with pytest.raises(ValueError, match="between 0 and 2147483647; -1 is not"):
        BY_NAME["seed"].parse("-1")
