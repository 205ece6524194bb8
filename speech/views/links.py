"""One-time links. A GET shows what the link is for and uses nothing up; the button's POST does."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from speech.access import projects_of
from speech.errors import ParamErrors
from speech.forms.session import (
    FirstAdministratorForm,
    FirstRunForm,
    NewcomerForm,
    NewPasswordForm,
)
from speech.models import OneTimeLink, StudioSettings, User
from speech.services import links
from speech.states import LinkKind
from speech.views.answers import actor
from speech.views.session import BACKEND


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    try:
        found = links.find_link(token)
        if request.method == "POST":
            return _use(request, found, token)
        return _page(request, found, token, _form(request, found))
    except links.LinkGone as error:
        return render(request, "session/gone.html", {"sentence": error.sentence}, status=410)


def _form(request: HttpRequest, found: OneTimeLink) -> NewPasswordForm | None:
    """The form that this link needs; None where a button is enough."""
    data = request.POST if request.method == "POST" else None
    if found.kind == LinkKind.FIRST_ADMINISTRATOR:
        decided = StudioSettings.load().limits_decided_at
        return FirstAdministratorForm(data) if decided else FirstRunForm(data)
    if found.kind == LinkKind.PASSWORD_RESET:
        return NewPasswordForm(data)
    return None if request.user.is_authenticated else NewcomerForm(data)


def _use(request: HttpRequest, found: OneTimeLink, token: str) -> HttpResponse:
    form = _form(request, found)
    if form is None:
        project = links.accept_invitation(actor(request), token=token)
        messages.success(request, f"Welcome to “{project.name}”.")
        return redirect(project)
    if form.is_valid():
        try:
            person = _grant(found, token, form.cleaned_data)
        except ParamErrors as error:
            form.add_faults(error)
        else:
            login(request, person, backend=BACKEND)
            return redirect(_home(found, person))
    return _page(request, found, token, form, status=422)


def _grant(found: OneTimeLink, token: str, given: dict[str, Any]) -> User:
    given = {name: value for name, value in given.items() if name != "again"}
    if found.kind == LinkKind.FIRST_ADMINISTRATOR:
        return links.become_first_administrator(token, **given)
    if found.kind == LinkKind.PASSWORD_RESET:
        return links.choose_new_password(token, **given)
    return links.join_as_newcomer(token, **given)


def _home(found: OneTimeLink, person: User) -> str:
    project = found.project
    if found.kind == LinkKind.FIRST_ADMINISTRATOR:
        project = projects_of(person).filter(is_demo=True).first()
    return project.get_absolute_url() if project else reverse("speech:projects")


def _page(
    request: HttpRequest,
    found: OneTimeLink,
    token: str,
    form: NewPasswordForm | None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {"link": found, "form": form, "here": reverse("speech:link", args=[token])}
    return render(request, "session/link.html", context, status=status)
