"""The page for what is not there. Django draws it in a thread of its own where the view is async,
and its header reads the database: the connection is given back, or each thread would keep one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views import defaults

from speech.queries.changes import release_connections


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    response = defaults.page_not_found(request, exception)
    release_connections()
    return response
