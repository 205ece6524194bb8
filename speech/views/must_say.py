"""Who has to approve, and which words have to be said right: parts of a project's settings."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from speech.access import Can, get_project
from speech.errors import BadInput, StudioError
from speech.forms.reviews import PolicyForm, WordForm
from speech.htmx import StudioRequest
from speech.models import Project
from speech.services import must_say as service
from speech.services.policy import set_policy
from speech.views.project_admin import settings_page

INVALID = HTTPStatus.UNPROCESSABLE_ENTITY


@require_POST
def policy(request: StudioRequest, slug: str) -> HttpResponse:
    project = get_project(request.user, slug, Can.MANAGE)
    form = PolicyForm(request.POST, project=project)
    if form.is_valid():
        try:
            set_policy(request.user, project=project, **form.given())
        except BadInput as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, "Saved. It holds for every decision from now on.")
            return _back(project, "review")
    return settings_page(request, project, policy_form=form, status=INVALID)


@require_POST
def word_add(request: StudioRequest, slug: str) -> HttpResponse:
    project = get_project(request.user, slug, Can.EDIT)
    form = WordForm(request.POST)
    if form.is_valid():
        try:
            added = service.add_word(request.user, project=project, **form.cleaned_data)
        except BadInput as error:
            form.add_error("word", error.sentence)
        else:
            messages.success(request, f"“{added.word}” is to be confirmed from now on.")
            return _back(project, "words")
    return settings_page(request, project, word_form=form, status=INVALID)


@require_POST
def word_change(request: StudioRequest, slug: str, pk: int) -> HttpResponse:
    project = get_project(request.user, slug, Can.EDIT)
    word = get_object_or_404(project.must_say.select_related("project"), pk=pk)
    form = WordForm(request.POST, prefix=f"word{pk}")
    if form.is_valid():
        try:
            service.change_word(request.user, must_say=word, **form.cleaned_data)
        except BadInput as error:
            form.add_error("word", error.sentence)
        else:
            messages.success(request, f"“{form.cleaned_data['word']}” is saved.")
            return _back(project, "words")
    return settings_page(request, project, changed_word=(pk, form), status=INVALID)


@require_POST
def word_remove(request: StudioRequest, slug: str, pk: int) -> HttpResponse:
    project = get_project(request.user, slug, Can.EDIT)
    word = get_object_or_404(project.must_say.select_related("project"), pk=pk)
    event = service.remove_word(request.user, must_say=word)
    undo = reverse("speech:word_restore", args=[slug]) + f"?from={event.pk}"
    messages.success(request, f"“{word.word}” is no longer asked about.", extra_tags=f"undo:{undo}")
    return _back(project, "words")


@require_POST
def word_restore(request: StudioRequest, slug: str) -> HttpResponse:
    """Undo `word_remove`."""
    project = get_project(request.user, slug, Can.EDIT)
    raw = request.GET.get("from", "")
    event = (
        project.events.filter(pk=int(raw)).first() if raw.isdecimal() and len(raw) < 19 else None
    )
    try:
        if event is None:
            raise BadInput("There is no word to bring back.")
        service.restore_word(request.user, event=event)
    except StudioError as error:
        messages.error(request, error.sentence)
    else:
        messages.success(request, "The word is back.")
    return _back(project, "words")


def _back(project: Project, part: str) -> HttpResponse:
    return redirect(reverse("speech:project_settings", args=[project.slug]) + f"#{part}")
