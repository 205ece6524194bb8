"""Signs that nobody sees, and signs that only look like others."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.text import clean, clean_mapped, is_blank, one_line, tidy

INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060"
    "\u2063\u2066\u2069\u3164\ufe0f\ufeff\uffa0\ufffc\x00\x07\x1f\x7f\x81\U000e0001\U000e0041"
    "\U000e0100"
)
ODD = st.text(
    st.sampled_from(
        f"{INVISIBLE}aéE\u0301ñ'`’\u02bc-\u2011 \u00a0\u3000\t\n\r\u2028\x85\x92•\uf0b7ﬁＡ"
        "[]Ll👩🚀ॐ🏽1"
    )
    | st.characters(exclude_categories=["Cs"])
)


@pytest.mark.parametrize("sign", INVISIBLE, ids=lambda sign: f"U+{ord(sign):04X}")
def test_an_invisible_sign_is_nothing(sign: str) -> None:
    assert is_blank(sign * 3)
    assert is_blank(f" \n{sign}\u00a0")
    assert one_line(sign) == tidy(sign) == ""
    assert clean(f"Fern{sign}weh") == "Fernweh"
    assert one_line(f"Ada{sign}") == "Ada"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Fern\u2011weh", "Fern-weh"),
        ("Fern\u2010weh", "Fern-weh"),
        ("don\u02bct", "don't"),
        ("don\x92t", "don’t"),
        ("don\u00b4t 5\u2032", "don't 5\u2032"),
        ("a\u00a0b\u202fc\u3000d\te", "a b c d e"),
        ("a \u00a0 b", "a b"),
        ("Cafe\u0301", "Café"),
        ("of\ufb01ce", "office"),
        ("Ｆｅｒｎ", "Fern"),
        ("𝐁𝐨𝐥𝐝", "Bold"),
        ("\uf0b7\tFirst\n\uf0a7 Second", "First\nSecond"),
        ("• First\r\n\u2022\u00a0Second", "First\nSecond"),
        ("one\x85two\u2028three\x0bfour\x0cfive", "one\ntwo\nthree\nfour\nfive"),
        ("\ufeffHello", "Hello"),
        ("“Curly” – and…", "“Curly” – and…"),
        ("10² ½ ™ °", "10² ½ ™ °"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🚀 ❤\ufe0f", "👩\u200d🚀 ❤\ufe0f"),
        ("two  spaces", "two  spaces"),
        ("- a list", "- a list"),
    ],
)
def test_what_is_read_is_plain_and_the_words_stay(typed: str, said: str) -> None:
    assert clean(typed) == said


@given(ODD)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)


@given(ODD)
def test_each_sign_knows_where_it_stood(text: str) -> None:
    mapped = clean_mapped(text)
    assert mapped.text == clean(text)
    assert len(mapped.spans) == len(mapped.text)
    assert all(0 <= start < end <= len(text) for start, end in mapped.spans)
    assert list(mapped.spans) == sorted(mapped.spans)


def test_the_quick_way_out_misses_no_sign() -> None:
    """Most texts hold no odd sign, and are not taken apart; which are odd is written down."""
    for code in range(0x80, sys.maxunicode + 1, 97):
        if not 0xD800 <= code < 0xE000:
            assert clean(f"a{chr(code)}b") == clean_mapped(f"a{chr(code)}b").text, hex(code)


def test_a_comment_keeps_its_lines_and_its_emoji() -> None:
    assert tidy("\u200b\nNice 👍\r\n  again \n\ufeff") == "Nice 👍\n  again"
    assert one_line(" Ada\u202e\n Lovelace\u3000") == "Ada Lovelace"
