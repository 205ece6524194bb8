"""Sweeps: count and price first, then one page that shows how far they are and what came of them.

Rule: nothing is made but what the page has counted: the button sends back the number, the engine
and the state of the line that were looked at, and if any of them has moved, the page comes back
with the new count. Reason: five hundred takes may be ten dollars.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from speech import access
from speech.access import Can
from speech.errors import ParamErrors
from speech.forms.sweeps import SweepForm
from speech.htmx import StudioRequest, changes, wants_changes
from speech.models import Batch, Line
from speech.queries import sweeps as queries
from speech.queries.tuning import effective_tuning, effective_voice, setup_mark
from speech.services import budgets
from speech.services import sweeps as service
from speech.states import Cancel
from speech.views import drawn_for, parts

MOVED = "The line was changed meanwhile. Here it is as it is now; nothing was asked for yet."
RECOUNTED = "The count has changed since it was shown; nothing was asked for yet. Look once more."


@require_http_methods(["GET", "HEAD", "POST"])
def sweep_new(request: StudioRequest, slug: str, pk: int) -> HttpResponse:
    """Choose what to sweep. A GET with fields counts; a POST makes what was counted."""
    line = parts.get_line(request, slug, pk, Can.GENERATE)
    asked = request.POST if request.method == "POST" else request.GET
    form = _checked(SweepForm(asked or None, line=line, engines=parts.engines()), line)
    if request.method != "POST":
        if wants_changes(request):
            context = {**_counted(line, form), "live": True}
            return changes(render_to_string("sweeps/_outlook.html", context, request))
        return render(request, "sweeps/new.html", _counted(line, form))
    note = _objection(request, line, form)
    if not note and form.plan is not None:
        batch = service.request_sweep(
            request.user, line=line, engine=form.engine_key, plan=form.plan
        )
        return redirect("speech:sweep", batch.pk)
    context = {**_counted(line, form), "note": note}
    status = HTTPStatus.CONFLICT if note else HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "sweeps/new.html", context, status=status)


@require_safe
def sweep(request: StudioRequest, pk: int) -> HttpResponse:
    """How far it is, and its takes as a grid."""
    batch = access.get_sweep(request.user, pk)
    plan, first = queries.plan_of(batch), queries.first_take(batch)
    context = {
        **shared(request, batch),
        "plan": plan,
        "first": first,
        "line": first.line,
        "grid": queries.grid(plan, queries.cards(batch, first.line)),
        "beside": queries.knobs(first.params, without=plan),
    }
    return render(request, "sweeps/page.html", context)


@require_POST
def sweep_stop(request: StudioRequest, pk: int) -> HttpResponse:
    """Send nothing more of it. `then`: what becomes of the results that are being made."""
    batch = access.get_sweep(request.user, pk, Can.GENERATE)
    wanted = request.POST.get("then", "")
    then = Cancel(wanted) if wanted in Cancel.values else Cancel.KEEP
    stopped = service.stop_sweep(request.user, batch=batch, then=then)
    if not wants_changes(request):
        messages.success(request, stopped.sentence)
        return redirect("speech:sweep", pk)
    batch.refresh_from_db()
    html = render_to_string("sweeps/_progress.html", shared(request, batch), request)
    about = {"tone": "ok", "text": stopped.sentence}
    return changes(html + render_to_string("_message.html", about, request))


@require_safe
def sweeps(request: StudioRequest, slug: str) -> HttpResponse:
    """The sweeps of a project, newest first. Paged by key."""
    project = access.get_project(request.user, slug)
    before = parts.number_asked(request, "before")
    rows, older = queries.rows(project, before=before)
    context = {
        "project": project,
        "rows": rows,
        "older": older,
        "before": before,
        "can": parts.abilities(request.user, project),
    }
    return render(request, "sweeps/list.html", context)


def shared(request: StudioRequest, batch: Batch) -> dict[str, Any]:
    """What the page of a sweep and its news draw."""
    return {
        "batch": batch,
        "project": batch.project,
        "progress": queries.progress(batch),
        "can": parts.abilities(request.user, batch.project),
        "view": "sweep",
    }


def _checked(form: SweepForm, line: Line) -> SweepForm:
    """The form with all that would be in the way of making its takes."""
    if form.is_valid() and form.plan is not None:
        try:
            service.check_sweep(line, engine=form.engine_key, plan=form.plan)
        except ParamErrors as error:
            form.add_faults(error)
            form.plan = None
    return form


def _counted(line: Line, form: SweepForm) -> dict[str, Any]:
    project, outlook = line.project, None
    if form.plan is not None:
        outlook = queries.outlook(
            project, form.plan, engine=form.engine_key,
            price=budgets.price_of(form.engine_key), room=budgets.room_of_project(project),
        )  # fmt: skip
    return {
        "project": project,
        "line": line,
        "form": form,
        "outlook": outlook,
        "voice": effective_voice(line),
        "tuning": queries.knobs(effective_tuning(line)),
        "seen": _seen(line),
        "address": reverse("speech:sweep_new", args=[project.slug, line.pk]),
    }


def _seen(line: Line) -> str:
    """What the page shows of the line: its words, and what it is read with."""
    return f"{line.revision} {setup_mark(line)}"


def _objection(request: StudioRequest, line: Line, form: SweepForm) -> str:
    """Why what was counted is not what would be made; empty where it is."""
    if drawn_for.is_for_another(request, line.pk):
        return drawn_for.OTHER_LINE
    if form.plan is None:
        return ""
    if request.POST.get("seen", "") != _seen(line):
        return MOVED
    if request.POST.get("counted", "") != f"{form.plan.count} {form.engine_key}":
        return RECOUNTED
    return ""
