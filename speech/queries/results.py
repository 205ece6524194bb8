"""What a listening test found: told after one's own vote, or when it is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from speech.models import Ballot, ListeningTest, Take, User
from speech.queries.chance import Finding, finding
from speech.queries.listening import LETTERS, in_order_of, is_there


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one take did. Places count from 1, the best."""

    take: Take
    name: str
    letter: str
    """What it was called for the person who looks."""
    wins: int
    mean_place: float | None
    leads: bool
    your_place: int | None
    is_there: bool
    in_use: bool
    line_gone: bool


@dataclass(frozen=True, kw_only=True)
class Results:
    test: ListeningTest
    votes: int
    finding: Finding
    standings: Sequence[Standing]
    remarks: Sequence[str]
    you_voted: bool
    version: int
    """Moves with each vote and with each change of a take, and only up."""

    @property
    def on_the_board(self) -> list[Standing]:
        """Those that the open board can show."""
        return [one for one in self.standings if one.is_there and not one.line_gone]


def results(person: User, test: ListeningTest, takes: Sequence[Take]) -> Results:
    """Wins, places and remarks, without saying whose. One query; `takes` are the test's."""
    cast = list(Ballot.objects.filter(test=test).exclude(voted_at=None).order_by("id"))
    own: list[int] = next((one.ranking for one in cast if one.person_id == person.pk), [])
    heard = [take.pk for take in in_order_of(person, test, takes)]
    wins = [sum(ballot.ranking[:1] == [take.pk] for ballot in cast) for take in takes]
    several = len({take.line_id for take in takes}) > 1
    names = [_name(take, several=several) for take in takes]
    found = finding(names, wins, noun="first place" if test.is_ranked else "vote")
    standings = [
        Standing(
            take=take,
            name=names[at],
            letter=LETTERS[heard.index(take.pk)],
            wins=wins[at],
            mean_place=_mean_place(take, cast) if test.is_ranked else None,
            leads=at in found.leaders,
            your_place=own.index(take.pk) + 1 if take.pk in own else None,
            is_there=is_there(take),
            in_use=take.line.chosen_take_id == take.pk,
            line_gone=take.line.deleted_at is not None,
        )
        for at, take in enumerate(takes)
    ]
    standings.sort(key=lambda one: (-one.wins, one.mean_place or 0.0))
    return Results(
        test=test,
        votes=len(cast),
        finding=found,
        standings=standings,
        # In an order that says nothing about who voted when.
        remarks=sorted((one.remark for one in cast if one.remark), key=str.lower),
        you_voted=bool(own),
        version=len(cast) + (not test.is_open) + max((take.version for take in takes), default=0),
    )


def _mean_place(take: Take, cast: Sequence[Ballot]) -> float | None:
    places = [ballot.ranking.index(take.pk) + 1 for ballot in cast if take.pk in ballot.ranking]
    return fmean(places) if places else None


def _name(take: Take, *, several: bool) -> str:
    """A deleted line has no place in the script any more."""
    if not several:
        return f"Take {take.number}"
    if take.line.deleted_at is not None:
        return f"Take {take.number} of a deleted line"
    return f"Line {take.line.position}, take {take.number}"
