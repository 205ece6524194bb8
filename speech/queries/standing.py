"""How far a take has come with the people who decide, in words. Pure, given prefetched rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from speech.models import Decision, Review, Take
from speech.queries.staleness import Piece, text_pieces
from speech.states import ApprovalPolicy, ReviewState, Verdict


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that made an approval fall. `pieces` where it is the text, word by word."""

    what: str
    then: str
    now: str
    pieces: Sequence[Piece]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The state of one take. `said` are the decisions in force, oldest first."""

    state: str
    fell: str
    """What ended by itself: "approved", "waiting", or empty."""
    said: Sequence[Decision]
    needed: int
    """Approvals that the project asks for; 0 where each named approver has to say yes."""
    superseded_by: int | None
    note: str
    asked_by: str
    asked_at: datetime | None
    fell_at: datetime | None
    fell_why: str
    changes: Sequence[Change]

    @property
    def approvals(self) -> list[Decision]:
        return [one for one in self.said if one.verdict == Verdict.APPROVE]

    @property
    def refusals(self) -> list[Decision]:
        return [one for one in self.said if one.verdict == Verdict.CHANGES]

    @property
    def is_waiting(self) -> bool:
        return self.state == ReviewState.WAITING

    @property
    def is_approved(self) -> bool:
        return self.state == ReviewState.APPROVED

    @property
    def is_superseded(self) -> bool:
        return self.state == ReviewState.SUPERSEDED

    @property
    def can_be_asked(self) -> bool:
        return not (self.is_waiting or self.is_approved)

    @property
    def tone(self) -> str:
        """Class of the chip: ok, wait, warn, or empty."""
        if self.state == ReviewState.CHANGES or self.fell:
            return "warn"
        return {ReviewState.WAITING: "wait", ReviewState.APPROVED: "ok"}.get(
            ReviewState(self.state), ""
        )

    @property
    def sign(self) -> str:
        if self.fell:
            return "↯"
        return _SIGNS.get(ReviewState(self.state), "")

    @property
    def words(self) -> str:
        """Such as “Waiting for review, 1 of 2”; empty where nobody was ever asked."""
        match self.state:
            case ReviewState.WAITING:
                given = len(self.approvals)
                if self.needed > 1:
                    return f"Waiting for review, {given} of {self.needed}"
                return f"Waiting for review, {given} so far" if given else "Waiting for review"
            case ReviewState.CHANGES:
                return "Changes asked" + _by(self.refusals)
            case ReviewState.APPROVED:
                return "Approved" + _by(self.approvals)
            case ReviewState.SUPERSEDED:
                by = self.superseded_by
                return f"Superseded by take {by}" if by else "Superseded"
        return {"approved": "Approval fell", "waiting": "Review stopped"}.get(self.fell, "")


_SIGNS = {
    ReviewState.WAITING: "◔",
    ReviewState.CHANGES: "!",
    ReviewState.APPROVED: "✓",
    ReviewState.SUPERSEDED: "»",
}


def with_decisions(prefix: str = "review__") -> Prefetch[str, QuerySet[Decision], str]:
    """For `prefetch_related` of takes: one query, none where no take was ever submitted."""
    standing = Decision.objects.filter(ended_at=None).select_related("by").order_by("id")
    return Prefetch(f"{prefix}decisions", standing, to_attr="standing")


def approved_number() -> Subquery:
    """Annotation for takes: the number of the approved take of the line, if there is one."""
    approved = Review.objects.filter(line=OuterRef("line"), state=ReviewState.APPROVED)
    return Subquery(approved.values("take__number")[:1])


def standing_of(take: Take) -> Standing | None:
    """None where the take was never submitted, nor decided about.

    No query for a take with its project that came with its review, `with_decisions()` and
    `approved_number`.
    """
    review: Review | None = getattr(take, "review", None)
    if review is None:
        return None
    said: Sequence[Decision] | None = getattr(review, "standing", None)
    if said is None:
        said = [one for one in review.decisions.all() if one.ended_at is None]
    fell = review.fell_from if review.state == ReviewState.NONE and review.fell else ""
    return Standing(
        state=review.state,
        fell=fell,
        said=said,
        needed=_needed(take),
        superseded_by=getattr(take, "approved_number", None),
        note=review.note,
        asked_by=review.asked_by.label if review.asked_by else "",
        asked_at=review.asked_at,
        fell_at=review.fell_at if fell else None,
        fell_why=review.fell_why,
        changes=changes_of(review) if fell else (),
    )


def changes_of(review: Review) -> list[Change]:
    """What made its last approval, or the wait for one, end."""
    return [_change(**one) for one in review.fell_changes]


def _change(*, what: str, then: str, now: str) -> Change:
    pieces = text_pieces(then, now) if what == "Text" else ()
    return Change(what=what, then=then, now=now, pieces=pieces)


def _needed(take: Take) -> int:
    match take.project.approval_policy:
        case ApprovalPolicy.COUNT:
            return take.project.approvals_needed
        case ApprovalPolicy.NAMED:
            return 0
    return 1


def _by(decisions: Sequence[Decision]) -> str:
    names = [one.by.label for one in decisions if one.by is not None]
    return f" by {', '.join(names)}" if names else ""
