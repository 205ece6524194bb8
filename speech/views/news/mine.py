"""Pages without a project: their kinds answer with what the person's page shows now."""

from __future__ import annotations

from django.template.loader import render_to_string

from speech import access
from speech.access import Can
from speech.htmx import StudioRequest
from speech.queries.notices import notice_page
from speech.queries.projects import project_cards


def notices(request: StudioRequest) -> str:
    """The newest page of notices."""
    context = {"page": notice_page(request.user), "before": None}
    return render_to_string("notices/_list.html", context, request)


def projects(request: StudioRequest) -> str:
    mine = access.projects_of(request.user).filter(archived_at=None)
    context = {
        "cards": project_cards(mine, viewer=request.user),
        "can_create": Can.CREATE_PROJECTS in access.studio_capabilities(request.user),
    }
    return render_to_string("projects/_cards.html", context, request)
