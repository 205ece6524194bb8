"""What takes cost: of a project, for those who may make them; of the studio, for administrators.
And a project's budget, which its owners set."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from speech import access
from speech.access import Can
from speech.errors import BadInput
from speech.exporting.spend import table
from speech.forms.money import BudgetForm, SpendFilter
from speech.htmx import StudioRequest
from speech.models import Project
from speech.queries import budgets, spending
from speech.queries.changes import release_connections
from speech.services.budgets import set_project_budget
from speech.views import parts
from speech.views.project_admin import settings_page


@require_safe
def spend(request: StudioRequest, slug: str) -> HttpResponse:
    """Of one project: for those who spend it, or answer for it."""
    project = access.get_project(request.user, slug, Can.GENERATE)
    return _page(
        request, project,
        project=project,
        money=budgets.standing(project),
        can=parts.abilities(request.user, project),
        here=reverse("speech:spend", args=[slug]),
        csv=reverse("speech:spend_csv", args=[slug]),
    )  # fmt: skip


@require_safe
def studio_spend(request: StudioRequest) -> HttpResponse:
    """Of all projects, with the balance day by day."""
    access.need_studio(request.user, Can.ADMINISTER)
    return _page(
        request, None, here=reverse("speech:studio_spend"), csv=reverse("speech:studio_spend_csv")
    )


@require_safe
async def spend_csv(request: StudioRequest, slug: str) -> HttpResponseBase:
    """The tries of the period as CSV, whole."""
    return _csv(request, await sync_to_async(_project_of)(request, slug))


@require_safe
async def studio_spend_csv(request: StudioRequest) -> HttpResponseBase:
    await sync_to_async(_administrator)(request)
    return _csv(request, None)


@require_POST
def budget(request: StudioRequest, slug: str) -> HttpResponse:
    project = access.get_project(request.user, slug, Can.MANAGE)
    form = BudgetForm(request.POST, project=project)
    if form.is_valid():
        try:
            set_project_budget(request.user, project=project, budget=form.given())
        except BadInput as error:
            form.add_error("budget", error.sentence)
        else:
            messages.success(request, "The budget is saved.")
            return redirect(reverse("speech:project_settings", args=[slug]) + "#budget")
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return settings_page(request, project, budget_form=form, status=status)


def _page(request: StudioRequest, only: Project | None, **more: Any) -> HttpResponse:
    form = SpendFilter(request.GET)
    period = form.period()
    today = timezone.localdate()
    month, thirty = today.replace(day=1), today - timedelta(days=29)
    context = {
        **more,
        "form": form,
        "period": period,
        "spend": spending.spend(period, project=only, standing=more.get("money")),
        "query": request.GET.urlencode(),
        "zone": timezone.get_current_timezone_name(),
        "choices": [
            ("This month", f"?since={month}&until={today}", period.since == month),
            ("Last 30 days", f"?since={thirty}&until={today}", period.since == thirty),
            ("All", "?all=1", form.everything),
        ],
    }
    return render(request, "spend/page.html", context)


def _csv(request: StudioRequest, project: Project | None) -> HttpResponseBase:
    period = SpendFilter(request.GET).period()
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(content_type="text/csv; charset=utf-8")
    else:
        rows = table(period, project)
        response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    name = f"{project.slug if project else 'studio'}-spend-{timezone.localdate().isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _project_of(request: StudioRequest, slug: str) -> Project:
    try:
        return access.get_project(request.user, slug, Can.GENERATE)
    finally:
        release_connections()


def _administrator(request: StudioRequest) -> None:
    try:
        access.need_studio(request.user, Can.ADMINISTER)
    finally:
        release_connections()
