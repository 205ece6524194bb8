"""Where a take comes from: what it answers, and what was asked for before it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from speech.models import Comment, Decision, Take
from speech.states import Verdict

MOST_ASKED = 2


@dataclass(frozen=True, kw_only=True)
class Lineage:
    answers: Comment | None
    """The comment that the take was made to answer, with its take."""
    asked: Sequence[Decision]
    """Changes that still stand on earlier takes of the line, the last first."""

    def __bool__(self) -> bool:
        return self.answers is not None or bool(self.asked)


def lineage(take: Take) -> Lineage:
    """Two queries."""
    comments = Comment.objects.filter(retakes=take.batch_id, deleted_at=None)
    answers = comments.select_related("take", "author", "guest").first() if take.batch_id else None
    asked = Decision.objects.filter(
        review__line=take.line_id,
        review__take__lt=take.pk,
        verdict=Verdict.CHANGES,
        ended_at=None,
    )
    found = list(asked.select_related("by", "review__take").order_by("-id")[: MOST_ASKED + 1])
    return Lineage(
        answers=answers,
        asked=[one for one in found if not _is(answers, one)][:MOST_ASKED],
    )


def _is(comment: Comment | None, decision: Decision) -> bool:
    """Whether the comment is the one that the wish for changes opened."""
    return (
        comment is not None
        and comment.take_id == decision.review.take_id
        and comment.author_id == decision.by_id
        and comment.text == decision.reason
    )
