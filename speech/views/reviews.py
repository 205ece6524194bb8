"""One take before the people who decide: asking, hearing, deciding.

Rule: whoever goes through the queue is led to the next take by each decision, with its undo on
the page; elsewhere a decision answers with the parts that it changed. What a refused form held is
on the page that says why. Reason: a reviewer has ten minutes. Price: two ways to answer.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from speech import access
from speech.access import Can
from speech.errors import BadInput, NotAllowed, StudioError
from speech.htmx import StudioRequest, changes, wants_changes
from speech.models import Review, Take
from speech.queries import takes as take_queries
from speech.queries.deciding import deciding
from speech.queries.lineage import lineage
from speech.queries.siblings import siblings
from speech.services import reviews as service
from speech.states import ReviewState
from speech.views import parts
from speech.views.answers import attempt
from speech.views.review_queue import address, filters_of, placed


@require_safe
def review(request: StudioRequest, pk: int) -> HttpResponse:
    return review_page(request, access.get_take(request.user, pk))


@require_POST
def review_ask(request: StudioRequest, pk: int) -> HttpResponse:
    found = access.get_take(request.user, pk, Can.EDIT)
    note = request.POST.get("note", "")
    return _do(
        request, found, lambda: service.ask_review(request.user, take=found, note=note),
        said=f"{_name(found)} waits for review.", typed={"note": note},
    )  # fmt: skip


@require_POST
def review_withdraw(request: StudioRequest, pk: int) -> HttpResponse:
    found = access.get_take(request.user, pk, Can.EDIT)
    return _do(
        request, found, lambda: service.withdraw_review(request.user, take=found),
        said=f"{_name(found)} no longer waits for review.",
    )  # fmt: skip


@require_POST
def review_approve(request: StudioRequest, pk: int) -> HttpResponse:
    found = access.get_take(request.user, pk, Can.APPROVE)
    heard = request.POST.getlist("heard")
    return _do(
        request, found, lambda: service.approve(request.user, take=found, heard=heard),
        said=f"You approved {_name(found, inside=True)}.", typed={"heard": heard}, decides=True,
    )  # fmt: skip


@require_POST
def review_changes(request: StudioRequest, pk: int) -> HttpResponse:
    found = access.get_take(request.user, pk, Can.APPROVE)
    reason = request.POST.get("reason", "")
    return _do(
        request, found, lambda: service.ask_changes(request.user, take=found, reason=reason),
        said=f"You asked for changes to {_name(found, inside=True)}.", typed={"reason": reason},
        decides=True,
    )  # fmt: skip


@require_POST
def review_take_back(request: StudioRequest, pk: int) -> HttpResponse:
    """Undo one's own decision; a link of the queue leads back to the take."""
    found = access.get_take(request.user, pk, Can.APPROVE)
    if "queue" not in request.GET:
        return _do(
            request, found, lambda: service.take_back(request.user, take=found),
            said="Your decision is taken back.",
        )  # fmt: skip
    to = address("review", pk, filters=filters_of(request))
    said = "Your decision is taken back."
    return attempt(request, lambda: service.take_back(request.user, take=found), to=to, said=said)


@require_POST
def review_heard(request: StudioRequest, pk: int) -> HttpResponse:
    """The player has played this take to its end."""
    found = access.get_take(request.user, pk)
    service.note_hearing(request.user, take=found)
    if not wants_changes(request):
        return parts.back(request, found.get_absolute_url())
    can = parts.abilities(request.user, found.project)
    cards = parts.cards_of(found.pk)
    view = parts.view_name(request)
    return changes(parts.decide_parts(request, found.project, cards, can=can, view=view))


@require_POST
def review_ask_ticked(request: StudioRequest, slug: str) -> HttpResponse:
    """Several takes of a project at once; each that cannot be asked about is named."""
    project = access.get_project(request.user, slug, Can.EDIT)
    ids = [int(raw) for raw in request.POST.getlist("take") if raw.isdecimal() and len(raw) < 19]
    asked, refused = 0, []
    for found in project.takes.filter(pk__in=ids, line__deleted_at=None).order_by("pk"):
        try:
            service.ask_review(request.user, take=found)
            asked += 1
        except StudioError as error:
            refused.append(f"Take {found.number}: {error.sentence}")
    if asked:
        word = "take waits" if asked == 1 else "takes wait"
        messages.success(request, f"{asked} {word} for review.")
    for sentence in refused[:5]:
        messages.warning(request, sentence)
    if not ids:
        messages.warning(request, "Tick the takes that should be reviewed.")
    return parts.back(request, project.get_absolute_url())


def review_page(
    request: StudioRequest,
    found: Take,
    *,
    typed: dict[str, Any] | None = None,
    fault: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """One take fills the screen; with what was typed where a service refused it."""
    user, project, filters = request.user, found.project, filters_of(request)
    card = take_queries.card(take_queries.base().get(pk=found.pk))
    context = {
        "card": card,
        "take": card.take,
        "project": project,
        "can": parts.abilities(user, project),
        "deciding": deciding(user, project, [card]),
        "lineage": lineage(card.take),
        "siblings": siblings(card.take),
        "filters": filters,
        **placed(user, filters, Review.objects.filter(take=found).first()),
        "typed": typed or {},
        "fault": fault,
        "view": "review",
    }
    return render(request, "reviews/page.html", context, status=status)


def _do(
    request: StudioRequest,
    found: Take,
    act: Callable[[], object],
    *,
    said: str,
    typed: dict[str, Any] | None = None,
    decides: bool = False,
) -> HttpResponse:
    part = wants_changes(request)
    try:
        act()
    except StudioError as error:
        if part and decides and isinstance(error, BadInput):
            return _refused(request, found, error, typed or {})
        if part:
            raise
        return review_page(request, found, typed=typed, fault=error.sentence, status=_status(error))
    if part:
        return _changed(request, found)
    if parts.view_name(request) != "review":
        messages.success(request, said)
        return parts.back(request, found.get_absolute_url())
    return _next(request, found, said=said, decides=decides)


def _next(request: StudioRequest, found: Take, *, said: str, decides: bool) -> HttpResponse:
    """The take after this one in the queue; the queue itself when nothing is left."""
    filters = filters_of(request)
    if not decides:
        messages.success(request, said)
        return redirect(address("review", found.pk, filters=filters))
    undo = reverse("speech:review_take_back", args=[found.pk])
    carried = quote(filters.query, safe="")
    messages.success(request, said, extra_tags=f"undo:{undo}?queue={carried}")
    place = filters.place_of(Review.objects.get(take=found), request.user)
    if place.following is None:
        return redirect(address("review_queue", filters=filters))
    return redirect(address("review", place.following, filters=filters))


def _refused(
    request: StudioRequest, found: Take, error: BadInput, typed: dict[str, Any]
) -> HttpResponse:
    """The form as it was filled in, with the fault beside it."""
    can = parts.abilities(request.user, found.project)
    cards = parts.cards_of(found.pk)
    about = {
        "take": cards[0].take, "project": found.project, "can": can, "typed": typed,
        "decide": deciding(request.user, found.project, cards)[found.pk],
        "fault": error.sentence, "view": parts.view_name(request),
    }  # fmt: skip
    html = render_to_string("reviews/_decide.html", about, request)
    return changes(html, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _changed(request: StudioRequest, found: Take) -> HttpResponse:
    view = parts.view_name(request)
    superseded = found.line.reviews.filter(state=ReviewState.SUPERSEDED).values_list(
        "take", flat=True
    )
    ids = [found.pk] if view in {"detail", "review"} else [found.pk, *superseded[:50]]
    html = parts.fragments(
        request, found.project, can=parts.abilities(request.user, found.project),
        takes=parts.cards_of(*ids), rows=parts.rows_of(found.project, found.line_id), view=view,
        selected=found.line_id,
    )  # fmt: skip
    return changes(html)


def _status(error: StudioError) -> int:
    if isinstance(error, NotAllowed):
        return HTTPStatus.FORBIDDEN
    return HTTPStatus.UNPROCESSABLE_ENTITY if isinstance(error, BadInput) else HTTPStatus.CONFLICT


def _name(take: Take, *, inside: bool = False) -> str:
    words = f"take {take.number} of line {take.line.position}"
    return words if inside else words[0].upper() + words[1:]
