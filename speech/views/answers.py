"""What the views of people, voices and settings have in common."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render

from speech.errors import BadInput, WrongState
from speech.models import User
from speech.services import mail
from speech.services.links import Issued


def actor(request: HttpRequest) -> User:
    """Who is signed in; the middleware let nobody else through."""
    assert isinstance(request.user, User)
    return request.user


def typed(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: an empty POST is a form with everything missing, not a new one."""
    return request.POST if request.method == "POST" else None


def attempt(
    request: HttpRequest, do: Callable[[], object], *, to: str, said: str
) -> HttpResponseRedirect:
    """Do it, then go to `to` with the sentence `said`, or with the one that says why not."""
    try:
        do()
    except (BadInput, WrongState) as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, said)
    return redirect(to)


def base_url(request: HttpRequest) -> str:
    """Where programs and people reach this studio: its public address, else the one asked for."""
    return mail.absolute("") if mail.has_address() else request.build_absolute_uri("/").rstrip("/")


def show_link(
    request: HttpRequest, issued: Issued, *, heading: str, back: str, mailed_to: str = ""
) -> HttpResponse:
    """The page that shows a new link, this once: the token is stored nowhere."""
    response = render(
        request,
        "people/link.html",
        {
            "heading": heading,
            "url": base_url(request) + issued.path,
            "link": issued.link,
            "back": back,
            "mailed_to": mailed_to,
        },
    )
    response["Cache-Control"] = "no-store"
    return response
