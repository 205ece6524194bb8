from __future__ import annotations

from typing import Any

import pytest

from speech import params
from speech.queries.staleness import Setup, differences, text_pieces


def _setup(**more: Any) -> Setup:
    return Setup(
        **{
            "text": "Seven days on one charge.",
            "voice_id": 1,
            "voice_name": "Amara",
            "clip": "a" * 64,
            "tuning": params.defaults(),
            **more,
        }
    )


def test_a_take_that_matches_its_line_has_no_difference() -> None:
    assert differences(take=_setup(), line=_setup(text=" Seven days on one charge. ")) == []


def test_a_changed_text_is_shown_word_by_word() -> None:
    (one,) = differences(take=_setup(), line=_setup(text="Eight days on one charge."))
    assert one.what == "Text"
    assert [(piece.kind, piece.text) for piece in one.pieces] == [
        ("gone", "Seven"),
        ("new", "Eight"),
        ("same", " days on one charge."),
    ]


def test_the_pieces_of_a_text_give_both_texts_back() -> None:
    old, new = "One two  three.\nFour", "Zero one two three four."
    pieces = text_pieces(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "new") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == new


@pytest.mark.parametrize(
    ("changed", "then", "now"),
    [
        ({"voice_id": 2, "voice_name": "Ben"}, "Amara", "Ben"),
        ({"voice_id": None, "voice_name": ""}, "Amara", "none"),
        ({"clip": "b" * 64}, "its earlier clip", "its present clip"),
    ],
)
def test_another_voice_or_clip_is_named(changed: dict[str, Any], then: str, now: str) -> None:
    (one,) = differences(take=_setup(), line=_setup(**changed))
    assert (one.what, one.then, one.now) == ("Voice", then, now)


@pytest.mark.parametrize("param", params.TUNING, ids=lambda param: param.name)
def test_each_parameter_counts(param: params.Param) -> None:
    other = (not param.default) if param.kind == "boolean" else param.high
    tuning = params.defaults() | {param.name: other}
    (one,) = differences(take=_setup(), line=_setup(tuning=tuning))
    assert one.what == param.label
    assert one.then != one.now
