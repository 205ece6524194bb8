"""What a guest sees through a link, and how the team makes and takes back such links.

Rule: a guest is whoever holds the token; who is signed in does not matter here, so a forged
request could do no more than one that was meant, and no CSRF token is asked for. Reason: with
`no-referrer` browsers say nothing of where a plain form came from. Nothing is cached or indexed,
and no answer tells more than the take, the name of its project, and what was said through this
link.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from speech import access
from speech.access import Can
from speech.errors import BadInput, WrongState
from speech.forms.comments import GuestCommentForm, GuestLinkForm
from speech.htmx import StudioRequest, changes, wants_changes
from speech.models import GuestLink
from speech.queries import changes as change_queries
from speech.queries.comments import Thread, gone_guest_threads, guest_threads
from speech.services import guests as service
from speech.services import mail
from speech.services.guests import GuestGone, TooMany
from speech.views import media, parts
from speech.views.answers import attempt
from speech.views.feed import WAIT_SECONDS
from speech.views.takes import take_page

NAME_COOKIE = "takeroom_guest"
R = TypeVar("R", bound=HttpResponseBase)


@require_POST
def guest_link_make(request: StudioRequest, pk: int) -> HttpResponse:
    """Shows the new link, this once."""
    found = access.get_take(request.user, pk, Can.EDIT)
    form = GuestLinkForm(request.POST)
    if not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return take_page(request, found, guest_form=form, status=status)
    given = form.cleaned_data
    issued = service.make_guest_link(
        request.user, take=found, label=given["label"], days=given["days"]
    )
    base = mail.absolute(issued.path) if mail.has_address() else None
    url = base or request.build_absolute_uri(issued.path)
    context = {"link": issued.link, "take": found, "project": found.project, "url": url}
    return _sealed(render(request, "guests/link.html", context))


@require_POST
def guest_link_revoke(request: StudioRequest, pk: int) -> HttpResponse:
    link = access.get_guest_link(request.user, pk, Can.EDIT)
    return attempt(
        request,
        lambda: service.revoke_guest_link(request.user, link=link),
        to=link.take.get_absolute_url(),
        said=f"The guest link for {link.label} is taken back; it no longer works.",
    )


def _guests(
    view: Callable[[HttpRequest, str, GuestLink], HttpResponse],
) -> Callable[[HttpRequest, str], HttpResponse]:
    """A view for whoever holds a token that works; others are told why it does not."""

    @wraps(view)
    def knock(request: HttpRequest, token: str) -> HttpResponse:
        try:
            response = view(request, token, service.find_guest_link(token))
        except GuestGone as error:
            response = _gone(request, error)
        return _sealed(response)

    return login_not_required(csrf_exempt(knock))


@require_safe
@_guests
def guest(request: HttpRequest, token: str, link: GuestLink) -> HttpResponse:
    service.note_visit(link)
    return render(request, "guests/page.html", _context(request, token, link))


@require_POST
@_guests
def guest_comment(request: HttpRequest, token: str, link: GuestLink) -> HttpResponse:
    """A comment or a reply; the name that came with it is remembered for the next one."""
    form = GuestCommentForm(request.POST)
    try:
        given = form.check()
        name = given["name"] or _name(request, link)
        parent = next(
            (one.first.comment for one in guest_threads(link) if one.pk == given["parent"]), None
        )
        if given["parent"] and parent is None:
            raise form.lost_thread()
        service.write_as_guest(
            link, name=name, text=given["text"], start=given["start"], end=given["end"],
            parent=parent,
        )  # fmt: skip
    except GuestGone:
        raise
    except (BadInput, TooMany) as error:
        return _refused(request, token, link, form, error)
    name = service.clean_name(name)
    if wants_changes(request):
        context = _context(request, token, link) | {"name": name}
        response = changes(render_to_string("guests/_box.html", context, request))
    else:
        response = redirect("speech:guest", token)
    response.set_signed_cookie(
        NAME_COOKIE, name, salt=_salt(link), path=reverse("speech:guest", args=[token]),
        expires=link.expires_at, secure=settings.SESSION_COOKIE_SECURE, httponly=True,
        samesite="Lax",
    )  # fmt: skip
    return response


@login_not_required
@require_safe
async def guest_sound(request: HttpRequest, token: str) -> HttpResponseBase:
    try:
        sound = await sync_to_async(_sound)(token)
    except GuestGone as error:
        return _sealed(await sync_to_async(_gone)(request, error))
    return _sealed(await media.send(request, sound))


@login_not_required
@require_safe
async def guest_changes(request: HttpRequest, token: str) -> HttpResponse:
    """The conversation when it is no longer as `?since=` marks it; 204 if nothing moved.

    It wakes with the project and answers only for this link's own threads, so that a guest does
    not even learn that others are at work.
    """
    since = parts.number_asked(request, "since") or 0
    asked = parts.number_asked(request, "wait")
    seconds = WAIT_SECONDS if asked is None else min(WAIT_SECONDS, float(asked))
    until = time.monotonic() + seconds
    look = sync_to_async(_look)
    while True:
        try:
            project, version, ends, response = await look(request, token, since)
        except GuestGone as error:
            return _sealed(await sync_to_async(_gone)(request, error))
        left = min(until - time.monotonic(), ends)
        if response is not None:
            return _sealed(response)
        marks: dict[change_queries.Key, change_queries.Mark] = {("project", project): version}
        if left <= 0 or not await change_queries.watcher().wait(marks, seconds=left):
            return _sealed(HttpResponse(status=HTTPStatus.NO_CONTENT))


def _look(
    request: HttpRequest, token: str, since: int
) -> tuple[int, int, float, HttpResponse | None]:
    """Project, its version, seconds that the link has left, and the news if there are any."""
    try:
        link = service.find_guest_link(token)
        ends = (link.expires_at - timezone.now()).total_seconds()
        project = link.take.project
        context = _context(request, token, link)
        mark = int(str(context["mark"]))
        response = None
        if mark != since:
            response = changes(_talk(link, context), version=mark)
        return project.pk, project.version, ends, response
    finally:
        change_queries.release_connections()


def _talk(link: GuestLink, context: dict[str, object]) -> str:
    """The threads alone: the form knows the guest's name, and this request, which may have begun
    before they gave it, does not."""
    shown = guest_threads(link)
    about = {**context, "news": True}
    html = [
        render_to_string("guests/_thread.html", {**about, "thread": thread}) for thread in shown
    ]
    gone = set(gone_guest_threads(link)) - {thread.pk for thread in shown}
    html += [render_to_string("comments/_gone.html", {"pk": pk}) for pk in sorted(gone)]
    return "".join(html)


def _sound(token: str) -> media.Sound:
    try:
        link = service.find_guest_link(token)
        name = link.take.audio.name or ""
        return media.Sound(name=name, mark=f"guest-{link.pk}", caching="no-store")
    finally:
        change_queries.release_connections()


def _context(request: HttpRequest, token: str, link: GuestLink) -> dict[str, object]:
    threads = guest_threads(link)
    return {
        "take": link.take,
        "link": link,
        "threads": threads,
        "mark": mark_of(threads),
        "name": _name(request, link),
        "here": reverse("speech:guest", args=[token]),
        "sound_url": reverse("speech:guest_sound", args=[token]),
        "comment_form": GuestCommentForm(),
    }


def mark_of(threads: list[Thread]) -> int:
    """A number that changes with what the guest sees, and tells nothing else."""
    seen = [(t.order, t.mark[0], t.is_resolved) for t in threads]
    return zlib.crc32(repr(seen).encode()) or 1


def _name(request: HttpRequest, link: GuestLink) -> str:
    """What this guest said their name was; empty before that."""
    return str(request.get_signed_cookie(NAME_COOKIE, "", salt=_salt(link)))


def _salt(link: GuestLink) -> str:
    return f"{NAME_COOKIE}.{link.pk}"


def _refused(
    request: HttpRequest, token: str, link: GuestLink, form: GuestCommentForm, error: Exception
) -> HttpResponse:
    sentence = error.sentence if isinstance(error, BadInput | WrongState) else ""
    status = (
        HTTPStatus.TOO_MANY_REQUESTS
        if isinstance(error, TooMany)
        else HTTPStatus.UNPROCESSABLE_ENTITY
    )
    if wants_changes(request):
        html = render_to_string("_message.html", {"tone": "bad", "text": sentence})
        return changes(html, status=status)
    if not form.errors:
        form.add_error("text", sentence)
    context = _context(request, token, link) | {"comment_form": form}
    return render(request, "guests/page.html", context, status=status)


def _gone(request: HttpRequest, error: GuestGone) -> HttpResponse:
    context = {"sentence": error.sentence}
    if wants_changes(request):
        html = render_to_string("guests/_gone.html", context)
        return changes(html, status=HTTPStatus.GONE)
    return render(request, "guests/gone.html", context, status=HTTPStatus.GONE)


def _sealed(response: R) -> R:
    """The address is a secret: it is sent to nobody and kept by nobody."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
