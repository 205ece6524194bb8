"""The same word in other clothes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.text import clean, find_word, fold, search_key, without_tags


def said(word: str, text: str) -> list[str]:
    return [text[start:end] for start, end in find_word(word, fold(without_tags(text)))]


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("Fernweh", "The Fernweh boils.", "Fernweh"),
        ("Fernweh", "the FERNWEH", "FERNWEH"),
        ("Fernweh", "the Fern\u00adweh", "Fern\u00adweh"),
        ("Fernweh", "the F\u200be\u2060rnweh\ufeff", "F\u200be\u2060rnweh"),
        ("Fernweh", "the ＦＥＲＮweh", "ＦＥＲＮweh"),
        ("Fernweh", "the 𝐅ernweh", "𝐅ernweh"),
        ("Fernweh", "[Fernweh] is no tag", "Fernweh"),
        ("Fernweh", "_Fernweh_ and *Fernweh*", "Fernweh"),
        ("Fernweh", "Fernweh™ and Fernweh²", "Fernweh"),
        ("Fernweh", "unclosed [Fernweh", "Fernweh"),
        ("Fernweh", "[laugh]Fernweh[sigh]", "Fernweh"),
        ("Fernweh’s", "Fernweh's", "Fernweh's"),
        ("Fernweh's", "Fernweh\u02bcs", "Fernweh\u02bcs"),
        ("Fernweh's", "Fernweh\x92s", "Fernweh\x92s"),
        ("Fern-Weh", "Fern\u2011Weh", "Fern\u2011Weh"),
        ("Fern-Weh", "Fern–Weh", "Fern–Weh"),
        ("Fern-Weh", "Fern Weh", "Fern Weh"),
        ("Fern Weh", "Fern\u00a0\nWeh", "Fern\u00a0\nWeh"),
        ("Fern\u00adweh", "Fernweh", "Fernweh"),
        ("Fernweh!", "Fernweh is", "Fernweh"),
        ("Café", "Cafe\u0301", "Cafe\u0301"),
        ("Nescafé", "Nescafe", "Nescafe"),
        ("office", "of\ufb01ce", "of\ufb01ce"),
        ("Straße", "STRASSE", "STRASSE"),
        ("İstanbul", "istanbul", "istanbul"),
        ("AT&T", "by AT&T.", "AT&T"),
        ("C++", "in C++, fast", "C++"),
        ("H2O", "of H₂O", "H₂O"),
        ("東京", "東京都に行く", "東京"),
        ("갤럭시", "갤럭시는", "갤럭시"),
    ],
)
def test_a_word_is_found_however_it_is_written(word: str, text: str, found: str) -> None:
    assert set(said(word, text)) == {found}


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Fern", "Fernweh"),
        ("weh", "Fernweh"),
        ("laugh", "[laugh] Hello"),
        ("laugh", "[LAUGH ] Hello"),
        ("Fernweh", "Fern. Weh."),
        ("cat", "concatenate"),
        ("…", "Hello…"),
        ("\u200b", "Hello"),
    ],
)
def test_other_words_are_not_it(word: str, text: str) -> None:
    assert said(word, text) == []


def test_a_search_key_is_the_same_for_the_same_words() -> None:
    keys = {search_key(text) for text in ("Café\u00a0„Über“", "CAFE\u0301 “über”", 'café  "Uber"')}
    assert keys == {'cafe "uber"'}
    assert search_key("\u200b \u3000") == ""


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_folding_knows_where_each_sign_stood(text: str) -> None:
    folded = fold(text)
    assert len(folded.spans) == len(folded.text) == len(folded.of_words)
    assert all(0 <= start < end <= len(text) for start, end in folded.spans)


@given(st.text(st.sampled_from("aÉe\u0301ﬁ-\u2011’' \u00ad\u00a0Ｆ"), min_size=1))
def test_a_clean_text_is_found_as_the_typed_one_is(text: str) -> None:
    assert search_key(clean(text)) == search_key(text)
