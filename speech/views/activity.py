"""What has happened in a project: the page, and the same as a table."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from speech import access
from speech.exporting.activity import table
from speech.forms.activity import ActivityFilter
from speech.htmx import StudioRequest
from speech.models import Project
from speech.queries import activity as queries
from speech.queries.changes import release_connections
from speech.views import parts


@require_safe
def activity(request: StudioRequest, slug: str) -> HttpResponse:
    """Every event, newest first; `?person=`, `?kind=` and `?line=` filter. Paged by key."""
    project = access.get_project(request.user, slug)
    form = ActivityFilter(request.GET, project=project)
    form.is_valid()
    before = parts.number_asked(request, "before")
    query = request.GET.copy()
    query.pop("before", None)
    page = queries.page(project, form.cleaned_data, before=before)
    context = {
        "project": project,
        "form": form,
        "filtered": any(form.cleaned_data.values()),
        "page": page,
        "newest": page.entries[0].pk if page.entries else 0,
        "query": query.urlencode(),
        "before": before,
        "can": parts.abilities(request.user, project),
    }
    return render(request, "activity/page.html", context)


@require_safe
async def activity_csv(request: StudioRequest, slug: str) -> HttpResponseBase:
    """The filtered activity as CSV, whole."""
    project, wanted = await sync_to_async(_asked)(request, slug)
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(content_type="text/csv; charset=utf-8")
    else:
        rows = table(project, wanted)
        response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    name = f"{project.slug}-activity-{timezone.localdate().isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _asked(request: StudioRequest, slug: str) -> tuple[Project, dict[str, Any]]:
    try:
        project = access.get_project(request.user, slug)
        form = ActivityFilter(request.GET, project=project)
        form.is_valid()
        return project, form.cleaned_data
    finally:
        release_connections()
