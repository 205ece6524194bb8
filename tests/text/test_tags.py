"""Which brackets are tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.catalog import DELIVERY_TAGS, SOUND_TAGS
from speech.text import brackets, lower_tags, sent

TEXTS = st.text(st.sampled_from("[]LAUGH laughsi\n\u00ad x"), max_size=40)


@pytest.mark.parametrize("name", [*SOUND_TAGS, *DELIVERY_TAGS])
def test_every_tag_is_sent_in_lower_case(name: str) -> None:
    assert sent(f"Oh [{name.upper()}] well") == f"Oh [{name}] well"
    assert lower_tags(f" Oh [{name.upper()}] WELL\u00ad ") == f" Oh [{name}] WELL\u00ad "


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[LAUGH]", ["laugh"]),
        ("[ laugh ]", ["laugh"]),
        ("[clear   throat]", ["clear throat"]),
        ("[lau\u00adgh]", ["laugh"]),
        ("[[laugh]]", ["laugh"]),
        ("[oh [sigh] well]", ["sigh"]),
        ("[laugh", []),
        ("laugh]", []),
        ("[sush]", [""]),
        ("[]", [""]),
        ("[1]", [""]),
        ("[laugh, sigh]", [""]),
        (f"[{'laugh ' * 30}]", [""]),
    ],
)
def test_one_parser_says_which_brackets_are_tags(text: str, names: list[str]) -> None:
    assert [one.name for one in brackets(text)] == names


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sush", "shush"), ("laughs", "laugh"), ("LAUGHING", "laugh"), ("lagh", "laugh"),
        ("whisper", "whispering"), ("clear-throat", "clear throat"), ("sigsh", "sigh"),
        ("gaps", "gasp"), ("fearful", "fear"), ("anger", "angry"),
        ("giggle", ""), ("pause", ""), ("music", ""), ("sing", ""), ("Fernweh", ""), ("", ""),
        ("1", ""), ("a", ""),
    ],
)  # fmt: skip
def test_only_a_near_miss_gets_a_suggestion(written: str, meant: str) -> None:
    (one,) = brackets(f"[{written}]")
    assert (one.name, one.suggestion) == ("", meant)


@given(TEXTS)
def test_brackets_stand_where_they_say(text: str) -> None:
    at = 0
    for one in brackets(text):
        assert at <= one.start < one.end
        assert text[one.start : one.end] == one.written
        at = one.end


@given(TEXTS)
def test_sending_what_was_sent_changes_nothing(text: str) -> None:
    assert sent(sent(text)) == sent(text)
    assert len(lower_tags(text)) == len(text)
