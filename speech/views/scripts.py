"""New lines: one that is typed, a whole script, and a long line cut into several."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from speech import access
from speech.access import Can
from speech.errors import BadInput
from speech.htmx import StudioRequest
from speech.models import Line, Project
from speech.params import TEXT_REFUSED_OVER
from speech.services import lines as service
from speech.services import scripts
from speech.templatetags.studio import plural
from speech.views import parts

INVALID = HTTPStatus.UNPROCESSABLE_ENTITY


@require_POST
def line_add(request: StudioRequest, slug: str) -> HttpResponse:
    project = access.get_project(request.user, slug, Can.EDIT)
    wanted = request.POST.get("after", "")
    live = project.lines.filter(deleted_at=None)
    after = live.filter(pk=int(wanted[:18])).first() if wanted.isdecimal() else None
    text = request.POST.get("text", "").strip()
    try:
        added = service.add_line(request.user, project=project, text=text, after=after)
    except BadInput as error:
        return _refused_script(request, project, text, error.sentence)
    return redirect(added)


@require_POST
def line_paste(request: StudioRequest, slug: str) -> HttpResponse:
    """Adds what can be a line, and shows again what cannot."""
    project = access.get_project(request.user, slug, Can.EDIT)
    script, cut_long = request.POST.get("script", ""), request.POST.get("cut") == "1"
    try:
        pasted = scripts.paste_script(
            request.user, project=project, script=script, cut_long=cut_long
        )
    except BadInput as error:
        return _refused_script(request, project, script, error.sentence, cut_long=cut_long)
    if pasted.lines:
        messages.success(request, f"{plural(len(pasted.lines), 'line')} added.")
    if pasted.too_long:
        messages.warning(request, _too_long(pasted.too_long))
    if pasted.fault:
        left = "\n\n".join(one.text for one in pasted.refused)
        return _refused_script(request, project, left, pasted.fault)
    return redirect(pasted.lines[0])


@require_POST
def line_cut(request: StudioRequest, slug: str, pk: int) -> HttpResponse:
    """A long line becomes several."""
    found = parts.get_line(request, slug, pk, Can.EDIT)
    revision = request.POST.get("revision", "")
    made = scripts.cut_line(
        request.user,
        line=found,
        revision=int(revision[:18]) if revision.isascii() and revision.isdigit() else None,
    )
    messages.success(request, f"Line {made[0].position} is {plural(len(made), 'line')} now.")
    return redirect(found)


def _refused_script(
    request: StudioRequest, project: Project, script: str, fault: str, *, cut_long: bool = False
) -> HttpResponse:
    """The page with what was typed, and why it was not added."""
    first = project.lines.filter(deleted_at=None).order_by("position").first()
    return parts.show_studio(
        request, project, first, at="script", status=INVALID, script=script, script_fault=fault,
        cut_long=cut_long,
    )  # fmt: skip


def _too_long(lines: Sequence[Line]) -> str:
    numbers = ", ".join(str(line.position) for line in lines[:20])
    rest = f" and {len(lines) - 20} more" if len(lines) > 20 else ""
    are, them = ("Line {} is", "it") if len(lines) == 1 else ("Lines {} are", "them")
    return (
        f"{are.format(numbers + rest)} longer than {TEXT_REFUSED_OVER} characters, too long for one"
        f" take. Open {them} to cut {them} at the ends of sentences."
    )
