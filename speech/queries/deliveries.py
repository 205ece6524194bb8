"""What a delivery would hold now, what is missing from it and why, and those made before."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Prefetch, Q

from speech.models import Decision, Delivery, Line, Project, Review, Take
from speech.queries.approval import standing, still_holds
from speech.states import LIVE, DeliveryState, JobState, ReviewState, Verdict
from speech.text import has_words, is_blank

LISTED = 50
NO_LONGER_FITS = "take {number} was approved, but the line has changed since"


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A line with the take that goes out for it."""

    line: Line
    take: Take
    review: Review

    @property
    def approved_by(self) -> str:
        return ", ".join(one.by.label for one in approvals(self.review) if one.by)


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A line that stays behind. `why` is a clause without its full stop."""

    line: Line
    why: str

    def kept(self) -> dict[str, object]:
        """What is written down with a delivery."""
        return {"line": self.line.position, "text": self.line.text, "why": self.why}


@dataclass(frozen=True, kw_only=True)
class Outlook:
    ready: Sequence[Ready]
    missing: Sequence[Missing]

    @property
    def total(self) -> int:
        return len(self.ready) + len(self.missing)

    @property
    def stamp(self) -> str:
        """Equal for two that read the same."""
        ready = [(one.line.position, one.line.text, one.take.pk) for one in self.ready]
        missing = [(one.line.position, one.line.text, one.why) for one in self.missing]
        return hashlib.sha256(repr((ready, missing)).encode()).hexdigest()[:16]


def outlook(project: Project) -> Outlook:
    """Every line in order: ready, or missing with the reason. Four queries."""
    reviews = _reviews(project)
    ready: list[Ready] = []
    missing: list[Missing] = []
    for line in _lines(project):
        line.project = project
        found = reviews.get(line.pk, [])
        for review in found:
            review.take.line = line
        approved = next((one for one in found if one.state == ReviewState.APPROVED), None)
        if approved is not None and still_holds(approved):
            ready.append(Ready(line=line, take=approved.take, review=approved))
        else:
            missing.append(Missing(line=line, why=_why(line, found, approved)))
    return Outlook(ready=ready, missing=missing)


def approvals(review: Review) -> list[Decision]:
    """The approvals in force, oldest first; no query where `decisions` were prefetched."""
    return [one for one in standing(review) if one.verdict == Verdict.APPROVE]


def made_before(project: Project) -> list[Delivery]:
    """The newest deliveries, whatever became of them. One query."""
    return list(
        project.deliveries.select_related("asked_by", "removed_by").order_by("-id")[:LISTED]
    )


def being_made(project: Project) -> Delivery | None:
    return project.deliveries.filter(
        state__in=(DeliveryState.WAITING, DeliveryState.MAKING)
    ).first()


def fresh(review_id: int) -> Review:
    """A review as it is now, with all that `still_holds` looks at. Two queries."""
    return (
        Review.objects.select_related("take", "take__line__project__voice", "take__line__voice")
        .prefetch_related(Prefetch("decisions", Decision.objects.select_related("by")))
        .get(pk=review_id)
    )


def _lines(project: Project) -> list[Line]:
    takes = Take.objects.filter(line=OuterRef("pk"), archived_at=None)
    done = takes.filter(state=JobState.DONE)
    lines = project.lines.filter(deleted_at=None).select_related("voice").order_by("position")
    return list(
        lines.annotate(
            has_take=Exists(done.exclude(engine="draft")),
            has_draft=Exists(done.filter(engine="draft")),
            has_live=Exists(takes.filter(state__in=sorted(LIVE))),
        )
    )


def _reviews(project: Project) -> dict[int, list[Review]]:
    """Those that say something of their line: newest take last."""
    telling = Q(state__in=(ReviewState.WAITING, ReviewState.CHANGES, ReviewState.APPROVED))
    telling |= Q(fell_at__isnull=False)
    decisions = Decision.objects.filter(ended_at=None).select_related("by")
    found: dict[int, list[Review]] = {}
    for review in (
        Review.objects.filter(telling, project=project, line__deleted_at=None)
        .select_related("take")
        .prefetch_related(Prefetch("decisions", decisions))
        .order_by("take__number")
    ):
        found.setdefault(review.line_id, []).append(review)
    return found


def _why(line: Line, reviews: Sequence[Review], approved: Review | None) -> str:
    if approved is not None:
        return NO_LONGER_FITS.format(number=approved.take.number)
    for state in (ReviewState.WAITING, ReviewState.CHANGES):
        for review in reversed(reviews):
            if review.state == state:
                return _of_review(review)
    fallen = next((one for one in reversed(reviews) if one.fell_at is not None), None)
    if fallen is not None:
        why = f": {fallen.fell_why.rstrip('.')}" if fallen.fell_why else ""
        return f"the approval of take {fallen.take.number} fell{why}"
    if is_blank(line.text):
        return "it has no text yet"
    if not has_words(line.text):
        return "there is nothing to say in it"
    if getattr(line, "has_take", False):
        return "no take was submitted for review"
    if getattr(line, "has_live", False):
        return "its takes are still being made"
    if getattr(line, "has_draft", False):
        return "there are only drafts, and drafts do not go out"
    return "nobody has made a take of it yet"


def _of_review(review: Review) -> str:
    number = review.take.number
    if review.state == ReviewState.WAITING:
        return f"take {number} waits for review"
    asked = [one for one in standing(review) if one.verdict == Verdict.CHANGES]
    reason = f": “{_short(asked[-1].reason)}”" if asked and asked[-1].reason else ""
    return f"changes are asked for in take {number}{reason}"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:119]}…"
