"""The library of voices. Everybody with a role listens; whoever edits a project adds to it; a voice
is changed by whoever added it, and by those who keep the library."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from speech.access import (
    Can,
    get_voice,
    may_change_voice,
    may_delete_voice,
    need_studio,
    studio_capabilities,
)
from speech.errors import ParamErrors, WrongState
from speech.forms.voices import WORDS, ClipForm, ConsentForm, NewVoiceForm, VoiceForm
from speech.models import Voice
from speech.queries import voices as reading
from speech.services import voices as writing
from speech.views.answers import actor, attempt, typed


@require_safe
def voices(request: HttpRequest) -> HttpResponse:
    need_studio(actor(request), Can.LISTEN)
    archived = request.GET.get("archived") == "1"
    unlisted = reading.unlisted(actor(request))
    context = {
        "cards": reading.voice_cards(archived=archived),
        "archived": archived,
        "any_archived": archived or reading.any_archived(),
        "can_add": Can.VOICES in studio_capabilities(actor(request)),
        "unlisted": [] if archived else [(c, ConsentForm.of(c.voice)) for c in unlisted.cards],
        "unlisted_total": unlisted.total,
    }
    return render(request, "voices/page.html", context)


@require_POST
def voice_consent(request: HttpRequest, pk: int) -> HttpResponse:
    """A voice that came through the API joins the library."""
    found = get_voice(actor(request), pk, Can.VOICES)
    form = ConsentForm(request.POST)
    if form.is_valid():
        words = {name: form.cleaned_data[name] for name in WORDS}
        try:
            writing.state_consent(actor(request), voice=found, **words)
        except ParamErrors as error:
            form.add_faults(error)
        except WrongState as error:
            messages.error(request, error.sentence)
            return redirect(found)
        else:
            said = f"“{found.name}” is in the library. What it reads can be approved now."
            messages.success(request, said)
            return redirect(found)
    return _voice_page(request, found, consent_form=form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def voice_add(request: HttpRequest) -> HttpResponse:
    need_studio(actor(request), Can.VOICES)
    # An empty `FILES` would bind the form, and a GET would list what is missing.
    form = NewVoiceForm(typed(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            voice = writing.add_voice(actor(request), **_words(form), **_clip(form))
        except ParamErrors as error:
            form.add_faults(error)
        else:
            return redirect(voice)
    status = 422 if form.errors else 200
    context = {"form": form, "max_mb": settings.UPLOAD_MAX_MB}
    return render(request, "voices/add.html", context, status=status)


@require_safe
def voice(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_voice(actor(request), pk)
    return _voice_page(request, found)


@require_safe
def voice_state(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that moves while the clip is checked; it stops asking by itself."""
    found = get_voice(actor(request), pk)
    return render(request, "voices/_state.html", _state(request, found))


@require_http_methods(["GET", "HEAD", "POST"])
def voice_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_voice(actor(request), pk, Can.VOICES)
    if found.unlisted_in is not None:
        return redirect(found)
    form = VoiceForm(typed(request), voice=found)
    if request.method == "POST" and form.is_valid():
        try:
            writing.edit_voice(actor(request), voice=found, **_words(form))
        except ParamErrors as error:
            form.add_faults(error)
        else:
            messages.success(request, "Saved.")
            return redirect(found)
    context = {"form": form, "voice": found}
    return render(request, "voices/edit.html", context, status=422 if form.errors else 200)


@require_POST
def voice_recheck(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_voice(actor(request), pk, Can.VOICES)
    form = ClipForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            writing.recheck_voice(actor(request), voice=found, **_clip(form))
        except ParamErrors as error:
            form.add_faults(error)
        except WrongState as error:
            form.add_error(None, error.sentence)
        else:
            return redirect(found)
    return _voice_page(request, found, clip_form=form, status=422)


@require_POST
def voice_archive(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_voice(actor(request), pk, Can.VOICES)
    if request.POST.get("restore") == "1":
        return attempt(
            request,
            lambda: writing.restore_voice(actor(request), voice=found),
            to=found.get_absolute_url(),
            said=f"“{found.name}” is back in the library.",
        )
    return attempt(
        request,
        lambda: writing.archive_voice(actor(request), voice=found),
        to=found.get_absolute_url(),
        said=f"“{found.name}” is archived. Nothing made with it changes.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def voice_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """A GET says what deleting would touch; the POST deletes."""
    found = get_voice(actor(request), pk, Can.VOICES, to_delete=True)
    if request.method == "POST":
        try:
            writing.delete_voice(actor(request), voice=found)
        except WrongState as error:
            messages.error(request, error.sentence)
            return redirect(found)
        messages.success(request, f"“{found.name}” and its clip are deleted.")
        return redirect("speech:voices")
    context = {"voice": found, "touches": reading.touches(found, actor(request))}
    return render(request, "voices/delete.html", context)


def _voice_page(
    request: HttpRequest,
    found: Voice,
    *,
    clip_form: ClipForm | None = None,
    consent_form: ConsentForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        **_state(request, found),
        "preferred": reading.preferred(found),
        "touches": reading.touches(found, actor(request)),
        "can_add": Can.VOICES in studio_capabilities(actor(request)),
        "can_delete": may_delete_voice(actor(request), found),
        "clip_form": clip_form or ClipForm(),
        "consent_form": consent_form or ConsentForm.of(found),
        "max_mb": settings.UPLOAD_MAX_MB,
    }
    return render(request, "voices/voice.html", context, status=status)


def _state(request: HttpRequest, found: Voice) -> dict[str, Any]:
    return {
        "voice": found,
        "can_change": may_change_voice(actor(request), found),
        "waiting": reading.waiting_sentence(found),
        "facts": reading.measured_facts(found),
    }


def _words(form: VoiceForm) -> dict[str, Any]:
    words = {name: form.cleaned_data[name] for name in WORDS}
    return words | {"tuning": form.tuning()}


def _clip(form: ClipForm) -> dict[str, Any]:
    upload = form.cleaned_data["upload"]
    return {
        "source_url": form.cleaned_data["source_url"],
        "upload": upload.file if upload else None,
        "original_name": upload.name if upload else "",
    }
