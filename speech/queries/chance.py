"""How far a result of few votes can be told from chance. Exact: whole numbers, no tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import comb

UNLIKELY = Fraction(5, 100)
FEW = 8
"""Up to so many votes are called few, whatever they say."""
_NUMBERS = ("", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`headline` says how the votes fell, `word` what that is worth."""

    headline: str
    word: str
    sure: bool
    """A lead that chance alone would bring in 5 of 100 tests, or in fewer."""
    leaders: tuple[int, ...]
    """Which of the counts are the highest; several are level; none without votes."""


def finding(names: Sequence[str], wins: Sequence[int], *, noun: str = "vote") -> Finding:
    """What votes say, one count for each name. `noun` is what is counted: votes, first places."""
    votes, lead = sum(wins), max(wins, default=0)
    leaders = tuple(at for at, won in enumerate(wins) if won == lead) if votes else ()
    called = [_called(names[at]) for at in leaders]
    if not votes:
        return Finding(headline="Nobody voted.", word="", sure=False, leaders=())
    if len(leaders) > 1:
        level = f"{', '.join(called[:-1])} and {called[-1]} are level"
        headline = f"{level[:1].upper()}{level[1:]}, with {lead} of {_many(votes, noun)} each."
        word = "There is no winner: more people would have to listen."
        return Finding(headline=headline, word=word, sure=False, leaders=leaders)
    chance = lead_by_chance(votes=votes, takes=len(wins), lead=lead)
    headline = f"{lead} of {_many(votes, noun)} for {called[0]}."
    sure = chance <= UNLIKELY
    return Finding(headline=headline, word=_worth(chance, votes), sure=sure, leaders=leaders)


@lru_cache(maxsize=512)
def lead_by_chance(*, votes: int, takes: int, lead: int) -> Fraction:
    """The probability that one of `takes` gets `lead` votes or more, if all of them are alike.

    One less the share of all ways to vote in which nobody gets that many. They are counted as a
    power of the exponential series that ends below `lead`.
    """
    if lead <= 0:
        return Fraction(1)
    ways = [1] + [0] * votes
    one = [int(count < lead) for count in range(votes + 1)]
    power = takes
    while power:
        if power % 2:
            ways = _product(ways, one)
        power //= 2
        if power:
            one = _product(one, one)
    return 1 - Fraction(ways[votes], takes**votes)


def _product(first: Sequence[int], second: Sequence[int]) -> list[int]:
    """Ways to share n voters between two camps, for each n."""
    return [
        sum(comb(n, k) * first[k] * second[n - k] for k in range(n + 1) if first[k])
        for n in range(len(first))
    ]


def _worth(chance: Fraction, votes: int) -> str:
    if votes == 1:
        return "One vote is one person’s ear; it says nothing about what others would hear."
    often = f"in {in_a_hundred(chance)} of 100 tests"
    if chance <= UNLIKELY:
        return (
            "That is unlikely to be chance: if nobody could hear a difference, so clear a lead"
            f" would come {often}."
        )
    spelt = _NUMBERS[votes] if votes < len(_NUMBERS) else str(votes)
    say = "say little" if votes <= FEW else "leave it open"
    return f"{spelt} votes {say}: by chance alone a lead like this happens {often}."


def in_a_hundred(chance: Fraction) -> str:
    """78, or in words where a round number would claim too much."""
    rounded = round(100 * chance)
    if rounded < 1:
        return "fewer than 1"
    return "more than 99" if rounded > 99 and chance < 1 else str(rounded)


def _called(name: str) -> str:
    """Within a sentence."""
    return name[:1].lower() + name[1:]


def _many(votes: int, noun: str) -> str:
    return f"{votes} {noun}{'' if votes == 1 else 's'}"
