"""The change feed of a page: a long poll that holds neither a thread nor a connection.

Rule: `changes` answers at once when the project is past the version that the page shows, else it
waits for `queries.changes.watcher` and asks again. Reason: one request for each visible tab,
whatever moves. Price: a page learns of news up to a tick late, and reconnects every 25 s.
"""

from __future__ import annotations

from http import HTTPStatus

from asgiref.sync import sync_to_async
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from speech import access
from speech.htmx import StudioRequest
from speech.htmx import changes as changes_response
from speech.queries import changes as queries
from speech.views import parts
from speech.views.news import KINDS

WAIT_SECONDS = 25.0


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
        html = KINDS[parts.view_name(request)](request, project, since)
        return project.pk, changes_response(html, version=project.version)
    finally:
        queries.release_connections()
