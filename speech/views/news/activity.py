"""The activity page: what happened after the newest entry that it came with (`?after=7`).

An entry never changes, so one that the page has already is left alone (`data-same`).
"""

from __future__ import annotations

from django.template.loader import render_to_string

from speech.forms.activity import ActivityFilter
from speech.htmx import StudioRequest
from speech.models import Project
from speech.queries import activity as queries
from speech.views import parts


def news(request: StudioRequest, project: Project, since: int) -> str:
    form = ActivityFilter(request.GET, project=project)
    form.is_valid()
    after = parts.number_asked(request, "after") or 0
    found = queries.events(project, form.cleaned_data).filter(pk__gt=after)
    entries = queries.entries(project, list(found[: queries.ENTRIES]))
    return "".join(
        render_to_string("activity/_entry.html", {"entry": entry, "project": project}, request)
        for entry in entries
    )
