"""Turns what `speech.errors` names into pages, or into a message where a part of a page asked."""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import is_valid_path
from django.utils.deprecation import MiddlewareMixin

from speech.errors import BadInput, NotAllowed, StudioError, WrongState
from speech.htmx import changes, wants_changes

logger = logging.getLogger(__name__)

GONE = "This is no longer here. Somebody may have deleted it, or you are no longer on the project."
UNEXPECTED = "Something went wrong in the studio. Nothing you typed is lost; please try again."


class ErrorPages(MiddlewareMixin):
    """Every error a person can meet says what happened, in a sentence, and what to do.

    `process_exception` runs for sync and async views alike. Unexpected errors of plain requests
    stay Django's business (it logs them and shows `500.html`).
    """

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        part = wants_changes(request)
        match error:
            case BadInput():
                return _answer(request, error.sentence, HTTPStatus.UNPROCESSABLE_ENTITY, part)
            case NotAllowed():
                return _answer(request, error.sentence, HTTPStatus.FORBIDDEN, part)
            case WrongState():
                return _answer(request, error.sentence, HTTPStatus.CONFLICT, part)
            case StudioError():
                return _answer(request, error.sentence, HTTPStatus.BAD_REQUEST, part)
            case Http404() if part:
                return _answer(request, GONE, HTTPStatus.NOT_FOUND, part)
            case PermissionDenied() if part:
                return _answer(request, "You may not do this.", HTTPStatus.FORBIDDEN, part)
            case _ if part:
                logger.error("%s %s failed", request.method, request.path, exc_info=error)
                return _answer(request, UNEXPECTED, HTTPStatus.INTERNAL_SERVER_ERROR, part)
        return None

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """A form's address, opened by a reload, by Back or after signing in again, shows the page
        above it: the browser's own "405" would be a dead end. (The API has a 405 of its own.)"""
        by_a_browser = "text/html" in request.headers.get("Accept", "")
        opened = request.method == "GET" and by_a_browser and not wants_changes(request)
        refused = response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.streaming
        if opened and refused and not response.content:
            above = request.path.rstrip("/").rpartition("/")[0] + "/"
            return HttpResponseRedirect(_nearest(above))
        return response


def _nearest(path: str) -> str:
    """The path, or the first one above it that some page answers at."""
    while path != "/" and not is_valid_path(path):
        path = path.rstrip("/").rpartition("/")[0] + "/"
    return path


def _answer(request: HttpRequest, sentence: str, status: HTTPStatus, part: bool) -> HttpResponse:
    if part:
        html = render_to_string("_message.html", {"tone": "bad", "text": sentence})
        return changes(html, status=status)
    return render(request, "errors/problem.html", {"sentence": sentence}, status=status)
