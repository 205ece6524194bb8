"""What one person meets who is to decide about takes: words to confirm, and what stands in the way.

The services refuse by the same rules; here they are told beforehand, so that no button is dead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from speech.models import Decision, Event, Hearing, MustSay, Project, Take, User
from speech.queries import approval
from speech.queries.standing import Standing
from speech.queries.takes import TakeCard
from speech.queries.verbs import kind_of
from speech.states import ApprovalPolicy, Verdict
from speech.text import find_word, fold, without_tags


@dataclass(frozen=True, kw_only=True)
class Deciding:
    """One take before one person."""

    take: Take
    standing: Standing | None
    words: Sequence[MustSay]
    """Those that occur in the text, to be confirmed as heard."""
    played: bool
    """This person has played it to its end."""
    mine: Decision | None
    still_needed: Sequence[str]
    """Named approvers who have not approved yet."""
    unfit: str
    """Why nobody can decide about it; empty if somebody can."""
    no_approval: str
    """Why this person cannot approve it, though they may ask for changes; empty if they can."""
    can_ask: bool
    """It may be put before the reviewers now."""
    fell_by: str
    """Whose change let the approval fall; empty where none fell, or the studio itself did it."""

    @property
    def version(self) -> str:
        """Grows also with what this person did that the take's version tells nothing of."""
        return f"{self.take.version}.{int(self.played)}"

    @property
    def can_approve(self) -> bool:
        approved = self.standing is not None and self.standing.is_approved
        return not (self.unfit or self.no_approval or approved or self._said(Verdict.APPROVE))

    @property
    def can_refuse(self) -> bool:
        superseded = self.standing is not None and self.standing.is_superseded
        return not (self.unfit or superseded or self._said(Verdict.CHANGES))

    @property
    def others(self) -> list[Decision]:
        said = self.standing.said if self.standing else ()
        return [one for one in said if self.mine is None or one.pk != self.mine.pk]

    def _said(self, verdict: Verdict) -> bool:
        return self.mine is not None and self.mine.verdict == verdict


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A run of the text; `word` where it is one that has to be said right."""

    text: str
    word: MustSay | None


def deciding(user: User, project: Project, cards: Iterable[TakeCard]) -> dict[int, Deciding]:
    """By key of the take, for the takes of one project. Two queries; one more each where approvers
    are named and where an approval fell.

    Whoever asks has the right to; a person without it gets no buttons from the template.
    """
    cards = list(cards)
    must_say = list(project.must_say.all())
    keys = [card.take.pk for card in cards]
    played = set(Hearing.objects.filter(user=user, take__in=keys).values_list("take", flat=True))
    named = approval.deciders(project) if project.approval_policy == ApprovalPolicy.NAMED else None
    fell_by = _fell_by(project, cards)
    return {
        card.take.pk: _of(
            card,
            user,
            must_say=must_say,
            played=card.take.pk in played,
            named=named,
            fell_by=fell_by.get(card.take.pk, ""),
        )
        for card in cards
    }


def stretches(text: str, words: Iterable[MustSay]) -> list[Stretch]:
    """The text, cut at the words that have to be said right."""
    found: list[tuple[int, int, MustSay]] = []
    said = fold(without_tags(text))
    for word in words:
        found += [(*place, word) for place in find_word(word.word, said)]
    out, at = [], 0
    for start, end, word in sorted(found, key=lambda one: (one[0], -one[1])):
        if start < at:
            continue
        out += [Stretch(text=text[at:start], word=None), Stretch(text=text[start:end], word=word)]
        at = end
    out.append(Stretch(text=text[at:], word=None))
    return [one for one in out if one.text]


def _of(
    card: TakeCard,
    user: User,
    *,
    must_say: Sequence[MustSay],
    played: bool,
    named: Sequence[User] | None,
    fell_by: str,
) -> Deciding:
    take, standing = card.take, card.standing
    said = standing.said if standing else ()
    given = {one.by_id for one in said if one.verdict == Verdict.APPROVE}
    unfit = _unfit(take) or _stale(take)
    unconsented = approval.lacks_consent(take)
    return Deciding(
        take=take,
        standing=standing,
        words=approval.words_in(take.text, must_say),
        played=played,
        mine=next((one for one in said if one.by_id == user.pk), None),
        still_needed=[person.label for person in named or () if person.pk not in given],
        unfit=unfit,
        no_approval=unconsented or _not_by(user, take, named),
        can_ask=not (unfit or unconsented) and (standing is None or standing.can_be_asked),
        fell_by=fell_by,
    )


def _fell_by(project: Project, cards: Sequence[TakeCard]) -> dict[int, str]:
    fallen = {f"take {one.take.pk}": one for one in cards if one.standing and one.standing.fell}
    if not fallen:
        return {}
    events = Event.objects.filter(
        project=project,
        kind=kind_of("approval fell"),
        about_line__in={card.take.line_id for card in fallen.values()},
        verb__in=("approval fell", "review stopped"),
        target__in=list(fallen),
    )
    found = events.order_by("id").select_related("actor")
    return {
        fallen[event.target].take.pk: event.actor.label if event.actor else "" for event in found
    }


def _unfit(take: Take) -> str:
    if take.project.archived_at is not None:
        return "This project is archived. Restore it to decide about its takes."
    if not take.is_done:
        return "Only a finished take can be reviewed."
    if take.is_draft:
        return (
            "A draft take is a stand-in for timing and script checks, so it cannot be approved."
            " Make a take with the real voice."
        )
    return "This take is archived. Restore it first." if take.archived_at is not None else ""


def _stale(take: Take) -> str:
    for one in approval.hindrances(take):
        what = "Its line’s text" if one.what == "Text" else "The reference clip of its voice"
        return f"{what} was changed since this take was made, so it cannot be approved any more."
    return ""


def _not_by(user: User, take: Take, named: Sequence[User] | None) -> str:
    if not take.project.own_approval and take.created_by_id == user.pk:
        return "You made this take, and on this project nobody approves their own."
    if named is not None and user not in named:
        names = ", ".join(person.label for person in named)
        return f"On this project the named approvers approve: {names}."
    return ""
