"""Other takes of the same line, for whoever has to decide about one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from speech.models import Take
from speech.queries.standing import standing_of, with_decisions
from speech.states import JobState

MOST = 6


@dataclass(frozen=True, kw_only=True)
class Sibling:
    take: Take
    chosen: bool
    tone: str
    sign: str
    words: str


def siblings(take: Take) -> Sequence[Sibling]:
    """Finished takes of the line that are not archived: the chosen one first, then the newest.

    Two queries.
    """
    others = (
        Take.objects.filter(line=take.line_id, state=JobState.DONE, archived_at=None)
        .exclude(pk=take.pk)
        .select_related("review__asked_by", "created_by")
        .prefetch_related(with_decisions())
        .only(
            "number", "line", "engine", "duration", "created_at", "created_by", "review__state",
            "review__fell_at", "review__fell_from", "review__fell_why", "review__fell_changes",
            "review__note", "review__asked_at", "review__asked_by", "review__take",
        )
    )  # fmt: skip
    found = list(others.order_by("-id")[:MOST])
    chosen = take.line.chosen_take_id
    if chosen and chosen not in {take.pk, *(one.pk for one in found)}:
        found = [*others.filter(pk=chosen), *found]
    found.sort(key=lambda one: one.pk != chosen)
    return [_sibling(one, take) for one in found]


def _sibling(other: Take, take: Take) -> Sibling:
    other.project = take.project
    standing = standing_of(other)
    return Sibling(
        take=other,
        chosen=take.line.chosen_take_id == other.pk,
        tone=standing.tone if standing else "",
        sign=standing.sign if standing else "",
        words=standing.words if standing else "",
    )
