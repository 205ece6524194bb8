"""Typed requests, and the two ways to answer htmx.

Rule: navigation (links, and forms that lead elsewhere) is boosted: the server answers with a whole
page and `static/js/studio.js` takes `#content` out of it. Everything that changes a part of a page
is answered with *changes*: fragments with one root id each, marked by the header `X-Changes`,
which the page puts in place by id. Reason: the change feed sends the same fragments, so a part
looks the same whoever changed it, and a field that somebody types in is never replaced.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from speech.models import User

CHANGES_HEADER = "X-Changes"


class StudioRequest(HttpRequest):
    """What a view gets once the middleware has run and somebody is signed in."""

    htmx: HtmxDetails
    user: User


def wants_changes(request: HttpRequest) -> bool:
    """Asked by a part of a page, not by navigation."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return bool(htmx) and not (htmx and (htmx.boosted or htmx.history_restore_request))


def changes(html: str, *, status: int = 200, version: int | None = None) -> HttpResponse:
    """Fragments for the page to put in place; `version` is the one that they bring it up to."""
    response = HttpResponse(html, status=status)
    response[CHANGES_HEADER] = "" if version is None else str(version)
    response["HX-Reswap"] = "none"
    response["Cache-Control"] = "no-store"
    return response
