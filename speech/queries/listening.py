"""Listening tests: what is heard without names, and what is told once somebody has voted.

Rule: until a person may see the results, nothing but `Lane`s leaves this module for the page, and
they hold nothing that says which take a letter is. The order is drawn for each person from the
secret key, so it can be read from neither the address nor the code, and nothing is written to
keep it. Price: the bytes of a sound are those of the open take; whoever downloads and compares
them can know. A test among colleagues is honest by agreement; the page only must not give it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.files.storage import default_storage
from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.crypto import salted_hmac

from speech.access import ROLE_CAN, Can
from speech.models import Ballot, ListeningTest, Membership, Project, Take, TestEntry, User

LETTERS = "ABCDEFGH"
FEWEST, MOST = 2, len(LETTERS)
TESTS_ON_A_PAGE = 30
GROUND = -23.0
"""Lanes say how loud they are beside the quietest, which is put here; LUFS."""
VOTING_ROLES = tuple(role for role, can in ROLE_CAN.items() if Can.VOTE in can)


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One sound of a blind test, as one person meets it."""

    letter: str
    is_there: bool
    loudness: float | None
    """LUFS to half a decibel beside a made-up ground: enough to match, too coarse to recognise.
    None for all where one of them was not measured."""


@dataclass(frozen=True, kw_only=True)
class Voter:
    name: str
    has_voted: bool
    is_you: bool


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Who has voted, never what."""

    test: ListeningTest
    voters: Sequence[Voter]
    version: int
    """Moves with each change of it, and only up."""

    @property
    def voted(self) -> int:
        return sum(voter.has_voted for voter in self.voters)

    @property
    def waiting(self) -> list[str]:
        return [voter.name for voter in self.voters if not voter.has_voted]


@dataclass(frozen=True, kw_only=True)
class TestRow:
    """A test in the project's list. Two queries for all of them."""

    __test__ = False

    test: ListeningTest
    takes: int
    voted: int
    asked: int
    waits_for_you: bool
    you_voted: bool

    @property
    def version(self) -> int:
        return self.voted + self.asked + (not self.test.is_open)


def takes_of(test: ListeningTest) -> list[Take]:
    """The takes in the order of the board that they came from. One query."""
    entries = TestEntry.objects.filter(test=test).select_related("take__line")
    found = [
        entry.take
        for entry in entries.defer("take__words", "take__measured", "take__timings", "take__peaks")
    ]
    for take in found:
        take.project = test.project
    return found


def in_order_of(person: User, test: ListeningTest, takes: Iterable[Take]) -> list[Take]:
    """As this person hears them: A, B, C … No query."""
    return sorted(takes, key=lambda take: _drawn(test, person, f"take:{take.pk}"))


def lanes(person: User, test: ListeningTest, takes: Sequence[Take]) -> list[Lane]:
    """No query; looks whether each sound is still in the store."""
    measured = [take.lufs for take in takes if take.lufs is not None]
    quietest = min(measured) if len(measured) == len(takes) else None
    return [
        Lane(
            letter=letter,
            is_there=is_there(take),
            loudness=None if quietest is None else _coarse(take.lufs, quietest),
        )
        for letter, take in zip(LETTERS, in_order_of(person, test, takes), strict=False)
    ]


def is_there(take: Take) -> bool:
    """Whether the sound can still be heard: a deleted line keeps its sounds."""
    return take.is_done and bool(take.audio.name) and default_storage.exists(str(take.audio.name))


def take_behind(person: User, test: ListeningTest, letter: str) -> Take | None:
    """One query."""
    takes = in_order_of(person, test, takes_of(test))
    at = LETTERS.find(letter.upper()) if len(letter) == 1 else -1
    return takes[at] if 0 <= at < len(takes) else None


def sound_mark(person: User, test: ListeningTest, letter: str) -> str:
    """What a blind sound is known by to the browser: never the hash of its bytes."""
    return _drawn(test, person, f"sound:{letter.upper()}")


def may_see_results(person: User, test: ListeningTest) -> bool:
    """After one's own vote, or once the test is closed. At most one query."""
    if not test.is_open:
        return True
    return Ballot.objects.filter(test=test, person=person).exclude(voted_at=None).exists()


def progress(person: User, test: ListeningTest) -> Progress:
    """Those who were asked and those who voted, by name. One query."""
    ballots = Ballot.objects.filter(test=test).select_related("person")
    voters = [
        Voter(
            name=ballot.person.label,
            has_voted=ballot.voted_at is not None,
            is_you=ballot.person_id == person.pk,
        )
        for ballot in ballots
    ]
    voters.sort(key=lambda voter: (not voter.has_voted, voter.name.lower()))
    voted = sum(voter.has_voted for voter in voters)
    version = len(voters) + voted + (not test.is_open)
    return Progress(test=test, voters=voters, version=version)


def people_to_ask(actor: User, test: ListeningTest) -> QuerySet[User]:
    """Members who may vote and have not been asked yet, but the one who asks."""
    members = Membership.objects.filter(project=test.project_id, role__in=VOTING_ROLES)
    asked = Ballot.objects.filter(test=test).values("person")
    found = User.objects.filter(pk__in=members.values("user"), is_active=True)
    return found.exclude(pk__in=asked).exclude(pk=actor.pk).order_by("username")


def tests_waiting_for(user: User) -> QuerySet[Ballot]:
    """The tasks of voting that somebody still has, oldest first, with test, project and who
    asked. One query; so is its `.count()`."""
    waiting = Ballot.objects.filter(
        person=user, voted_at=None, test__closed_at=None, test__project__archived_at=None
    )
    if not user.is_superuser:
        seats = Membership.objects.filter(user=user, role__in=VOTING_ROLES).values("project")
        waiting = waiting.filter(test__project__in=seats)
    return waiting.select_related("test__project", "asked_by").order_by("id")


def rows(person: User, project: Project, *, before: int | None = None) -> list[TestRow]:
    """The newest tests of a project, open and closed. Two queries."""
    tests = ListeningTest.objects.filter(project=project)
    if before is not None:
        tests = tests.filter(pk__lt=before)
    mine = Ballot.objects.filter(person=person)
    found = (
        tests.select_related("created_by", "closed_by")
        .prefetch_related(Prefetch("ballots", mine, to_attr="of_person"))
        .annotate(
            many_takes=Count("entries", distinct=True),
            many_asked=Count("ballots", distinct=True),
            many_voted=Count("ballots", filter=~Q(ballots__voted_at=None), distinct=True),
        )
        .order_by("-id")[:TESTS_ON_A_PAGE]
    )
    return [_row(test, project) for test in found]


def _row(test: ListeningTest, project: Project) -> TestRow:
    test.project = project
    ballot: Ballot | None = next(iter(getattr(test, "of_person", ())), None)
    voted = ballot is not None and ballot.voted_at is not None
    return TestRow(
        test=test,
        takes=getattr(test, "many_takes", 0),
        voted=getattr(test, "many_voted", 0),
        asked=getattr(test, "many_asked", 0),
        waits_for_you=test.is_open and ballot is not None and not voted,
        you_voted=voted,
    )


def _coarse(lufs: float | None, quietest: float) -> float:
    return GROUND + round(2 * ((lufs or quietest) - quietest)) / 2


def _drawn(test: ListeningTest, person: User, what: str) -> str:
    return salted_hmac(
        "speech.listening", f"{test.pk}:{person.pk}:{what}", algorithm="sha256"
    ).hexdigest()
