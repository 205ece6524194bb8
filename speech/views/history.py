from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from speech import access
from speech.forms.takes import HistoryFilter
from speech.htmx import StudioRequest
from speech.queries import history as queries
from speech.queries import takes
from speech.views import parts


@require_safe
def history(request: StudioRequest, slug: str) -> HttpResponse:
    """Every take of a project, newest first; `?line=` for one line's. Paged by key."""
    project = access.get_project(request.user, slug)
    form = HistoryFilter(request.GET, project=project)
    form.is_valid()
    before = parts.number_asked(request, "before")
    page = takes.page(
        queries.history(project, form.cleaned_data), before=before, size=takes.CARDS_IN_A_HISTORY
    )
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "project": project,
        "form": form,
        "filtered": any(value for value in form.cleaned_data.values()),
        "page": page,
        "query": query.urlencode(),
        "before": before,
        "view": "history",
        "can": parts.abilities(request.user, project),
    }
    return render(request, "takes/history.html", context)
