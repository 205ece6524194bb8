"""One take before a reviewer, and the queue across projects."""

from __future__ import annotations

from django.template.loader import render_to_string

from speech.htmx import StudioRequest
from speech.models import Project, Review
from speech.views import parts
from speech.views.news import listed
from speech.views.review_queue import filters_of, placed
from speech.views.review_queue import listed as listed_queue


def news(request: StudioRequest, project: Project, since: int) -> str:
    """The decision and what is said, where the take changed, and where one is in the queue."""
    pk = parts.number_asked(request, "takes")
    found = Review.objects.filter(take=pk, project=project).first() if pk else None
    context = placed(request.user, filters_of(request), found)
    html = render_to_string("reviews/_place.html", context, request)
    return listed.news(request, project, since) + html


def queue(request: StudioRequest) -> str:
    """The first page of what is listed."""
    context = listed_queue(request, filters_of(request))
    return render_to_string("reviews/_list.html", context, request)
