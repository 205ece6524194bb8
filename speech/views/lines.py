from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from speech import access
from speech.access import Can
from speech.errors import BadInput, ParamErrors
from speech.forms.lines import LineForm
from speech.htmx import StudioRequest, changes, wants_changes
from speech.models import Comment, Line, Take
from speech.queries.tuning import effective_tuning, setup_mark
from speech.services import lines as service
from speech.services import takes as take_service
from speech.services.lines import EditConflict, Words
from speech.states import BatchKind
from speech.text import preflight
from speech.views import drawn_for, parts

INVALID = HTTPStatus.UNPROCESSABLE_ENTITY


@require_safe
def line(request: StudioRequest, slug: str, pk: int) -> HttpResponse:
    """The studio with this line selected; `?tweak=<take>` fills its setup from a take, in answer to
    the comment of `?answer=`."""
    found = parts.get_line(request, slug, pk)
    tweak_id = parts.number_asked(request, "tweak")
    tweak = access.get_take(request.user, tweak_id) if tweak_id else None
    if tweak and tweak.line_id != found.pk:
        raise Http404
    form = LineForm(line=found, engines=parts.engines(), tweak=tweak) if tweak else None
    answer = _answered(found, request.GET.get("answer", ""))
    can_repeat = tweak is not None and tweak.engine in parts.engines()
    return parts.show_studio(
        request, found.project, found, form=form, tweak=tweak, answer=answer, can_repeat=can_repeat
    )


@require_POST
def line_edit(request: StudioRequest, slug: str, pk: int) -> HttpResponse:
    """Save the text; asked by the autosave, or by the button where there is no JavaScript."""
    found = parts.get_line(request, slug, pk, Can.EDIT)
    if drawn_for.is_for_another(request, pk):
        return drawn_for.refuse(request, found)
    try:
        saved = _save_text(request, found)
    except EditConflict as conflict:
        return _conflict(request, found, conflict)
    except BadInput as error:
        if wants_changes(request):
            html = _save_state(request, found, fault=error.sentence, posted=request.POST)
            return changes(html, status=INVALID)
        return _refused_text(request, found, error)
    if not wants_changes(request):
        return redirect(saved)
    rows = parts.fragments(
        request, found.project, can=parts.abilities(request.user, found.project),
        rows=parts.rows_of(found.project, pk), selected=pk,
    )  # fmt: skip
    return changes(_save_state(request, saved) + rows)


def _refused_text(request: StudioRequest, found: Line, error: BadInput) -> HttpResponse:
    """The page with the fault where it was made; a choice between two texts stays one."""
    data, posted = request.POST.copy(), request.POST
    conflict = None
    if "mine" in posted:
        found.refresh_from_db()
        mine = _words(posted, "mine", "my_direction")
        base = _words(posted, "ground", "ground_direction") if "ground" in posted else None
        conflict = service.conflict_again(request.user, line=found, mine=mine, base=base)
    if conflict is None:
        form = LineForm(data, line=found, engines=parts.engines())
        form.add_error("text", error.sentence)
        return parts.show_studio(request, found.project, found, form=form, status=INVALID)
    form = LineForm(_over(data, conflict), line=found, engines=parts.engines())
    return parts.show_studio(
        request, found.project, found, form=form, conflict=conflict, status=INVALID,
        combined=posted.get("text", ""), combine_fault=error.sentence,
    )  # fmt: skip


def _words(posted: QueryDict, text: str, direction: str) -> Words:
    return Words(posted.get(text, "").replace("\r\n", "\n"), posted.get(direction, ""))


def _over(data: QueryDict, conflict: EditConflict) -> QueryDict:
    """The form with this person's words, to be saved over the other's."""
    data["text"], data["direction"] = conflict.mine, conflict.my_direction
    data["revision"] = str(conflict.revision)
    data["base"], data["base_direction"] = conflict.theirs, conflict.their_direction
    return data


@require_POST
def line_setup(request: StudioRequest, slug: str, pk: int) -> HttpResponse:
    """Save voice, knobs and pinned seed; `reset` brings the project's knobs back."""
    found = parts.get_line(request, slug, pk, Can.EDIT)
    if drawn_for.is_for_another(request, pk):
        return drawn_for.refuse(request, found)
    if request.POST.get("reset"):
        service.set_line_setup(
            request.user, line=found, tuning={}, voice=found.voice, pinned_seed=found.pinned_seed
        )
        return redirect(found)
    form = LineForm(request.POST, line=found, engines=parts.engines())
    if wants_changes(request) and not _shows_the_present_setup(request, found):
        return _setup_moved_on(request, found)
    if form.is_valid():
        _save_setup(request, found, form)
        found.refresh_from_db()
        if not wants_changes(request):
            return redirect(found)
    elif not wants_changes(request):
        return parts.show_studio(request, found.project, found, form=form, status=INVALID)
    html = render_to_string("lines/_setup_state.html", {"form": form, "line": found}, request)
    return changes(html, status=200 if form.is_valid() else INVALID)


def _setup_moved_on(request: StudioRequest, found: Line) -> HttpResponse:
    """Nothing is saved over what the page did not show; it shows it now."""
    can = parts.abilities(request.user, found.project)
    context = {**parts.panel(found), "project": found.project, "can": can, "force": True}
    html = render_to_string("lines/_setup.html", context, request)
    said = (
        "Voice or parameters of this line were changed meanwhile, by somebody or by using a take."
        " Here they are as they are now; your last change was not saved."
    )
    html += render_to_string("_message.html", {"tone": "warn", "text": said}, request)
    return changes(html, status=HTTPStatus.CONFLICT)


@require_POST
def line_move(request: StudioRequest, slug: str, pk: int) -> HttpResponse:
    found = parts.get_line(request, slug, pk, Can.EDIT)
    to = request.POST.get("to", "")
    if not to.isdecimal():
        raise BadInput("Say to which position the line should move.")
    service.move_line(request.user, line=found, to=int(to[:6]))
    return parts.back(request, reverse("speech:line", args=[slug, pk]))


@require_POST
def line_delete(request: StudioRequest, slug: str, pk: int) -> HttpResponse:
    found = parts.get_line(request, slug, pk, Can.EDIT)
    position = found.position
    service.delete_line(request.user, line=found)
    undo = reverse("speech:line_restore", args=[slug, pk])
    messages.info(request, f"Line {position} deleted.", extra_tags=f"undo:{undo}")
    return _after_deleting(request, found, position)


def _after_deleting(request: StudioRequest, gone: Line, position: int) -> HttpResponse:
    """Where the person was; the next line if it was on the one that went."""
    on_its_page = urlsplit(request.headers.get("Referer", "")).path == gone.get_absolute_url()
    if not on_its_page:
        return parts.back(request, gone.project.get_absolute_url())
    left = gone.project.lines.filter(deleted_at=None)
    following = left.filter(position__gte=position).order_by("position").first()
    return redirect(following or left.order_by("position").last() or gone.project)


@require_POST
def line_restore(request: StudioRequest, slug: str, pk: int) -> HttpResponse:
    found = access.get_line(request.user, pk, Can.EDIT, deleted=True)
    if found.project.slug != slug:
        raise Http404
    service.restore_line(request.user, line=found)
    return redirect(found)


@require_POST
def generate(request: StudioRequest, slug: str, pk: int) -> HttpResponse:
    """Ask for takes: of the form's line as it stands, or once more with the seed of a take."""
    found = parts.get_line(request, slug, pk, Can.GENERATE)
    if drawn_for.is_for_another(request, pk) or _names_another(request, found):
        return drawn_for.refuse(request, found)
    if request.POST.get("again", "").isdecimal():
        return _asked(request, found, _again(request, found, int(request.POST["again"][:18])))
    form = LineForm(request.POST, line=found, engines=parts.engines(), asking=True)
    if form.is_valid():
        try:
            return _asked(request, found, _ask(request, found, form))
        except EditConflict as conflict:
            return _not_sent(request, found, conflict)
        except ParamErrors as error:
            form.add_faults(error)
    answer = _answered(found, request.POST.get("answers", ""))
    if not wants_changes(request):
        return parts.show_studio(
            request, found.project, found, form=form, answer=answer, status=INVALID
        )
    context = {
        **parts.panel(found, form=form), "project": found.project, "answer": answer, "force": True,
        "can": parts.abilities(request.user, found.project),
    }  # fmt: skip
    return changes(render_to_string("lines/_panel.html", context, request), status=INVALID)


def _names_another(request: StudioRequest, found: Line) -> bool:
    """Whether the take that is repeated or tweaked, or the comment that is answered, is one of
    another line. (One that is gone is nobody's.)"""
    takes = [
        int(given[:18]) for name in ("again", "tweak") if _is_key(given := _given(request, name))
    ]
    if found.project.takes.filter(pk__in=takes).exclude(line=found).exists():
        return True
    comment = _given(request, "answers")
    return _is_key(comment) and (
        Comment.objects.filter(pk=int(comment)).exclude(take__line=found).exists()
    )


def _given(request: StudioRequest, name: str) -> str:
    return request.POST.get(name, "")


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _ask(request: StudioRequest, found: Line, form: LineForm) -> list[Take]:
    """Takes as the form says. What it says becomes the line's setup, unless it shows how a take
    was made (`tweak`), or a setup that somebody has changed meanwhile."""
    saved = _save_text(request, found, strict=True)  # nothing is paid for that nobody has read
    own = not request.POST.get("tweak") and _shows_the_present_setup(request, found)
    if own:
        _save_setup(request, found, form)
    return take_service.request_takes(
        request.user,
        line=saved,
        engine=form.engine_key,
        count=form.cleaned_data["count"],
        seed=form.cleaned_data["seed"],
        tuning=None if own else effective_tuning(found) | form.tuning(),
        voice=None if own else form.cleaned_data["voice"] or found.project.voice,
        answers=_answered(found, request.POST.get("answers", "")),
    )


def _answered(found: Line, key: str) -> Comment | None:
    """The comment on a take of this line that is to be answered; None if it is no longer there."""
    if not _is_key(key):
        return None
    comments = Comment.objects.select_related("author", "take")
    return comments.filter(pk=int(key), take__line=found, deleted_at=None).first()


def _shows_the_present_setup(request: StudioRequest, found: Line) -> bool:
    return request.POST.get("setup", "") in {"", setup_mark(found)}


def _again(request: StudioRequest, found: Line, pk: int) -> list[Take]:
    take = access.get_take(request.user, pk, Can.GENERATE)
    if take.project_id != found.project_id:
        raise Http404
    if take.engine not in parts.engines():
        raise BadInput("The engine of this take is not set up any more.")
    return take_service.request_takes(
        request.user, line=found, engine=take.engine, seed=take.seed, tuning=take.params,
        voice=take.voice, kind=BatchKind.AGAIN,
    )  # fmt: skip


def _asked(request: StudioRequest, found: Line, takes: list[Take]) -> HttpResponse:
    """The new cards, at once."""
    if not wants_changes(request):
        return redirect(found)
    found.refresh_from_db()
    html = parts.fragments(
        request, found.project, can=parts.abilities(request.user, found.project),
        takes=parts.cards_of(*(take.pk for take in takes)),
        rows=parts.rows_of(found.project, found.pk),
        view=parts.view_name(request), selected=found.pk,
    )  # fmt: skip
    if "again" not in request.POST:
        html += _save_state(request, found)
        html += render_to_string("lines/_setup_state.html", {"line": found}, request)
    return changes(html)


def _save_text(request: StudioRequest, found: Line, *, strict: bool = False) -> Line:
    posted = request.POST
    revision, base = posted.get("revision", ""), posted.get("base")
    return service.edit_line(
        request.user,
        line=found,
        text=posted.get("text", ""),
        direction=posted.get("direction"),
        revision=int(revision[:18]) if revision.isdecimal() else None,
        base=None
        if base is None
        else Words(base.replace("\r\n", "\n"), posted.get("base_direction", "")),
        strict=strict,
    )


def _save_setup(request: StudioRequest, found: Line, form: LineForm) -> None:
    tuning = effective_tuning(found) | form.tuning()
    voice, pinned = form.cleaned_data["voice"], form.pinned
    same_voice = (voice.pk if voice else None) == found.voice_id
    if same_voice and tuning == effective_tuning(found) and pinned == found.pinned_seed:
        return
    service.set_line_setup(request.user, line=found, tuning=tuning, voice=voice, pinned_seed=pinned)


def _save_state(
    request: StudioRequest, found: Line, *, fault: str = "", posted: QueryDict | None = None
) -> str:
    context = {"line": found, "fault": fault, "posted": posted}
    typed = posted.get("text", "") if posted else found.text
    return render_to_string("lines/_save_state.html", context, request) + render_to_string(
        "lines/_preflight.html",
        {"flight": preflight(typed), "line": found, "project": found.project, "cuttable": True},
        request,
    )


def _not_sent(request: StudioRequest, found: Line, conflict: EditConflict) -> HttpResponse:
    """No take of words that this person has not read: shows them, or both texts to choose from."""
    typed = conflict.base is None or conflict.base != (conflict.mine, conflict.my_direction)
    if typed:
        return _conflict(request, found, conflict, nothing_sent=True)
    found.refresh_from_db()
    said = f"{conflict.who} changed this line meanwhile. Here it is as it is now; nothing was sent."
    if not wants_changes(request):
        messages.warning(request, said)
        return parts.show_studio(request, found.project, found, status=HTTPStatus.CONFLICT)
    context = {
        **parts.panel(found), "project": found.project, "force": True,
        "can": parts.abilities(request.user, found.project),
    }  # fmt: skip
    html = render_to_string("lines/_text.html", context, request)
    html += render_to_string("_message.html", {"tone": "warn", "text": said}, request)
    return changes(html, status=HTTPStatus.CONFLICT)


def _conflict(
    request: StudioRequest, found: Line, conflict: EditConflict, **about: Any
) -> HttpResponse:
    """Both texts, for the person to choose; the form keeps what was typed."""
    if wants_changes(request):
        context = {"line": found, "project": found.project, "conflict": conflict, **about}
        html = render_to_string("lines/_conflict.html", context, request)
        return changes(html, status=HTTPStatus.CONFLICT)
    form = LineForm(_over(request.POST.copy(), conflict), line=found, engines=parts.engines())
    return parts.show_studio(
        request, found.project, found, form=form, conflict=conflict,
        status=HTTPStatus.CONFLICT, **about,
    )  # fmt: skip
