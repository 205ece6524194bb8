from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from speech.models import EngineState, Job, Line, Take
from speech.queries import takes as queries
from speech.queries.waiting import Reason, marked_sentence, queue_of
from speech.states import Cancel, JobState, Waits
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    cast.project.budget = Decimal("1.20")
    cast.project.save()
    return factories.make_line(cast.project)


@pytest.fixture
def take(line: Line) -> Take:
    return factories.make_take(line, state=JobState.QUEUED, engine="segmind")


def reason(take: Take) -> Reason | None:
    return queries.card(queries.base().get(pk=take.pk)).waits


def test_one_whose_turn_it_is_not_yet_waits_for_nothing_else(take: Take) -> None:
    EngineState.objects.create(key="segmind", hold_until=timezone.now() - timedelta(seconds=1))
    assert reason(take) is None


@pytest.mark.parametrize(
    ("waits", "words", "why", "cure"),
    [
        (Waits.BUDGET, "Waiting for budget.", "left of the project’s $1.20", "budget"),
        (Waits.KEY_BUDGET, "Waiting for budget.", "API key", "budget"),
        (Waits.CLIP, "Waiting for its voice.", "reference clip", ""),
    ],
)
def test_it_says_what_is_missing(take: Take, waits: Waits, words: str, why: str, cure: str) -> None:
    Job.objects.update(waits=waits)
    found = reason(take)
    assert found is not None
    assert (found.words, found.cure) == (words, cure)
    assert why in found.why


def test_it_says_that_its_engine_is_paused_or_on_hold(take: Take) -> None:
    EngineState.objects.create(
        key="segmind", paused_at=timezone.now(), pause_sentence="The key was refused."
    )
    assert reason(take) == Reason(
        words="Turbo is paused.", why="The key was refused.", cure="engine"
    )
    until = timezone.now() + timedelta(minutes=2)
    EngineState.objects.update(
        paused_at=None, hold_until=until, hold_sentence="The provider asked for a pause."
    )
    held = reason(take)
    assert held is not None
    assert held.words == f"Turbo waits until {timezone.localtime(until):%H:%M:%S}."
    assert held.why == "The provider asked for a pause."


def test_another_engines_trouble_is_none_of_its_business(take: Take) -> None:
    EngineState.objects.create(key="draft", paused_at=timezone.now(), pause_sentence="No.")
    assert reason(take) is None


def test_it_says_when_a_refused_one_is_tried_again(take: Take) -> None:
    Job.objects.update(error="The provider is busy.", due_at=timezone.now() + timedelta(seconds=9))
    found = reason(take)
    assert found is not None
    assert found.words.startswith("Tries again at ")
    assert found.why == "The provider is busy."


def test_only_what_is_queued_waits(line: Line) -> None:
    EngineState.objects.create(key="draft", paused_at=timezone.now(), pause_sentence="No.")
    for state in set(JobState) - {JobState.QUEUED}:
        assert reason(factories.make_take(line, state=state)) is None


def test_a_marked_take_says_what_becomes_of_it_until_it_is_finished(line: Line) -> None:
    take = factories.make_take(line, state=JobState.RUNNING, engine="segmind")
    Job.objects.update(cancel=Cancel.DISCARD)
    marked = queries.card(queries.base().get(pk=take.pk)).marked
    assert marked == (
        "Cancelled, but it is being made already and will be charged;"
        " its result will be thrown away."
    )
    assert marked_sentence("draft", Cancel.KEEP) == ("Cancelled: its result is kept when it comes.")
    Take.objects.update(state=JobState.FAILED)
    assert queries.card(queries.base().get(pk=take.pk)).marked == ""


def test_a_card_says_what_went_wrong_on_the_way(line: Line) -> None:
    take = factories.make_take(line, state=JobState.RUNNING, engine="segmind")
    sentence = "Segmind had a problem (HTTP 502). It will be asked again."
    Job.objects.update(error=sentence)
    assert queries.card(queries.base().get(pk=take.pk)).hitch == sentence
    Take.objects.update(state=JobState.FAILED)
    failed = queries.card(queries.base().get(pk=take.pk))
    assert (failed.hitch, failed.trouble) == ("", sentence)


def test_a_finished_take_says_what_to_know_of_its_sound(line: Line) -> None:
    take = factories.make_take(line)
    assert queries.card(queries.base().get(pk=take.pk)).hitch == ""
    Job.objects.update(error="It may be cut off. Listen to its end.")
    assert queries.card(queries.base().get(pk=take.pk)).hitch.startswith("It may be cut off")


def test_cards_ask_once_for_the_engines_and_only_where_some_wait(
    line: Line, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    done = queries.base().filter(pk=factories.make_take(line).pk)
    for _ in range(3):
        factories.make_take(line, state=JobState.QUEUED)
    found = list(done), list(queries.base())
    with django_assert_num_queries(0):
        queries.cards(found[0])
    with django_assert_num_queries(1):
        queries.cards(found[1])


def test_a_project_knows_its_queue_and_its_sweeps_under_way(
    line: Line, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        factories.make_take(line, state=JobState.QUEUED)
    factories.make_sweep(line)
    under_way = factories.make_sweep(line, state=JobState.QUEUED)
    Job.objects.filter(take__batch=under_way).update(waits=Waits.BUDGET)
    Take.objects.filter(batch=under_way, seed=7, temperature=0.5).update(state=JobState.FAILED)
    with django_assert_num_queries(2):
        queue = queue_of(line.project)
    assert (queue.waiting, queue.over_budget, queue.many_wait) == (5, 3, True)
    [sweep] = queue.sweeps
    assert (sweep.batch.pk, sweep.position, sweep.done, sweep.left) == (under_way.pk, 1, 1, 3)
    assert queue.more_sweeps == 0
