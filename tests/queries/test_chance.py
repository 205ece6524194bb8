from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from speech.queries.chance import finding, in_a_hundred, lead_by_chance


@pytest.mark.parametrize(("votes", "takes"), [(1, 2), (3, 3), (5, 2), (4, 4), (6, 3), (5, 5)])
def test_the_chance_of_a_lead_is_what_counting_every_way_to_vote_gives(
    votes: int, takes: int
) -> None:
    ways = [
        max(way.count(take) for take in range(takes)) for way in product(range(takes), repeat=votes)
    ]
    for lead in range(votes + 2):
        counted = Fraction(sum(most >= lead for most in ways), takes**votes)
        assert lead_by_chance(votes=votes, takes=takes, lead=lead) == counted


def test_many_votes_for_many_takes_are_counted_in_time() -> None:
    assert lead_by_chance(votes=120, takes=8, lead=15) == 1  # somebody always gets that many
    assert 0 < lead_by_chance(votes=120, takes=8, lead=40) < Fraction(1, 1000)


def test_a_lead_of_few_votes_is_called_what_it_is() -> None:
    found = finding(["Take 3", "Take 8", "Take 9"], [1, 2, 0])
    assert found.headline == "2 of 3 votes for take 8."
    assert found.word == (
        "Three votes say little: by chance alone a lead like this happens in 78 of 100 tests."
    )
    assert (found.sure, found.leaders) == (False, (1,))


def test_a_lead_of_many_votes_that_is_too_small_is_left_open() -> None:
    assert "12 votes leave it open" in finding(["Take 1", "Take 2"], [7, 5]).word


def test_a_clear_lead_is_said_to_be_unlikely_to_be_chance() -> None:
    found = finding(["Take 1", "Take 2"], [6, 0])
    assert found.sure
    assert found.word.startswith("That is unlikely to be chance:")
    assert "in 3 of 100 tests" in found.word
    assert not finding(["Take 1", "Take 2"], [5, 0]).sure  # 6.25 in 100


def test_one_vote_is_one_ear_and_no_vote_is_none() -> None:
    assert "one person’s ear" in finding(["Take 1", "Take 2"], [1, 0]).word
    none = finding(["Take 1", "Take 2"], [0, 0])
    assert (none.headline, none.leaders) == ("Nobody voted.", ())


def test_those_who_are_level_are_named_and_nobody_has_won() -> None:
    found = finding(["Take 1", "Take 2", "Take 3"], [2, 2, 1])
    assert found.headline == "Take 1 and take 2 are level, with 2 of 5 votes each."
    assert "no winner" in found.word
    three = finding(["Take 1", "Take 2", "Line 2, take 3"], [1, 1, 1], noun="first place")
    assert three.headline == (
        "Take 1, take 2 and line 2, take 3 are level, with 1 of 3 first places each."
    )


def test_small_and_large_shares_are_not_rounded_to_certainty() -> None:
    assert in_a_hundred(Fraction(1, 5000)) == "fewer than 1"
    assert in_a_hundred(Fraction(9999, 10000)) == "more than 99"
    assert in_a_hundred(Fraction(1)) == "100"
