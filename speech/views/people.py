"""Everybody in the studio, for administrators."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from speech.access import Can, need_studio
from speech.errors import WrongState
from speech.models import User
from speech.queries.disk import disk_use
from speech.queries.people import everyone
from speech.services import accounts, links
from speech.views.answers import actor, attempt, show_link

PEOPLE = "speech:people"


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    need_studio(actor(request), Can.ADMINISTER)
    context = {"rows": everyone(actor(request)), "disk": disk_use()}
    return render(request, "people/page.html", context)


@require_POST
def person_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, pk)
    return attempt(
        request,
        lambda: accounts.deactivate_person(actor(request), person=person),
        to=PEOPLE,
        said=f"{person.label} is deactivated and signed out everywhere.",
    )


@require_POST
def person_reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, pk)
    return attempt(
        request,
        lambda: accounts.reactivate_person(actor(request), person=person),
        to=PEOPLE,
        said=f"{person.label} can sign in again.",
    )


@require_POST
def person_administrator(request: HttpRequest, pk: int) -> HttpResponse:
    person, on = _person(request, pk), request.POST.get("on") == "1"
    return attempt(
        request,
        lambda: accounts.set_administrator(actor(request), person=person, on=on),
        to=PEOPLE,
        said=f"{person.label} is {'now' if on else 'no longer'} an administrator.",
    )


@never_cache
@require_POST
def person_reset(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, pk)
    try:
        issued = links.issue_password_reset(actor(request), user=person)
    except WrongState as error:
        messages.error(request, error.sentence)
        return redirect(PEOPLE)
    heading = f"A new password for {person.label}"
    return show_link(request, issued, heading=heading, back=reverse(PEOPLE))


def _person(request: HttpRequest, pk: int) -> User:
    need_studio(actor(request), Can.ADMINISTER)
    return get_object_or_404(User, pk=pk)
