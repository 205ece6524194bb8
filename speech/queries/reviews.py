"""The review queue: what waits for one person across projects, and who decides about one take.

Rule: a take waits for somebody while it waits at all, they may decide there (named, where
approvers are named), it is not their own where own takes are left to others, and they have not
decided yet. An administrator who is no member is not waited for. Reason: the number in the
navigation is work that only this person can do. Price: the rules of `approval.deciders` stand
here a second time, as SQL; `tests/queries/test_reviews.py` compares the two.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from speech import access
from speech.models import Decision, Line, Membership, Project, Review, Take, User
from speech.queries.approval import DECIDING_ROLES
from speech.queries.listening import tests_waiting_for
from speech.queries.standing import Standing, standing_of, with_decisions
from speech.states import ApprovalPolicy, ReviewState, Role, Verdict

ROWS_ON_A_PAGE = 25
MOST_COUNTED = 99
"""A count beyond this is shown as “99+”."""
_SOMEBODY = -1
"""No person's key: where it stands in a query, a person is put."""


class Show(StrEnum):
    """Which part of the queue is listed."""

    MINE = "mine"
    OPEN = "open"
    ASKED = "asked"
    DECIDED = "decided"


SHOW_LABELS = {
    Show.MINE: "For me",
    Show.OPEN: "All open",
    Show.ASKED: "I asked",
    Show.DECIDED: "I decided",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One take as the queue lists it."""

    review: Review
    standing: Standing
    mine: Decision | None
    """What this person said of it, if that is in force."""

    @property
    def key(self) -> int:
        return self.review.pk


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a take stands in the queue of one person. `position` is 0 where it is not in it."""

    position: int
    total: int
    """At most one more than `MOST_COUNTED`."""
    following: int | None
    """Key of the take after it; the first one where it is the last, None where there is none."""

    @property
    def said(self) -> str:
        if not self.position:
            return f"{counted(self.total)} waiting" if self.total else ""
        return f"{counted(self.position)} of {counted(self.total)}"


def counted(number: int) -> str:
    return f"{MOST_COUNTED}+" if number > MOST_COUNTED else str(number)


def waiting_for(user: User) -> QuerySet[Review]:
    """Reviews that wait for `user`, in no order."""
    mine = Decision.objects.filter(review=OuterRef("pk"), by=user, ended_at=None)
    return _open().filter(Exists(_seat(user)), ~Exists(mine))


def waiting_count(user: User) -> int:
    """Takes and listening tests that wait for `user`, at most `MOST_COUNTED` + 1. Two queries."""
    sql, params = _count_of_waiting()
    with connection.cursor() as cursor:
        cursor.execute(sql, [user.pk if one == _SOMEBODY else one for one in params])
        takes = int(cursor.fetchone()[0])
    return min(takes + tests_waiting_for(user).count(), MOST_COUNTED + 1)


@functools.cache
def _count_of_waiting() -> tuple[str, tuple[Any, ...]]:
    """`waiting_for(…)` counted, with a place for the person. Kept, for it is asked on every page,
    and Django takes five times as long to write it as the database to answer it."""
    found = waiting_for(User(pk=_SOMEBODY)).order_by().values("pk")[: MOST_COUNTED + 1]
    sql, params = found.query.sql_with_params()
    return f"SELECT COUNT(*) FROM ({sql}) AS waiting", params  # noqa: S608 - written by Django


def waiting_by_project(user: User, projects: Iterable[int]) -> dict[int, int]:
    """How many takes wait for `user`, by key of the project. One query."""
    rows = waiting_for(user).filter(project__in=list(projects)).order_by().values_list("project")
    return dict(rows.annotate(many=Count("id")))


def queue(
    user: User, *, show: Show = Show.MINE, project: Project | None = None
) -> QuerySet[Review]:
    """Open ones oldest first, one's own newest first."""
    match show:
        case Show.MINE:
            found = waiting_for(user)
        case Show.OPEN:
            found = _seen_by(user).filter(state=ReviewState.WAITING)
        case Show.ASKED:
            found = _seen_by(user).filter(asked_by=user).exclude(state=ReviewState.NONE)
        case Show.DECIDED:
            said = Decision.objects.filter(by=user, ended_at=None).values("review")
            found = _seen_by(user).filter(pk__in=said)
    if project is not None:
        found = found.filter(project=project)
    if show in {Show.MINE, Show.OPEN}:
        return found.order_by("asked_at", "id")
    return found.order_by("-changed_at", "-id")


def rows(
    user: User, *, show: Show, project: Project | None = None, after: int | None = None
) -> tuple[list[Row], int | None]:
    """A page of the queue, and `after` of the next one. Three queries, two on the first page."""
    found = queue(user, show=show, project=project)
    last = Review.objects.filter(pk=after).first() if after is not None else None
    if last is not None:
        found = _beyond(found, last)
    some = list(_drawn(found)[: ROWS_ON_A_PAGE + 1])
    shown = [_row(review, user) for review in some[:ROWS_ON_A_PAGE]]
    return shown, shown[-1].key if len(some) > ROWS_ON_A_PAGE else None


def place_of(
    review: Review | None, user: User, *, show: Show, project: Project | None = None
) -> Place:
    """At most four queries."""
    found = queue(user, show=show, project=project)
    total = _bounded(found)
    inside = review is not None and found.filter(pk=review.pk).exists()
    if review is None or not inside:
        # The one that came next when this one left the queue, else the first.
        beyond = _beyond(found, review) if review and review.asked_at else found
        return Place(position=0, total=total, following=_first(beyond) or _first(found))
    before = _bounded(_beyond(found.reverse(), review))
    following = _first(_beyond(found, review)) or (_first(found) if before else None)
    return Place(position=before + 1, total=total, following=following)


def projects_with_reviews(user: User) -> list[Project]:
    """Those that the queue can be filtered by. One query."""
    reviewed = Review.objects.filter(project=OuterRef("pk")).exclude(state=ReviewState.NONE)
    projects = access.projects_of(user).filter(Exists(reviewed), archived_at=None)
    return list(projects.order_by("name", "id"))


def approvals_of(line_id: int) -> list[Decision]:
    """Who approved the take that the line goes with; empty where none is approved. One query."""
    return list(
        Decision.objects.filter(
            review__line=line_id,
            review__state=ReviewState.APPROVED,
            ended_at=None,
            verdict=Verdict.APPROVE,
        )
        .select_related("by", "review__take")
        .defer("review__take__peaks", "review__take__words", "review__take__measured")
        .order_by("id")
    )


# Written as questions about each row, not as joins: so the rows are walked in the order of the
# index `review_in_turn` until a page is full, however many wait.


def _open() -> QuerySet[Review]:
    return Review.objects.filter(_at_hand(), state=ReviewState.WAITING)


def _seen_by(user: User) -> QuerySet[Review]:
    projects = access.projects_of(user).filter(pk=OuterRef("project"))
    return Review.objects.filter(_at_hand(), Exists(projects))


def _at_hand() -> Q:
    lines = Line.objects.filter(pk=OuterRef("line"), deleted_at=None, project__archived_at=None)
    return Q(Exists(lines))


def _seat(user: User) -> QuerySet[Membership]:
    """By which the decision of `user` counts; where all named have gone, the owners' does."""
    named = Membership.objects.filter(
        project=OuterRef("project"), approver=True, role__in=DECIDING_ROLES, user__is_active=True
    )
    own = Take.objects.filter(pk=OuterRef(OuterRef("take")), created_by=user)
    everybody = ~Q(project__approval_policy=ApprovalPolicy.NAMED)
    instead = Q(~Exists(named), role=Role.OWNER)
    return Membership.objects.filter(
        everybody | Q(approver=True) | instead,
        Q(project__own_approval=True) | ~Exists(own),
        project=OuterRef("project"),
        user=user,
        role__in=DECIDING_ROLES,
    )


def _drawn(found: QuerySet[Review]) -> QuerySet[Review]:
    heavy = ("peaks", "words", "measured", "timings")
    return (
        found.select_related("take__line", "take__project", "take__created_by", "asked_by")
        .prefetch_related(with_decisions(""))
        .defer(*(f"take__{name}" for name in heavy))
    )


def _row(review: Review, user: User) -> Row:
    take = review.take
    take.review = review
    standing = standing_of(take)
    assert standing is not None
    mine = next((one for one in standing.said if one.by_id == user.pk), None)
    return Row(review=review, standing=standing, mine=mine)


def _beyond(found: QuerySet[Review], last: Review) -> QuerySet[Review]:
    """Those that come after `last` in the order of `found`."""
    (name, _) = found.query.order_by
    backwards = str(name).startswith("-") != (not found.query.standard_ordering)
    field, than = str(name).lstrip("-"), "lt" if backwards else "gt"
    value: Any = getattr(last, field)
    return found.filter(
        Q(**{f"{field}__{than}": value}) | Q(**{field: value, f"id__{than}": last.pk})
    )


def _first(found: QuerySet[Review]) -> int | None:
    return found.values_list("take", flat=True).first()


def _bounded(found: QuerySet[Review]) -> int:
    return found.order_by()[: MOST_COUNTED + 1].count()
