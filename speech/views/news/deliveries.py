"""The page of deliveries: what would go out, and the newest entries; each is left alone by the
page while it reads the same (`data-same`)."""

from __future__ import annotations

from django.template.loader import render_to_string

from speech.htmx import StudioRequest
from speech.models import Project
from speech.queries import deliveries as queries
from speech.views import parts

NEWEST = 5


def news(request: StudioRequest, project: Project, since: int) -> str:
    made = queries.made_before(project)
    shared = {
        "project": project,
        "can": parts.abilities(request.user, project),
        "outlook": queries.outlook(project),
        "being_made": next((one for one in made if one.is_live), None),
    }
    html = render_to_string("deliveries/_outlook.html", shared, request)
    for delivery in made[:NEWEST]:
        html += render_to_string("deliveries/_row.html", {**shared, "delivery": delivery}, request)
    return html
