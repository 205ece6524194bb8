"""Whether a text has something to say, and what to know of it before it is sent."""

from __future__ import annotations

import pytest

from speech.text import has_words, nothing_to_say, preflight, spoken_characters


@pytest.mark.parametrize(
    "text",
    [
        "Hello", "7", "½", "Ⅷ", "日本", "हिन्दी", "مرحبا", "שלום", "ไทย", "&", "%", "50 %",
        "€", "₹", "@", "[giggle]", "[laugh] ok", "— a —", "1️⃣ Open", "[laugh",
    ],
)  # fmt: skip
def test_letters_digits_and_signs_that_are_words_are_said(text: str) -> None:
    assert has_words(text)
    assert nothing_to_say(text) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no text"), (" \u00a0\n", "no text"), ("\u200b\ufeff", "no text"),
        ("\u3164", "no text"),
        ("…", "no letter and no number"), ("---", "no letter"), ("– — ‒ −", "no letter"),
        ("?!", "no letter"), ("***", "no letter"), ("=====", "no letter"), ("[]", "no letter"),
        ("• ▪", "no text"), ("ー", "no letter"), ("\u02c8", "no letter"), ("\u0301", "no letter"),
        ("[laugh]", "only tags"), ("[LAUGH] [ clear  throat ]\n", "only tags"),
        ("[laugh] …", "no letter"), ("🎉", "only emoji"), ("👩‍🚀 ❤️", "only emoji"),
        ("1️⃣", "only emoji"), ("ℹ️", "only emoji"), ("[sigh] 🎉", "only emoji"),
    ],
)  # fmt: skip
def test_nothing_to_say_has_a_reason(text: str, why: str) -> None:
    assert not has_words(text)
    assert why in nothing_to_say(text)


@pytest.mark.parametrize(
    ("text", "many"),
    [("", 0), ("a\u00ad\u200bb", 2), ("a [LAUGH] b", 3), ("[sush]", 6), ("a  \n b", 3)],
)
def test_what_is_not_said_is_not_counted(text: str, many: int) -> None:
    assert spoken_characters(text) == many


def test_a_preflight_shows_what_is_sent_and_what_to_know() -> None:
    found = preflight("\ufeffOh [LAUGH] Fern\u00adweh [sush] [giggle] 🎈 [oops")
    assert found.sent == "Oh [laugh] Fernweh [sush] [giggle] 🎈 [oops"
    assert found.is_changed
    assert found.refusal == ""
    assert found.notes == (
        "2 invisible signs not sent (byte order mark, soft hyphen).",
        "“[sush]” is not a tag; it is read aloud. Did you mean [shush]?",
        "“[giggle]” is not a tag; it is read aloud.",
        "A square bracket has no partner, so it is no tag; what stands there is read aloud.",
        "Emoji are not words: the model may make a noise of them.",
    )


def test_a_plain_text_is_sent_as_it_is() -> None:
    found = preflight("“Plain” – it’s fine.\r\nTwo lines. ")
    assert (found.is_changed, found.refusal, found.notes) == (False, "", ())
    assert found.sent == "“Plain” – it’s fine.\nTwo lines."
