from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from speech import access
from speech.access import Can
from speech.errors import BadInput
from speech.htmx import StudioRequest
from speech.models import StudioSettings
from speech.queries.changes import mark_of
from speech.queries.projects import project_cards
from speech.queries.script import live_lines
from speech.services import projects as service
from speech.views.parts import show_studio


@require_safe
def projects(request: StudioRequest) -> HttpResponse:
    return _page(request)


@require_POST
def project_new(request: StudioRequest) -> HttpResponse:
    """Whoever may create projects owns what they create."""
    access.need_studio(request.user, Can.CREATE_PROJECTS)
    name = request.POST.get("name", "")
    try:
        project = service.create_project(request.user, name=name)
    except BadInput as error:
        return _page(request, name=name, fault=error.sentence, status=422)
    return redirect(project)


@require_safe
def project(request: StudioRequest, slug: str) -> HttpResponse:
    """The studio with the first line selected; on a phone, the script."""
    found = access.get_project(request.user, slug)
    first = live_lines(found).select_related("voice", "project__voice").first()
    return show_studio(request, first.project if first else found, first, at="script")


def _page(
    request: StudioRequest, *, name: str = "", fault: str = "", status: int = 200
) -> HttpResponse:
    mine = access.projects_of(request.user)
    cards = project_cards(mine.filter(archived_at=None), viewer=request.user)
    can_create = Can.CREATE_PROJECTS in access.studio_capabilities(request.user)
    studio = StudioSettings.load()
    context = {
        "can_create": can_create,
        "studio": studio,
        "cards": cards,
        "mark": mark_of({card.project.pk: card.project.version for card in cards}),
        "archived": mine.exclude(archived_at=None).order_by("-archived_at"),
        "name": name,
        "fault": fault,
    }
    return render(request, "projects/list.html", context, status=status)
