from __future__ import annotations

import random

import pytest

from speech.queries.combine import MARKED, combine

BASE = "Seven days on one charge."


@pytest.mark.parametrize(
    ("mine", "theirs", "both"),
    [
        ("Eight days on one charge.", "Seven days on a charge.", "Eight days on a charge."),
        (BASE, "Seven days on a charge.", "Seven days on a charge."),
        ("Seven days.", BASE, "Seven days."),
        ("Eight days on one charge.", "Eight days on one charge.", "Eight days on one charge."),
        ("Yes: " + BASE, BASE + " Really.", "Yes: " + BASE + " Really."),
        ("days on one charge.", BASE + " [laugh]", "days on one charge. [laugh]"),
        ("Seven whole days on one charge.", "Seven days on one\ncharge.",
         "Seven whole days on one\ncharge."),
    ],
)  # fmt: skip
def test_changes_that_do_not_touch_are_both_kept(mine: str, theirs: str, both: str) -> None:
    found = combine(BASE, mine, theirs)
    assert (found.text, found.clean) == (both, True)


@pytest.mark.parametrize(
    ("mine", "theirs", "both"),
    [
        (BASE + " Cy.", BASE + " Bea too.", BASE + " ⟨yours: Cy.⟩ ⟨theirs: Bea too.⟩"),
        ("Eight days on one charge.", "Nine days on one charge.",
         "⟨yours: Eight⟩ ⟨theirs: Nine⟩ days on one charge."),
        ("Seven days.", "Seven days on a charge.",
         "Seven ⟨yours: days.⟩ ⟨theirs: days on a charge.⟩"),
        ("", "Eight days on one charge.", "⟨yours: –⟩ ⟨theirs: Eight days on one charge.⟩"),
    ],
)  # fmt: skip
def test_what_both_changed_is_kept_twice_and_marked(mine: str, theirs: str, both: str) -> None:
    found = combine(BASE, mine, theirs)
    assert (found.text, found.clean) == (both, False)
    assert MARKED.search(found.text)


def test_without_a_common_text_nothing_of_either_is_lost() -> None:
    found = combine(None, "Seven days. Cy too.", "Seven long days.")
    assert found.text == "Seven long days. Cy too." or not found.clean
    for word in ("Seven", "long", "days.", "Cy", "too."):
        assert word in found.text


def test_texts_too_long_to_compare_are_kept_whole() -> None:
    mine, theirs = "a " * 2500, "b " * 2500
    found = combine("a b", mine, theirs)
    assert not found.clean
    assert (found.text.count("a "), found.text.count("b ")) >= (2400, 2400)


def test_no_new_word_of_either_is_ever_lost() -> None:
    chance = random.Random(7)
    for _ in range(400):
        base = [f"w{n}" for n in range(chance.randint(0, 9))]

        def edited(sign: str, base: list[str] = base) -> list[str]:
            out = []
            for number, word in enumerate(base):
                deed = chance.random()
                if deed < 0.2:
                    out.append(f"{sign}{number}")
                if deed > 0.15:
                    out.append(word)
            return [*out, f"{sign}end"] if chance.random() < 0.3 else out

        mine, theirs = edited("m"), edited("t")
        found = combine(" ".join(base), " ".join(mine), " ".join(theirs))
        words = found.text.replace("⟨yours: ", "").replace("⟨theirs: ", "").replace("⟩", "").split()
        assert {word for word in mine + theirs if word[0] != "w"} <= set(words)
        in_both = set(mine) & set(theirs) & set(base)
        assert in_both <= set(words)
        if mine == base:
            assert words == theirs
        if theirs == base:
            assert words == mine
