"""Why the line at hand has no approval any more, for the page of that line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from speech.models import Event, Line, Review, Take
from speech.queries.standing import Change, changes_of
from speech.queries.takes import stale_differences
from speech.queries.verbs import kind_of
from speech.states import ReviewState


@dataclass(frozen=True, kw_only=True)
class Fallen:
    """The last approval of a line that fell. `by` is empty where nobody signed in changed it."""

    take: Take
    at: datetime
    by: str
    why: str
    changes: Sequence[Change]
    is_again: bool
    """The line is as it was approved, so it only has to be said once more."""


def fallen_of(line: Line) -> Fallen | None:
    """None where an approval stands or is waited for, or where none was ever given. `line`
    comes with its project and both voices. One query, two more where an approval fell."""
    at_hand = Q(state__in=(ReviewState.APPROVED, ReviewState.WAITING))
    review = (
        Review.objects.filter(
            at_hand | Q(state=ReviewState.NONE, fell_from=ReviewState.APPROVED), line=line.pk
        )
        .select_related("take__voice")
        .defer("take__peaks", "take__words", "take__measured", "take__timings", "take__search_text")
        .order_by("-changed_at", "-id")
        .first()
    )
    if review is None or review.state != ReviewState.NONE or review.fell_at is None:
        return None
    take = review.take
    take.line, take.project = line, line.project
    in_use = line.chosen_take_id == take.pk and take.archived_at is None
    return Fallen(
        take=take,
        at=review.fell_at,
        by=_changed_by(take),
        why=review.fell_why,
        changes=changes_of(review),
        is_again=in_use and not stale_differences(take),
    )


def approved_of(line_id: int) -> Take | None:
    """The take of a line that is approved, with its number only. One query."""
    takes = Take.objects.filter(review__line=line_id, review__state=ReviewState.APPROVED)
    return takes.only("id", "number").first()


def _changed_by(take: Take) -> str:
    events = Event.objects.filter(
        project=take.project_id,
        kind=kind_of("approval fell"),
        about_line=take.line_id,
        verb="approval fell",
        target=f"take {take.pk}",
    )
    last = events.select_related("actor").order_by("-id").first()
    return last.actor.label if last and last.actor else ""
