"""Listening tests. Until somebody may see the results, a template gets lanes and no takes."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from speech import access
from speech.access import Can
from speech.errors import ParamErrors, WrongState
from speech.forms.listening import BallotForm, TestForm
from speech.htmx import StudioRequest
from speech.models import ListeningTest
from speech.queries import listening as queries
from speech.queries.changes import release_connections
from speech.queries.results import results
from speech.services import listening as service
from speech.views import media, parts
from speech.views.answers import actor

NEVER_KEPT = "private, no-store"
SAID_AT_ONCE = ("title", "question", "method")


@require_safe
def tests(request: StudioRequest, slug: str) -> HttpResponse:
    """The listening tests of a project, newest first."""
    project = access.get_project(request.user, slug)
    before = parts.number_asked(request, "before")
    rows = queries.rows(request.user, project, before=before)
    context = {
        "project": project,
        "rows": rows,
        "before": before,
        "older": rows[-1].test.pk if len(rows) == queries.TESTS_ON_A_PAGE else None,
        "can": parts.abilities(request.user, project),
    }
    return render(request, "listening/list.html", context)


@require_POST
def test_new(request: StudioRequest, slug: str) -> HttpResponse:
    """A blind test of the takes `take=1&take=2…`, to be voted in at once; one press undoes it."""
    project = access.get_project(request.user, slug, Can.VOTE)
    asked = [int(raw[:18]) for raw in request.POST.getlist("take")[:50] if raw.isdecimal()]
    said = {name: request.POST[name] for name in SAID_AT_ONCE if name in request.POST}
    made = service.make_test(request.user, project=project, takes=asked, **said)
    undo = reverse("speech:test_discard", args=[made.pk])
    messages.success(
        request, "The blind test is made, and is in the list.", extra_tags=f"undo:{undo}"
    )
    return redirect(made)


@never_cache
@require_safe
def test(request: StudioRequest, pk: int) -> HttpResponse:
    return _page(request, access.get_test(request.user, pk))


@require_safe
async def test_sound(request: HttpRequest, pk: int, letter: str) -> HttpResponseBase:
    """The sound of a letter, under a mark and without a name that could tell which take it is."""
    return await media.send(request, await sync_to_async(_sound)(request, pk, letter))


@require_POST
def test_vote(request: StudioRequest, pk: int) -> HttpResponse:
    found = access.get_test(request.user, pk, Can.VOTE)
    takes = queries.takes_of(found)
    form = BallotForm(request.POST, test=found, lanes=queries.lanes(request.user, found, takes))
    if not form.is_valid() and not queries.may_see_results(request.user, found):
        return _page(request, found, ballot=form, status=422)
    ordered = queries.in_order_of(request.user, found, takes)
    by_letter = dict(zip(queries.LETTERS, (take.pk for take in ordered), strict=False))
    # Whoever may see the results is too late, whatever the form holds; the service says why.
    letters = form.ranking if form.is_valid() else []
    service.cast_vote(
        request.user,
        test=found,
        ranking=[by_letter[letter] for letter in letters],
        remark=form.cleaned_data.get("remark", ""),
    )
    messages.success(request, "Your vote is cast.")
    return redirect(f"{found.get_absolute_url()}#results-title")


@require_POST
def test_send(request: StudioRequest, pk: int) -> HttpResponse:
    """Title, question and way of voting; and the people to ask, if any."""
    found = access.get_test(request.user, pk, Can.VOTE, to_run=True)
    form = TestForm(request.POST, test=found, people=queries.people_to_ask(request.user, found))
    if not form.is_valid():
        return _page(request, found, setup=form, status=422)
    try:
        asked = service.send_test(request.user, test=found, **form.cleaned_data)
    except ParamErrors as error:
        form.add_faults(error)
        return _page(request, found, setup=form, status=422)
    names = ", ".join(ballot.person.label for ballot in asked)
    messages.success(request, f"Sent to {names}." if asked else "Saved.")
    return redirect(found)


@require_POST
def test_discard(request: StudioRequest, pk: int) -> HttpResponse:
    """Back to the board that the test was made on."""
    found = access.get_test(request.user, pk, Can.VOTE, to_run=True)
    takes = "&".join(f"take={take.pk}" for take in queries.takes_of(found))
    board = f"{reverse('speech:compare', args=[found.project.slug])}?{takes}"
    try:
        service.discard_test(request.user, test=found)
    except WrongState as error:
        messages.error(request, error.sentence)
        return redirect(found)
    messages.success(request, "The blind test is discarded.")
    return redirect(board)


@require_POST
def test_close(request: StudioRequest, pk: int) -> HttpResponse:
    found = access.get_test(request.user, pk, Can.VOTE, to_run=True)
    service.close_test(request.user, test=found)
    messages.success(request, "The test is closed. Everybody on the project sees the results.")
    return redirect(found)


def _sound(request: HttpRequest, pk: int, letter: str) -> media.Sound:
    try:
        person = actor(request)
        found = access.get_test(person, pk)
        take = queries.take_behind(person, found, letter)
        if take is None or not take.is_done or not take.audio.name:
            raise Http404
        mark = queries.sound_mark(person, found, letter)
        return media.Sound(name=take.audio.name, mark=mark, caching=NEVER_KEPT)
    finally:
        release_connections()


def _page(
    request: StudioRequest,
    found: ListeningTest,
    *,
    ballot: BallotForm | None = None,
    setup: TestForm | None = None,
    status: int = 200,
) -> HttpResponse:
    person, project = request.user, found.project
    can = parts.abilities(person, project)
    may_run = can["vote"] and (can["manage"] or found.created_by_id == person.pk)
    takes = queries.takes_of(found)
    context: dict[str, Any] = {
        "test": found,
        "project": project,
        "can": can,
        "progress": queries.progress(person, found),
        "text": takes[0].text if len({take.text for take in takes}) == 1 else "",
        "can_ask": may_run and found.is_open and not project.archived_at,
        "can_close": may_run and found.is_open,
    }
    if queries.may_see_results(person, found):
        context["results"] = results(person, found, takes)
    else:
        lanes = queries.lanes(person, found, takes)
        context["ballot"] = ballot or BallotForm(test=found, lanes=lanes)
    if context["can_ask"]:
        people = queries.people_to_ask(person, found)
        context["setup"] = setup or TestForm(test=found, people=people)
        context["link"] = request.build_absolute_uri(found.get_absolute_url())
    return render(request, "listening/test.html", context, status=status)
