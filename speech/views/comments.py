from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from speech import access
from speech.access import Can
from speech.errors import BadInput
from speech.forms.comments import CommentForm
from speech.htmx import StudioRequest, changes, wants_changes
from speech.models import Comment, Take
from speech.queries.comments import mentionable
from speech.services import comments as service
from speech.views import parts
from speech.views.takes import take_page

INVALID = HTTPStatus.UNPROCESSABLE_ENTITY


@require_POST
def take_comment(request: StudioRequest, pk: int) -> HttpResponse:
    """A comment, or with `parent` a reply."""
    found = access.get_take(request.user, pk, Can.COMMENT)
    form = CommentForm(request.POST)
    try:
        given = form.check()
        parent = found.comments.filter(pk=given["parent"]).first()
        if given["parent"] and parent is None:
            raise form.lost_thread()
        made = service.write_comment(
            request.user, take=found, text=given["text"],
            start=given["start"], end=given["end"], parent=parent,
        )  # fmt: skip
    except BadInput as error:
        if wants_changes(request):
            raise
        if not form.errors:
            form.add_error("text", error.sentence)
        return take_page(request, found, comment_form=form, status=INVALID)
    return _answer(request, found, made)


@require_safe
def take_names(request: StudioRequest, pk: int) -> HttpResponse:
    """Whom a comment on this take can mention, for the list that opens at “@”."""
    found = access.get_take(request.user, pk, Can.COMMENT)
    people = mentionable(found.project)
    names = [{"name": one.username, "label": one.label} for one in people]
    return JsonResponse({"names": names}, headers={"Cache-Control": "no-store"})


@require_POST
def comment_resolve(request: StudioRequest, pk: int) -> HttpResponse:
    found = access.get_comment(request.user, pk, Can.COMMENT)
    on = request.POST.get("on", "1") == "1"
    service.resolve_comment(request.user, comment=found, on=on)
    return _answer(request, found.take, found)


@require_POST
def comment_delete(request: StudioRequest, pk: int) -> HttpResponse:
    """One's own; a guest's may be deleted by whoever may edit."""
    found = access.get_comment(request.user, pk, Can.COMMENT)
    others = Can.EDIT in access.capabilities(request.user, found.take.project)
    service.delete_comment(request.user, comment=found, others=others)
    return _answer(request, found.take, None)


def _answer(request: StudioRequest, take: Take, comment: Comment | None) -> HttpResponse:
    """The card with what is said about it; its page for a plain form."""
    if not wants_changes(request):
        came_back = parts.back(request, take.get_absolute_url())
        return redirect(f"{came_back.url}#comment-{comment.pk}") if comment else came_back
    html = parts.fragments(
        request, take.project, can=parts.abilities(request.user, take.project),
        takes=parts.cards_of(take.pk), view=parts.view_name(request), selected=take.line_id,
    )  # fmt: skip
    return changes(html)
