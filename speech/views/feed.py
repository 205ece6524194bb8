"""The change feeds of pages: long polls that hold neither a thread nor a connection.

Rule: a page of a project asks `changes`, any other page `my_changes`. Either answers at once when
something is past what the page shows (`since`, `news`, `here`, `all`), else waits for
`queries.changes.watcher` and looks again. Headers carry the marks that the answer brings the page
up to: `X-Changes`, `X-News`, `X-Here`, `X-All`. Reason: one request for each visible tab, whatever
moves. Price: a page learns of news up to a tick late, and reconnects every 25 s.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from speech import access
from speech.htmx import StudioRequest, wants_changes
from speech.htmx import changes as changes_response
from speech.models import Project, User
from speech.queries import changes as queries
from speech.queries import presence
from speech.queries.changes import Key, Mark
from speech.services import presence as presence_service
from speech.templatetags.live import counts_of
from speech.views import parts
from speech.views.news import KINDS, ME_KINDS

WAIT_SECONDS = 25.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one look at the database found: news, or the marks to wait on."""

    response: HttpResponse | None = None
    marks: Mapping[Key, Mark]


@require_safe
async def changes(request: StudioRequest, slug: str) -> HttpResponse:
    """What changed after `?since=`; 204 when nothing did for `?wait=` seconds (at most 25).

    `?here=` (the mark of the faces that the page shows) makes its person present; `?arrive=1`
    says that the page was just opened, on `?line=`.
    """
    return await _wait(request, lambda: _look_at_project(request, slug))


@require_safe
async def my_changes(request: StudioRequest) -> HttpResponse:
    """The same for pages without a project; `?all=` wakes them when any project of theirs moves."""
    return await _wait(request, lambda: _look_at_mine(request))


@require_POST
def leave(request: StudioRequest, slug: str) -> HttpResponse:
    """A page was closed or hidden: its browser says so while it goes."""
    project = access.get_project(request.user, slug)
    presence_service.leave(request.user, project=project)
    if wants_changes(request) or "beacon" in request.POST:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return redirect(project)


async def _wait(request: StudioRequest, look: Callable[[], Look]) -> HttpResponse:
    asked = parts.number_asked(request, "wait")
    seconds = WAIT_SECONDS if asked is None else min(WAIT_SECONDS, float(asked))
    until = time.monotonic() + seconds
    read: Callable[[], Awaitable[Look]] = sync_to_async(look)
    while True:
        found = await read()
        if found.response is not None:
            return found.response
        left = until - time.monotonic()
        if left <= 0 or not await queries.watcher().wait(found.marks, seconds=left):
            return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _look_at_project(request: StudioRequest, slug: str) -> Look:
    try:
        news, heard = _news(request)
        project = access.get_project(request.user, slug)
        since = parts.number_asked(request, "since") or 0
        glance = _glance(request, project) if "here" in request.GET else None
        html = KINDS[parts.view_name(request)](request, project, since) if (
            moved := project.version > since
        ) else ""  # fmt: skip
        if moved or heard:
            html += _counts(request.user)
        faces = glance.mark if glance else ""
        if glance and faces != request.GET["here"]:
            here = presence.here(project, request.user)
            faces = here.mark
            html += render_to_string(
                "_people_here.html", {"here": here, "project": project}, request
            )
        marks: dict[Key, Mark] = {
            ("project", project.pk): project.version,
            ("person", request.user.pk): news,
        }
        if glance:
            marks["here", project.pk] = glance.mark_of_all
        if not html and not moved:
            return Look(marks=marks)
        response = changes_response(html, version=project.version)
        response["X-News"] = str(news)
        if glance:
            response["X-Here"] = faces
        return Look(response=response, marks=marks)
    finally:
        queries.release_connections()


def _look_at_mine(request: StudioRequest) -> Look:
    try:
        news, moved = _news(request)
        marks: dict[Key, Mark] = {("person", request.user.pk): news}
        mark = ""
        if "all" in request.GET:
            versions = queries.versions_of(request.user)
            mark = queries.mark_of(versions)
            moved = moved or mark != request.GET["all"]
            marks |= {("project", pk): version for pk, version in versions.items()}
        if not moved:
            return Look(marks=marks)
        kind = ME_KINDS.get(request.GET.get("view", ""))
        html = (kind(request) if kind else "") + _counts(request.user)
        response = changes_response(html)
        response["X-News"], response["X-All"] = str(news), mark
        return Look(response=response, marks=marks)
    finally:
        queries.release_connections()


def _news(request: StudioRequest) -> tuple[int, bool]:
    """The person's news as they stand, and whether the page has not heard of them."""
    if getattr(request, "has_looked", False):
        request.user.refresh_from_db(fields=["news", "is_active", "is_superuser"])
        if not request.user.is_active:
            raise Http404
    request.has_looked = True  # type: ignore[attr-defined]  # the person was read with the request
    news, asked = request.user.news, parts.number_asked(request, "news")
    return news, asked is not None and asked != news


def _glance(request: StudioRequest, project: Project) -> presence.Glance:
    """Who is there, once it is written that this person is too."""
    user, line = request.user, parts.number_asked(request, "line")
    arriving = "arrive" in request.GET and not getattr(request, "has_arrived", False)
    try:
        if arriving:
            presence_service.arrive(user, project=project, line_id=line)
            request.has_arrived = True  # type: ignore[attr-defined]  # of this long poll
            return presence.glance(project, user)
        glance = presence.glance(project, user)
        seen_at = glance.own_seen_at
        if presence_service.stay(user, project=project, seen_at=seen_at, line_id=line):
            glance = presence.glance(project, user)
    except DatabaseError:
        # Being seen is worth less than the news: a busy database is no reason to withhold them.
        logger.warning("presence in project %s could not be written", project.pk)
        glance = presence.glance(project, user)
    return glance


def _counts(user: User) -> str:
    return render_to_string("_counts.html", counts_of(user))
