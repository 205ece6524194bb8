"""A script into lines, and a long line into shorter ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.text import cut, is_blank, split_script


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\x0b", "\x0c", "\u2028", "\u2029"])
def test_every_line_end_ends_a_line(end: str) -> None:
    assert split_script(f"one{end}two") == ["one", "two"]
    assert split_script(f"one{end}wrapped{end}{end}two") == ["one wrapped", "two"]


@pytest.mark.parametrize("blank", ["\u00a0", " \t", "\u200b", "\ufeff", "\u3164\u3000", "\u00ad"])
def test_a_line_of_which_nothing_is_seen_is_blank(blank: str) -> None:
    assert split_script(f"one\nwrapped\n{blank}\ntwo") == ["one wrapped", "two"]
    assert split_script(f"{blank}\none\ntwo\n{blank}") == ["one", "two"]
    assert split_script(blank) == []


def test_a_byte_order_mark_is_no_sign_of_the_script() -> None:
    assert split_script("\ufeffone\ntwo\ufeff") == ["one", "two"]


def test_a_long_text_is_cut_at_the_ends_of_sentences() -> None:
    text = "Dr. Smith came. He sat down! Did he speak? “No,” they said. 3.5 million heard it."
    assert cut(text, most=40) == [
        "Dr. Smith came. He sat down!", "Did he speak? “No,” they said.", "3.5 million heard it.",
    ]  # fmt: skip
    assert cut("  short ", most=40) == ["short"]


def test_a_long_sentence_is_cut_at_a_clause_else_between_words() -> None:
    assert cut("one two three, four five six, seven", most=20) == [
        "one two three,", "four five six, seven",
    ]  # fmt: skip
    assert cut("one two three [clear throat] four five", most=16) == [
        "one two three", "[clear throat]", "four five",
    ]  # fmt: skip
    assert cut("x" * 25, most=10) == ["x" * 10, "x" * 10, "x" * 5]


@given(st.text(st.sampled_from("ab. ,!\n[]—"), max_size=120), st.integers(5, 40))
def test_cutting_loses_no_sign(text: str, most: int) -> None:
    pieces = cut(text, most=most)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(len(piece) <= most for piece in pieces)


@given(st.text(st.sampled_from("ab\n\r\x85\u2028\u00a0\u200b\ufeff "), max_size=60))
def test_no_line_of_a_script_is_blank(script: str) -> None:
    assert not any(map(is_blank, split_script(script)))
