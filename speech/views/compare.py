from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from speech import access
from speech.htmx import StudioRequest
from speech.queries import compare as queries
from speech.queries.deciding import deciding
from speech.views import parts

MOST_ASKED = 50
"""Ids that are read from an address; no board that was made here has more than eight."""


@require_safe
def compare(request: StudioRequest, slug: str) -> HttpResponse:
    """The board of two to eight takes of a project, in the order of `?take=1&take=2`."""
    project = access.get_project(request.user, slug)
    chosen = queries.chosen(project, request.GET.getlist("take")[:MOST_ASKED])
    if len(chosen.cards) < queries.FEWEST:
        hint = f"Tick {queries.FEWEST} to {queries.MOST} takes to compare them."
        messages.info(request, " ".join([*chosen.left_out, hint]))
        return redirect(chosen.cards[0].take.line if chosen.cards else project)
    board = queries.board(chosen.cards)
    context = {
        "project": project,
        "board": board,
        "left_out": chosen.left_out,
        "link": request.build_absolute_uri(f"{request.path}?{board.query}"),
        "view": "compare",
        "can": parts.abilities(request.user, project),
        "deciding": deciding(request.user, project, chosen.cards),
    }
    return render(request, "board/page.html", context)
