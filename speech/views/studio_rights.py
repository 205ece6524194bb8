"""Who may do what in the studio as a whole, and what it may cost; for administrators."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from speech.access import Can, need_studio
from speech.forms.money import LimitsForm
from speech.models import StudioSettings, User
from speech.queries.people import rights_rows
from speech.services import studio
from speech.views.answers import actor, attempt
from speech.views.parts import back

PAGE = "speech:studio_rights"


@require_safe
def studio_rights(request: HttpRequest) -> HttpResponse:
    need_studio(actor(request), Can.ADMINISTER)
    return _page(request)


@require_POST
def person_rights(request: HttpRequest, pk: int) -> HttpResponse:
    need_studio(actor(request), Can.ADMINISTER)
    person = get_object_or_404(User, pk=pk)
    return attempt(
        request,
        lambda: studio.set_person_rights(
            actor(request), person=person,
            may_create_projects=request.POST.get("may_create_projects") == "1",
            keeps_voices=request.POST.get("keeps_voices") == "1",
        ),
        to=PAGE,
        said=f"The rights of {person.label} are saved.",
    )  # fmt: skip


@require_POST
def studio_limits(request: HttpRequest) -> HttpResponse:
    need_studio(actor(request), Can.ADMINISTER)
    form = LimitsForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    studio.set_limits(actor(request), **form.cleaned_data)
    messages.success(request, "The limits are saved.")
    return redirect(PAGE)


@require_POST
def rights_acknowledge(request: HttpRequest) -> HttpResponse:
    need_studio(actor(request), Can.ADMINISTER)
    studio.acknowledge_rights(actor(request))
    return back(request, "speech:projects")


def _page(
    request: HttpRequest, *, form: LimitsForm | None = None, status: int = HTTPStatus.OK
) -> HttpResponse:
    settings = StudioSettings.load()
    amounts = {
        "default_budget": settings.default_budget, "monthly_limit": settings.monthly_limit,
    }  # fmt: skip
    context = {
        "studio": settings,
        "form": form or LimitsForm(initial=amounts),
        "rows": rights_rows(),
    }
    return render(request, "people/rights.html", context, status=status)
