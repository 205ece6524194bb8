"""One take before a reviewer, and the queue across projects."""

from __future__ import annotations

from django.template.loader import render_to_string

from speech.htmx import StudioRequest
from speech.models import Project
from speech.views.news import listed
from speech.views.review_queue import filters_of
from speech.views.review_queue import listed as listed_queue


def news(request: StudioRequest, project: Project, since: int) -> str:
    """The decision and what is said, where the take changed; the text stays as it is read."""
    return listed.news(request, project, since)


def queue(request: StudioRequest) -> str:
    """The first page of what is listed."""
    context = listed_queue(request, filters_of(request))
    return render_to_string("reviews/_list.html", context, request)
