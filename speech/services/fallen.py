"""How an approval falls, and a wait for one ends, when what they were about changes.

A take that waits may have other parameters than its line: candidates are compared, and the one
that is approved makes its voice and parameters the line's (`speech.services.adopting`). From then
on all of it is bound.

Rule: whatever changes a line, a voice, a project's defaults or the choice calls `recheck`, which
ends the decisions that no longer fit and tells whoever made them. An approval that fell stays
fallen, also when the line returns to what it was: somebody says so again, with one press. Reason:
an approval that comes and goes by itself is none. Price: typing a letter into an approved line
and taking it back costs the approval.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from speech.models import Project, Review, Take, User, Voice
from speech.queries import approval
from speech.queries.staleness import Difference
from speech.queries.takes import stale_differences
from speech.services.events import hold, log, touch
from speech.services.notices import bump, tell
from speech.states import NoticeKind, ReviewState, Verdict


def recheck(
    actor: User | None,
    *,
    lines: Iterable[int] | None = None,
    project: Project | None = None,
    voice: Voice | None = None,
) -> list[int]:
    """Let fall what no longer fits: approvals, and takes that wait for one. Keys of their takes.

    Call it inside the transaction that changed `lines` (keys), the defaults of `project`, or
    `voice`. Nothing is read twice where nothing was decided. Moves the project's version.
    """
    reviews = Review.objects.filter(
        state__in=(ReviewState.APPROVED, ReviewState.WAITING), line__deleted_at=None
    )
    if lines is not None:
        reviews = reviews.filter(line__in=list(lines))
    if project is not None:
        reviews = reviews.filter(project=project)
    if voice is not None:
        reviews = reviews.filter(take__voice=voice)
    hold(*reviews.values_list("project", flat=True))
    found = list(
        reviews.select_for_update(of=("self",))
        .select_related(
            "take__project__voice", "take__line__voice", "take__line__chosen_take", "take__voice"
        )
        .defer("take__peaks", "take__words", "take__measured", "take__timings", "take__search_text")
    )
    fallen: dict[int, list[Take]] = {}
    for review in found:
        take = review.take
        take.line.project = take.project
        changes = _no_longer_fits(review)
        if changes:
            _fall(actor, review, changes)
            fallen.setdefault(take.project_id, []).append(take)
    for project_id in sorted(fallen):
        takes = fallen[project_id]
        touch(project_id, takes=[one.pk for one in takes], lines=[one.line_id for one in takes])
    return [take.pk for takes in fallen.values() for take in takes]


def tell_fallen(actor: User | None, take: Take, decisions: Any, why: str) -> set[int]:
    """Tell those whose approvals end; their keys."""
    people = list(User.objects.filter(pk__in=list(decisions.values_list("by", flat=True))))
    tell(
        people, kind=NoticeKind.APPROVAL_FELL, project=take.project, actor=actor,
        sentence=f"Your approval of {name_of(take)} in “{take.project.name}” fell. {why}",
        path=take.get_absolute_url(),
    )  # fmt: skip
    return {person.pk for person in people}


def end_decisions(decisions: Any, *, why: str) -> None:
    decisions.update(ended_at=timezone.now(), ended_why=why[:300])


def move(review: Review, state: ReviewState) -> None:
    review.state = state
    review.save()


def name_of(take: Take) -> str:
    return f"line {take.line.position}, take {take.number}"


def _no_longer_fits(review: Review) -> Sequence[Difference]:
    take, line = review.take, review.take.line
    waits = review.state == ReviewState.WAITING
    found = approval.hindrances(take) if waits else stale_differences(take)
    if take.archived_at is not None:
        found = [*found, Difference(what="Take", then="in the script", now="archived")]
    if review.state == ReviewState.APPROVED and line.chosen_take_id != take.pk:
        now = f"take {line.chosen_take.number}" if line.chosen_take else "none"
        found = [
            *found,
            Difference(what="Take in use", then=f"take {take.number}", now=now),
        ]
    return found


def _fall(actor: User | None, review: Review, changes: Sequence[Difference]) -> None:
    take, was = review.take, review.state
    why = _why(changes)
    decisions = review.decisions.filter(ended_at=None)
    approved = was == ReviewState.APPROVED
    told = tell_fallen(actor, take, decisions.filter(verdict=Verdict.APPROVE), why)
    if review.asked_by_id not in told:
        _tell_asker(actor, review, take, why, approved=approved)
    end_decisions(decisions, why=why)
    review.fell_from, review.fell_at, review.fell_why = was, timezone.now(), why
    review.fell_changes = [{"what": one.what, "then": one.then, "now": one.now} for one in changes]
    move(review, ReviewState.NONE)
    log(
        actor, "approval fell" if approved else "review stopped", project=take.project,
        target=f"take {take.pk}", old=was, new=review.state, changes=review.fell_changes,
    )  # fmt: skip
    bump(person.pk for person in approval.deciders(take.project))


def _why(changes: Sequence[Difference]) -> str:
    parts = []
    for one in changes:
        if one.what == "Text":
            parts.append("The line’s text was changed")
        elif one.what == "Take":
            parts.append("The take was archived")
        else:
            parts.append(f"{one.what}: {one.then} → {one.now}")
    return ("; ".join(parts) + ".")[:300]


def _tell_asker(
    actor: User | None, review: Review, take: Take, why: str, *, approved: bool
) -> None:
    if review.asked_by is None:
        return
    what = "The approval" if approved else "The review"
    tell(
        [review.asked_by], kind=NoticeKind.APPROVAL_FELL, project=take.project, actor=actor,
        sentence=f"{what} of {name_of(take)} in “{take.project.name}” ended. {why}",
        path=take.get_absolute_url(),
    )  # fmt: skip
