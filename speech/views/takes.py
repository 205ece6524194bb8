from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from speech import access
from speech.access import Can
from speech.errors import WrongState
from speech.forms.comments import CommentForm, GuestLinkForm
from speech.htmx import StudioRequest, changes, wants_changes
from speech.models import Line, Take
from speech.queries import takes as queries
from speech.queries.comments import guest_links
from speech.queries.deciding import deciding
from speech.queries.fallen import approved_of
from speech.services import doubts
from speech.services import takes as service
from speech.services.cancelling import cancel_take, cancel_waiting
from speech.states import Cancel
from speech.views import drawn_for, parts


@require_safe
def take(request: StudioRequest, pk: int) -> HttpResponse:
    return take_page(request, access.get_take(request.user, pk))


@require_POST
def take_star(request: StudioRequest, pk: int) -> HttpResponse:
    found = access.get_take(request.user, pk, Can.COMMENT)
    service.star_take(request.user, take=found, on=_on(request))
    return _answer(request, found)


@require_POST
def take_archive(request: StudioRequest, pk: int) -> HttpResponse:
    found = access.get_take(request.user, pk, Can.EDIT)
    service.archive_take(request.user, take=found, on=_on(request))
    return _answer(request, found)


@require_POST
def take_choose(request: StudioRequest, pk: int) -> HttpResponse:
    """Use this take for its line, instead of the one chosen before."""
    found = access.get_take(request.user, pk, Can.EDIT)
    before, approved = found.line.chosen_take_id, approved_of(found.line_id)
    line = service.choose_take(request.user, take=found, on=_on(request))
    said, undo = "", ""
    if approved is not None and approved_of(found.line_id) is None:
        said = _what_fell(line, approved)
        undo = reverse("speech:take_choose", args=[approved.pk])
    return _answer(request, found, *([before] if before else []), said=said, undo=undo)


def _what_fell(line: Line, approved: Take) -> str:
    taken = line.chosen_take
    done = f"Take {taken.number} is in use" if taken else f"Take {approved.number} is out of use"
    return (
        f"{done}; the approval of take {approved.number} fell."
        f" Undo brings take {approved.number} back, but not its approval."
    )


@require_POST
def take_retry(request: StudioRequest, pk: int) -> HttpResponse:
    found = access.get_take(request.user, pk, Can.GENERATE)
    if drawn_for.is_for_another(request, found.line_id):
        return _answer(request, found, said=drawn_for.OTHER_LINE, status=HTTPStatus.CONFLICT)
    service.retry_take(request.user, take=found)
    return _answer(request, found)


@require_POST
def take_cancel(request: StudioRequest, pk: int) -> HttpResponse:
    """Call a take off. `then` says what becomes of the result of one that is being made; without
    it only one that was not sent is cancelled."""
    found = access.get_take(request.user, pk, Can.GENERATE)
    wanted = request.POST.get("then", "")
    then = Cancel(wanted) if wanted in Cancel.values else None
    try:
        cancel_take(request.user, take=found, then=then)
    except WrongState as error:
        # It moved on while the card was looked at: the card as it is now, and why.
        return _answer(request, found, said=error.sentence)
    return _answer(request, found)


@require_POST
def waiting_cancel(request: StudioRequest, slug: str) -> HttpResponse:
    """Cancel every take of a project that was not sent yet; the button said how many."""
    project = access.get_project(request.user, slug, Can.GENERATE)
    count = cancel_waiting(request.user, project=project)
    done = "1 waiting take is" if count == 1 else f"{count:,} waiting takes are"
    messages.success(request, f"{done} cancelled. Nothing was charged.")
    return parts.back(request, reverse("speech:project", args=[slug]))


@require_POST
def take_submit_again(request: StudioRequest, pk: int) -> HttpResponse:
    found = access.get_take(request.user, pk, Can.GENERATE)
    if drawn_for.is_for_another(request, found.line_id):
        return _answer(request, found, said=drawn_for.OTHER_LINE, status=HTTPStatus.CONFLICT)
    doubts.submit_again(request.user, take=found)
    return _answer(request, found)


@require_POST
def take_dismiss(request: StudioRequest, pk: int) -> HttpResponse:
    found = access.get_take(request.user, pk, Can.GENERATE)
    doubts.dismiss_unknown(request.user, take=found)
    return _answer(request, found)


@require_POST
def unknowns_settle(request: StudioRequest, slug: str) -> HttpResponse:
    """Submit again or dismiss the takes in doubt that the page showed; the button said how many,
    and the sum."""
    project = access.get_project(request.user, slug, Can.GENERATE)
    again = request.POST.get("do") == "again"
    jobs = parts.numbers_given(request.POST.get("jobs", ""))
    settled = doubts.settle_unknowns(request.user, project=project, again=again, jobs=jobs)
    messages.success(request, parts.settled_sentence(settled, again=again, asked=len(jobs)))
    return parts.back(request, reverse("speech:project", args=[slug]))


def take_page(
    request: StudioRequest,
    found: Take,
    *,
    comment_form: CommentForm | None = None,
    guest_form: GuestLinkForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """All about one take; with a form that came back with faults, those too."""
    can = parts.abilities(request.user, found.project)
    detail = _detail(found)
    context = {
        **detail,
        "deciding": deciding(request.user, found.project, [detail["card"]]),
        "project": found.project,
        "can": can,
        "comment_form": comment_form or CommentForm(),
        "guest_form": guest_form or GuestLinkForm(),
        "guest_links": guest_links(found) if can["edit"] else (),
    }
    return render(request, "takes/page.html", context, status=status)


def _detail(found: Take) -> dict[str, Any]:
    full = queries.base().defer(None).get(pk=found.pk)
    return {
        "card": queries.card(full),
        "measures": queries.measures(full),
        "jobs": found.jobs.order_by("id"),
        "repeats": found.repeats.only("id", "number").order_by("id")[:50],
        "view": "detail",
    }


def _answer(
    request: StudioRequest, found: Take, *others: int, said: str = "", undo: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:  # fmt: skip
    """The changed cards for a part of a page; the page it stood on for a plain form."""
    if not wants_changes(request):
        if said:
            messages.warning(request, said, extra_tags=f"undo:{undo}" if undo else "")
        return parts.back(request, found.get_absolute_url())
    view = parts.view_name(request)
    can = parts.abilities(request.user, found.project)
    ids = [found.pk] if view == "detail" else [found.pk, *others]
    html = parts.fragments(
        request, found.project, can=can, takes=parts.cards_of(*ids),
        rows=parts.rows_of(found.project, found.line_id), view=view, selected=found.line_id,
    )  # fmt: skip
    if view == "detail":
        context = {**_detail(found), "project": found.project, "can": can}
        html += render_to_string("takes/_detail.html", context, request)
    if said:
        about = {"tone": "warn", "text": said, "undo": undo}
        html += render_to_string("_message.html", about, request)
    return changes(html, status=status)


def _on(request: StudioRequest) -> bool:
    return request.POST.get("on", "1") == "1"
