"""The studio: rows of the script, and the selected line with its takes."""

from __future__ import annotations

from django.template.loader import render_to_string

from speech.forms.lines import LineForm
from speech.htmx import StudioRequest
from speech.models import Project
from speech.queries import changes as queries
from speech.queries import script, takes
from speech.views import parts
from speech.views.news.listed import MOST_TAKES


def news(request: StudioRequest, project: Project, since: int) -> str:
    can = parts.abilities(request.user, project)
    changed = queries.changed_lines(project, since=since)
    gone = changed.exclude(deleted_at=None).values_list("pk", flat=True)
    rows = script.line_rows(project, changed.filter(deleted_at=None))
    pk = parts.number_asked(request, "line")
    fresh = takes.base().filter(line=pk) if pk else takes.base().none()
    moved = queries.changed_takes(fresh, project, since=since)
    cards = takes.cards(queries.near_the_top(moved, pk).order_by("-id")[:MOST_TAKES])
    html = "".join(
        render_to_string("lines/_gone.html", {"pk": line_id}, request) for line_id in gone
    )
    html += parts.fragments(
        request, project, can=can, takes=reversed(cards), rows=rows, selected=pk
    )
    current = fresh.filter(archived_at=None)
    html += parts.waiting_parts(request, project, current, most=queries.TOP)
    if any(row.line.pk == pk for row in rows):
        html += _selected_line(request, project, pk or 0, can)
    return html


def _selected_line(request: StudioRequest, project: Project, pk: int, can: dict[str, bool]) -> str:
    """The text as it is now, and which shown takes it has left behind."""
    line = project.lines.select_related("voice", "project__voice").get(pk=pk)
    context = {
        "line": line,
        "project": project,
        "can": can,
        "form": LineForm(line=line, engines=parts.engines()),
        **parts.standing_of_line(line),
        **parts.panel_words(),
    }
    html = render_to_string("lines/_text.html", context, request)
    html += render_to_string("lines/_approval.html", context, request)
    html += render_to_string("lines/_setup.html", context, request)
    for card in takes.page_of_line(line).cards:
        html += render_to_string("takes/_stale.html", {"card": card}, request)
        html += render_to_string("takes/_instead.html", {"card": card}, request)
    return html
