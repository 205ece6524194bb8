"""What an engine is doing, pausing and resuming it, and takes in doubt across projects; for
administrators."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from speech.access import Can, need_studio
from speech.errors import WrongState
from speech.htmx import changes, wants_changes
from speech.queries.doubts import doubts
from speech.queries.engines import engine_status as status_of
from speech.services import engines
from speech.services.doubts import settle_everywhere
from speech.views import parts
from speech.views.answers import actor
from speech.views.settings import engine_view


@require_safe
def engine_status(request: HttpRequest, key: str) -> HttpResponse:
    """The page; asked by itself, the parts that move."""
    need_studio(actor(request), Can.ADMINISTER)
    context = {
        "engine": engine_view(key),
        "status": status_of(key),
        "doubts": doubts(engine=key),
        "doubts_of": key,
    }
    if wants_changes(request):
        html = render_to_string("settings/_status.html", context, request)
        return changes(html + render_to_string("settings/_doubts.html", context, request))
    return render(request, "settings/status.html", context)


@require_POST
def engine_pause(request: HttpRequest, key: str) -> HttpResponse:
    return _act(request, key, engines.pause_engine, said="is paused; its queue is kept.")


@require_POST
def engine_resume(request: HttpRequest, key: str) -> HttpResponse:
    return _act(request, key, engines.resume_engine, said="goes on with its queue.")


@require_http_methods(["GET", "HEAD", "POST"])
def doubts_settle(request: HttpRequest) -> HttpResponse:
    """Submit again or dismiss the takes in doubt that were shown, of one project or of all. A GET
    says what it would mean, with count and sum; the POST does it."""
    need_studio(actor(request), Can.ADMINISTER)
    given = request.POST if request.method == "POST" else request.GET
    again = given.get("do") == "again"
    jobs = parts.numbers_given(given.get("jobs", ""))
    if request.method == "POST":
        settled = settle_everywhere(actor(request), again=again, jobs=jobs)
        messages.success(request, parts.settled_sentence(settled, again=again, asked=len(jobs)))
        return redirect("speech:settings")
    found = doubts(jobs=jobs)
    if not found.count:
        messages.warning(request, "These takes are decided on already.")
        return redirect("speech:settings")
    return render(request, "settings/doubts.html", {"doubts": found, "again": again})


def _act(request: HttpRequest, key: str, do: Callable[..., None], *, said: str) -> HttpResponse:
    need_studio(actor(request), Can.ADMINISTER)
    label = engine_view(key).card.label
    try:
        do(actor(request), key=key)
    except WrongState as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, f"{label} {said}")
    return parts.back(request, reverse("speech:settings"))
