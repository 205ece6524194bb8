"""Listening tests: the list (`tests`), and one test (`listening`, `?test=7`).

A page on which somebody still votes is sent the progress alone: neither the sounds nor a
half-made ranking is touched. Results go to those who may see them, and find their place only on
a page that shows them already.
"""

from __future__ import annotations

from django.http import Http404
from django.template.loader import render_to_string

from speech import access
from speech.errors import NotAllowed
from speech.htmx import StudioRequest
from speech.models import Project
from speech.queries import listening as queries
from speech.queries.results import results
from speech.views import parts


def news(request: StudioRequest, project: Project, since: int) -> str:
    try:
        test = access.get_test(request.user, parts.number_asked(request, "test") or 0)
    except (Http404, NotAllowed):
        return ""
    shared = {"test": test, "project": project, "can": parts.abilities(request.user, project)}
    seen = queries.may_see_results(request.user, test)
    context = {**shared, "progress": queries.progress(request.user, test), "seen": seen}
    html = render_to_string("listening/_progress.html", context, request)
    if seen:
        takes = queries.takes_of(test)
        found = {**shared, "results": results(request.user, test, takes)}
        html += render_to_string("listening/_results.html", found, request)
    return html


def listed(request: StudioRequest, project: Project, since: int) -> str:
    return "".join(
        render_to_string("listening/_row.html", {"row": row, "project": project}, request)
        for row in queries.rows(request.user, project)
    )
