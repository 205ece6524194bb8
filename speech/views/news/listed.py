"""Pages that show given takes (`?takes=1,2`): history, comparison, one take."""

from __future__ import annotations

from speech.htmx import StudioRequest
from speech.models import Project
from speech.queries import changes as queries
from speech.queries import takes
from speech.views import parts

MOST_TAKES = 100


def news(request: StudioRequest, project: Project, since: int) -> str:
    raw = request.GET.get("takes", "").split(",")
    ids = [int(pk[:18]) for pk in raw if pk.isdecimal()][:MOST_TAKES]
    shown = takes.base().filter(pk__in=ids, line__deleted_at=None)
    cards = takes.cards(queries.changed_takes(shown, project, since=since))
    view = parts.view_name(request)
    can = parts.abilities(request.user, project)
    html = parts.fragments(request, project, can=can, takes=cards, view=view)
    if view == "compare":
        return html
    return html + parts.waiting_parts(request, project, shown, most=MOST_TAKES)
