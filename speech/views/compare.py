from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from speech import access
from speech.htmx import StudioRequest
from speech.queries import compare as queries
from speech.queries import takes
from speech.views import parts

FEWEST, MOST = 2, 4


@require_safe
def compare(request: StudioRequest, slug: str) -> HttpResponse:
    """Two to four takes of one line under each other: `?take=1&take=2`."""
    project = access.get_project(request.user, slug)
    asked = [int(raw[:18]) for raw in request.GET.getlist("take")[:50] if raw.isdigit()]
    wanted = list(dict.fromkeys(asked))[:MOST]
    found = takes.base().filter(project=project, pk__in=wanted, line__deleted_at=None)
    cards = takes.cards(sorted(found, key=lambda take: wanted.index(take.pk)))
    if len(cards) < FEWEST:
        messages.info(request, f"Tick {FEWEST} to {MOST} takes of one line to compare them.")
        return redirect(cards[0].take.line if cards else project)
    if len({card.take.line_id for card in cards}) > 1:
        messages.info(request, "Takes of different lines cannot be compared with each other.")
        return redirect(cards[0].take.line)
    context = {
        "project": project,
        "line": cards[0].take.line,
        "cards": cards,
        "table": queries.table(cards),
        "more": len(set(asked)) > MOST,
        "view": "compare",
        "can": parts.abilities(request.user, project),
    }
    return render(request, "takes/compare.html", context)
