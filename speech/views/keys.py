"""API keys of a project, for whoever manages it. A new one is shown by the answer that made it, and
by nothing else: no redirect, session, message or log ever holds it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from speech.access import Can, get_key, get_project
from speech.errors import BadInput, WrongState
from speech.forms.keys import BudgetForm, KeyForm
from speech.models import ApiKey, Project
from speech.queries.keys import key_rows, unfinished
from speech.services.budgets import set_key_budget
from speech.services.keys import make_key, revoke_key
from speech.views.answers import actor, attempt, base_url, typed
from speech.views.parts import engines

SENT = "forms_sent"
REMEMBERED = 20
"""Forms that this browser sent: what a reload sends again is no second key."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest, slug: str) -> HttpResponse:
    project = get_project(actor(request), slug, Can.MANAGE)
    form = KeyForm(typed(request), engines=engines())
    if request.method == "POST" and form.is_valid():
        if _was_sent(request, form.cleaned_data["once"]):
            messages.info(request, "That key was made already. It cannot be shown again.")
            return redirect("speech:keys", slug)
        try:
            return _make(request, project, form)
        except (BadInput, WrongState) as error:
            form.add_error(None, error.sentence)
    return _page(request, project, form=form, status=422 if form.errors else 200)


@require_POST
def key_budget(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    key = get_key(actor(request), slug, pk)
    form = BudgetForm(request.POST, prefix=f"key{pk}")
    if not form.is_valid():
        return _page(request, key.project, changed=(pk, form), status=422)
    budget = form.cleaned_data["budget"]
    said = f"has a budget of ${budget:,.2f}" if budget is not None else "has no budget of its own"
    return attempt(
        request,
        lambda: set_key_budget(actor(request), key=key, budget=budget),
        to=reverse("speech:keys", args=[slug]),
        said=f"“{key.name}” {said} now.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def key_revoke(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """A GET says what revoking means; the POST revokes, and it cannot be taken back."""
    key = get_key(actor(request), slug, pk)
    if request.method == "POST":
        return attempt(
            request,
            lambda: revoke_key(actor(request), key=key),
            to=reverse("speech:keys", args=[slug]),
            said=f"“{key.name}” is revoked. It opens nothing any more.",
        )
    context = {"project": key.project, "key": key, "unfinished": unfinished(key)}
    return render(request, "keys/revoke.html", context)


def _make(request: HttpRequest, project: Project, form: KeyForm) -> HttpResponse:
    given = form.cleaned_data
    issued = make_key(
        actor(request), project=project, name=given["name"], engine=given["engine"],
        budget=given["budget"], per_minute=given["per_minute"],
    )  # fmt: skip
    if given["once"]:
        request.session[SENT] = [*request.session.get(SENT, []), given["once"]][-REMEMBERED:]
    context = {
        "project": project,
        "key": issued.key,
        "secret": issued.secret,
        "base_url": base_url(request),
    }
    return render(request, "keys/new.html", context)


def _was_sent(request: HttpRequest, once: str) -> bool:
    return bool(once) and once in request.session.get(SENT, [])


def _page(
    request: HttpRequest,
    project: Project,
    *,
    form: KeyForm | None = None,
    changed: tuple[int, BudgetForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The keys; with a form that came back with faults, that one too."""
    rows = [(row, _budget_form(row.key, changed)) for row in key_rows(project)]
    context = {
        "project": project,
        "can_manage": True,
        "rows": rows,
        "changed": changed[0] if changed else 0,
        "form": form or KeyForm(engines=engines()),
        "base_url": base_url(request),
    }
    return render(request, "keys/page.html", context, status=status)


def _budget_form(key: ApiKey, changed: tuple[int, BudgetForm] | None) -> BudgetForm:
    if changed is not None and changed[0] == key.pk:
        return changed[1]
    return BudgetForm(initial={"budget": key.budget}, prefix=f"key{key.pk}")
