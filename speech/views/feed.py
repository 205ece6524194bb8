"""The change feed of a page: a long poll that holds neither a thread nor a connection.

Rule: `changes` answers at once when the project is past the version that the page shows, else it
waits for `queries.changes.watcher` and asks again. Reason: one request for each visible tab,
whatever moves. Price: a page learns of news up to a tick late, and reconnects every 25 s.
"""

from __future__ import annotations

from http import HTTPStatus

from asgiref.sync import sync_to_async
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from speech import access
from speech.forms.lines import LineForm
from speech.htmx import StudioRequest
from speech.htmx import changes as changes_response
from speech.models import Project
from speech.queries import changes as queries
from speech.queries import script, takes
from speech.views import parts

WAIT_SECONDS = 25.0
MOST_TAKES = 100


@require_safe
async def changes(request: StudioRequest, slug: str) -> HttpResponse:
    """What changed after `?since=`; 204 when nothing did for `?wait=` seconds (at most 25)."""
    read = sync_to_async(_news)
    since = parts.number_asked(request, "since") or 0
    asked = parts.number_asked(request, "wait")
    seconds = WAIT_SECONDS if asked is None else min(WAIT_SECONDS, float(asked))
    project_id, response = await read(request, slug, since)
    if response is None and await queries.watcher().wait(project_id, since=since, seconds=seconds):
        _, response = await read(request, slug, since)
    return response or HttpResponse(status=HTTPStatus.NO_CONTENT)


def _news(request: StudioRequest, slug: str, since: int) -> tuple[int, HttpResponse | None]:
    try:
        project = access.get_project(request.user, slug)
        if project.version <= since:
            return project.pk, None
        html = _line_page(request, project, since) if _on_studio(request) else ""
        html += _listed_takes(request, project, since) if not _on_studio(request) else ""
        return project.pk, changes_response(html, version=project.version)
    finally:
        queries.release_connections()


def _on_studio(request: StudioRequest) -> bool:
    return parts.view_name(request) == "line"


def _line_page(request: StudioRequest, project: Project, since: int) -> str:
    """Rows of the script, and cards of the selected line."""
    can = parts.abilities(request.user, project)
    changed = queries.changed_lines(project, since=since)
    gone = changed.exclude(deleted_at=None).values_list("pk", flat=True)
    rows = script.line_rows(project, changed.filter(deleted_at=None))
    pk = parts.number_asked(request, "line")
    fresh = takes.base().filter(line=pk) if pk else takes.base().none()
    cards = takes.cards(
        queries.changed_takes(fresh, project, since=since).order_by("-id")[:MOST_TAKES]
    )
    html = "".join(
        render_to_string("lines/_gone.html", {"pk": line_id}, request) for line_id in gone
    )
    html += parts.fragments(
        request, project, can=can, takes=reversed(cards), rows=rows, selected=pk
    )
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
        **parts.panel_words(),
    }
    html = render_to_string("lines/_text.html", context, request)
    for card in takes.page_of_line(line).cards:
        html += render_to_string("takes/_stale.html", {"card": card}, request)
    return html


def _listed_takes(request: StudioRequest, project: Project, since: int) -> str:
    raw = request.GET.get("takes", "").split(",")
    ids = [int(pk[:18]) for pk in raw if pk.isdigit()][:MOST_TAKES]
    shown = takes.base().filter(pk__in=ids, line__deleted_at=None)
    cards = takes.cards(queries.changed_takes(shown, project, since=since))
    return parts.fragments(
        request,
        project,
        can=parts.abilities(request.user, project),
        takes=cards,
        view=parts.view_name(request),
    )
