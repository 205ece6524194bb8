"""One sweep (`?sweep=7`): how far it is, and those of its takes that changed. `?brief=1` leaves
the takes out, for a hidden tab that only wants to know what to say in its title."""

from __future__ import annotations

from django.http import Http404
from django.template.loader import render_to_string

from speech import access
from speech.errors import NotAllowed
from speech.htmx import StudioRequest
from speech.models import Project
from speech.queries import sweeps
from speech.views import parts


def news(request: StudioRequest, project: Project, since: int) -> str:
    try:
        batch = access.get_sweep(request.user, parts.number_asked(request, "sweep") or 0)
    except (Http404, NotAllowed):
        return ""
    context = {
        "batch": batch,
        "project": batch.project,
        "progress": sweeps.progress(batch),
        "can": parts.abilities(request.user, batch.project),
        "view": "sweep",
    }
    html = render_to_string("sweeps/_progress.html", context, request)
    if "brief" in request.GET:
        return html
    line = sweeps.first_take(batch).line
    for card in sweeps.cards(batch, line, since=since):
        about = {**context, "card": card, "take": card.take}
        html += render_to_string("sweeps/_take.html", about, request)
    return html
