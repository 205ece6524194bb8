"""How a text becomes clauses and sounds, with every offset true to the text as sent."""

from __future__ import annotations

import pytest

from speech.catalog import DELIVERY_TAGS, SOUND_TAGS
from speech.engines.draft.reading import DELIVERIES
from speech.engines.draft.script import Clause, Sound, read
from speech.engines.draft.sounds import SOUNDS, make
from speech.engines.draft.words import place


def clauses(text: str) -> list[str]:
    return [part.text.strip() for part in read(text).parts if isinstance(part, Clause)]


def test_it_knows_every_tag_of_the_catalog() -> None:
    assert set(SOUNDS) == set(SOUND_TAGS)
    assert set(DELIVERIES) == set(DELIVERY_TAGS)


@pytest.mark.parametrize("name", SOUND_TAGS)
def test_it_makes_a_short_sound_for_each_sound_tag(name: str) -> None:
    sound = make(name, pitch_hz=120, sample_rate=22050, seed="1")
    assert 0.2 <= len(sound) / 22050 <= 1.1
    assert 0.01 < float((sound**2).mean()) ** 0.5 < 0.3
    assert float(abs(sound).max()) <= 1.0
    assert (sound == make(name, pitch_hz=120, sample_rate=22050, seed="1")).all()


def test_it_splits_at_the_ends_of_clauses_and_not_inside_names_and_numbers() -> None:
    text = "Dr. Smith paid $1,299.99 to J. R. Doe, at 12:30; then—well… he left."
    assert clauses(text) == [
        "Dr. Smith paid $1,299.99 to J. R. Doe,", "at 12:30;", "then—", "well…", "he left.",
    ]  # fmt: skip


def test_it_rests_longer_after_a_sentence_than_after_a_comma() -> None:
    comma, stop, paragraph = (
        part.pause for part in read("One, two. Three\nfour").parts[:3] if isinstance(part, Clause)
    )
    assert comma < stop < paragraph


def test_it_keeps_a_delivery_until_the_next_one() -> None:
    parts = read("Plain. [angry] Loud. [laugh] Still. [happy] Glad.").parts
    said = [(part.text.strip(), part.delivery) for part in parts if isinstance(part, Clause)]
    assert said == [("Plain.", ""), ("Loud.", "angry"), ("Still.", "angry"), ("Glad.", "happy")]


def test_it_takes_a_tag_however_it_is_spaced_and_says_how_turbo_spells_it() -> None:
    script = read("[LAUGH] [Clear  Throat] now")
    assert [part.name for part in script.parts if isinstance(part, Sound)] == [
        "laugh", "clear throat",
    ]  # fmt: skip
    assert script.warnings == (
        "Turbo knows “[Clear  Throat]” as “[clear throat]”; write it that way.",
    )


def test_it_reads_a_near_miss_aloud_and_asks_what_was_meant() -> None:
    script = read("[sush] Hello")
    assert clauses("[sush] Hello") == ["[sush] Hello"]
    assert script.warnings == ("“[sush]” is not a tag; it is read aloud. Did you mean [shush]?",)


def test_it_warns_of_a_bracket_that_is_no_tag_and_reads_it() -> None:
    script = read("Hello [giggle] there [giggle]")
    assert clauses("Hello [giggle] there [giggle]") == ["Hello [giggle] there [giggle]"]
    assert script.warnings == ("“[giggle]” is not a tag; it is read aloud.",)


@pytest.mark.parametrize(
    "text", ["a\x00b\x01 99P\x1b c", "\ue000\ufdd0\u0378 x", "👩‍🚀 up 🎈🏽", "\ud800 lone"]
)
def test_it_leaves_out_what_would_be_a_command_and_knows_each_word_s_place(text: str) -> None:
    script = read(text)
    for part in script.parts:
        assert isinstance(part, Clause)
        assert not any(character in part.text for character in "\x00\x01\x1b\ue000\ud800\u200d🎈")
        for at, mine in enumerate(part.text, start=part.start):
            start, end = script.origin(at, at + 1)
            assert mine in {text[start:end], " "}


def test_a_word_with_invisible_signs_is_one_word_at_its_own_place() -> None:
    text = "\ufeffThe Fern\u00adweh\u00a0boils, don\u02bct"
    script = read(text)
    said = "".join(part.text for part in script.parts if isinstance(part, Clause))
    assert said == "The Fernweh boils, don't"
    at = said.index("Fernweh")
    start, end = script.origin(at, at + len("Fernweh"))
    assert text[start:end] == "Fern\u00adweh"


def test_it_says_that_emoji_are_left_out() -> None:
    assert read("Up 🎈").warnings == ("Emoji and pictures are left out.",)
    assert read("20 °C ™").warnings == ()


def test_it_shares_the_time_of_two_joined_words_by_their_letters() -> None:
    assert place("in the world", [(0, 0), (7, 1000)], 3000) == [
        (0, 2, 0, 400), (3, 3, 400, 1000), (7, 5, 1000, 3000),
    ]  # fmt: skip


def test_it_counts_a_number_read_as_many_words_once() -> None:
    assert place("“Now” 1984!", [(1, 0), (6, 500), (7, 800), (7, 1200)], 2000) == [
        (1, 4, 0, 500), (6, 5, 500, 2000),
    ]  # fmt: skip


def test_it_never_runs_backwards_when_events_do() -> None:
    placed = place("a bb ccc", [(0, 0), (5, 900), (2, 400)], 1000)
    assert [word[2] for word in placed] == sorted(word[2] for word in placed)
    assert all(start <= end <= 1000 for _, _, start, end in placed)
