"""The review queue as pages carry it along: what is listed stays in the address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from speech import access
from speech.forms.reviews import QueueFilter
from speech.htmx import StudioRequest
from speech.models import Project, Review, User
from speech.queries import reviews as queries
from speech.queries.changes import mark_of, versions_of
from speech.queries.listening import tests_waiting_for
from speech.queries.reviews import SHOW_LABELS, Place, Show
from speech.views import parts


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which part of the queue somebody goes through."""

    show: Show
    project: Project | None

    @property
    def query(self) -> str:
        """As the address says it; empty for all that waits for oneself."""
        return self.with_show(self.show)

    def with_show(self, show: Show) -> str:
        said = {"show": show.value} if show is not Show.MINE else {}
        return urlencode(said | ({"project": self.project.slug} if self.project else {}))

    def place_of(self, review: Review | None, user: User) -> Place:
        return queries.place_of(review, user, show=self.show, project=self.project)


def filters_of(request: StudioRequest) -> Filters:
    """From the address, or from the field `queue` of a form or link that came from such a page."""
    carried = request.POST.get("queue", request.GET.get("queue"))
    data = request.GET if carried is None else dict(parse_qsl(carried[:300]))
    form = QueueFilter(data)
    mine = access.projects_of(request.user)
    project = mine.filter(slug=form.slug).first() if form.slug else None
    return Filters(show=form.shown, project=project)


def address(name: str, *args: object, filters: Filters) -> str:
    """Of a page that keeps the filters."""
    return reverse(f"speech:{name}", args=args) + (f"?{filters.query}" if filters.query else "")


def placed(user: User, filters: Filters, review: Review | None) -> dict[str, Any]:
    """What `reviews/_place.html` draws."""
    place = filters.place_of(review, user)
    following = address("review", place.following, filters=filters) if place.following else ""
    return {
        "place": place,
        "queue_url": address("review_queue", filters=filters),
        "next_url": following,
    }


@require_safe
def review_queue(request: StudioRequest) -> HttpResponse:
    filters = filters_of(request)
    context = {
        **listed(request, filters),
        "mark": mark_of(versions_of(request.user)),
        "projects": queries.projects_with_reviews(request.user),
        "shows": [
            {"label": label, "query": filters.with_show(show), "on": show is filters.show}
            for show, label in SHOW_LABELS.items()
        ],
    }
    return render(request, "reviews/queue.html", context)


def listed(request: StudioRequest, filters: Filters) -> dict[str, Any]:
    """What `reviews/_list.html` draws."""
    user, after = request.user, parts.number_asked(request, "after")
    rows, following = queries.rows(user, show=filters.show, project=filters.project, after=after)
    tests = tests_waiting_for(user) if filters.show is Show.MINE and after is None else None
    if tests is not None and filters.project is not None:
        tests = tests.filter(test__project=filters.project)
    return {
        "filters": filters,
        "rows": rows,
        "after": after,
        "following": following,
        "tests": list(tests[: queries.ROWS_ON_A_PAGE]) if tests is not None else [],
        "total": queries.counted(filters.place_of(None, user).total) if rows else "0",
    }
