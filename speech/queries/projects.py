"""The list of projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from speech.models import Job, Line, Project, Review, Take, User
from speech.queries.reviews import waiting_by_project
from speech.states import LIVE, OVER_BUDGET, Charged, JobState, ReviewState

ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class ProjectCard:
    project: Project
    lines: int
    voiced: int
    """Lines that have a finished take."""
    approved: int
    """Lines that have an approved take."""
    waiting: int
    """Takes that wait for the review of whoever looks."""
    live: int
    spend: Decimal
    """What was charged, US dollars."""
    used: Decimal
    """That, and what is reserved or in doubt: what counts against a budget."""


def project_cards(
    projects: QuerySet[Project], *, viewer: User | None = None
) -> Sequence[ProjectCard]:
    """Cards for `projects`, last active first. Five queries, and one for `viewer`."""
    found = list(projects.order_by("-active_at", "-id"))
    ids = [project.pk for project in found]
    finished = Take.objects.filter(line=OuterRef("pk"), state=JobState.DONE, archived_at=None)
    lines = dict[int, tuple[int, int]](
        (pk, (many, voiced))
        for pk, many, voiced in Line.objects.filter(project__in=ids, deleted_at=None)
        .annotate(voiced=Exists(finished))
        .order_by()
        .values("project")
        .annotate(many=Count("id"), heard=Count("id", filter=Q(voiced=True)))
        .values_list("project", "many", "heard")
    )
    reviews = Review.objects.filter(project__in=ids, line__deleted_at=None)
    approved = dict(
        reviews.filter(state=ReviewState.APPROVED)
        .order_by()
        .values_list("project")
        .annotate(many=Count("id"))
    )
    waiting = waiting_by_project(viewer, ids) if viewer is not None else {}
    takes = Take.objects.filter(project__in=ids).order_by().values_list("project")
    live = dict(takes.filter(state__in=sorted(LIVE)).annotate(many=Count("id")))
    money = dict[int, tuple[Decimal, Decimal]](
        (pk, (spent or ZERO, used or ZERO))
        for pk, spent, used in Job.objects.filter(project__in=ids)
        .order_by()
        .values_list("project")
        .annotate(
            spent=Sum("amount", filter=Q(charged=Charged.YES)),
            used=Sum("amount", filter=~Q(waits__in=OVER_BUDGET)),
        )
    )
    return [
        ProjectCard(
            project=project,
            lines=lines.get(project.pk, (0, 0))[0],
            voiced=lines.get(project.pk, (0, 0))[1],
            approved=approved.get(project.pk, 0),
            waiting=waiting.get(project.pk, 0),
            live=live.get(project.pk, 0),
            spend=money.get(project.pk, (ZERO, ZERO))[0],
            used=money.get(project.pk, (ZERO, ZERO))[1],
        )
        for project in found
    ]
