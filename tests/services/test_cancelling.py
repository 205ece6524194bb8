from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest

from speech.errors import WrongState
from speech.models import Event, Job, Line, Take
from speech.services.budgets import set_project_budget
from speech.services.cancelling import BEING_MADE, NOT_SENT, cancel_take, cancel_waiting
from speech.services.takes import request_takes
from speech.states import FINISHED, Cancel, Charged, JobState
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    cast.project.voice = factories.make_voice()
    cast.project.save()
    return factories.make_line(cast.project)


@pytest.mark.parametrize("state", NOT_SENT)
@pytest.mark.parametrize("then", [None, *Cancel])
def test_one_that_was_not_sent_goes_at_once(
    cast: SimpleNamespace, line: Line, state: JobState, then: Cancel | None
) -> None:
    take = factories.make_take(line, state=state)
    take = cancel_take(cast.producer, take=take, then=then)
    job = Job.objects.get()
    assert take.state == job.state == JobState.CANCELLED
    assert job.charged == Charged.NO
    assert job.amount == 0
    assert (job.owner, job.epoch) == ("", 1)
    assert job.error == "bea cancelled it before this take was sent. Nothing was charged."
    assert Event.objects.get().verb == "take cancelled"


@pytest.mark.parametrize("state", BEING_MADE)
def test_one_that_is_being_made_is_marked_only_by_a_choice(
    cast: SimpleNamespace, line: Line, state: JobState
) -> None:
    take = factories.make_take(line, state=state)
    with pytest.raises(WrongState, match="being made by now"):
        cancel_take(cast.producer, take=take)
    assert Job.objects.get().cancel == ""

    take = cancel_take(cast.producer, take=take, then=Cancel.KEEP)

    assert take.state == state
    assert Job.objects.get().cancel == Cancel.KEEP
    with pytest.raises(WrongState, match="cancelled already"):
        cancel_take(cast.producer, take=take, then=Cancel.DISCARD)
    assert Job.objects.get().cancel == Cancel.KEEP
    assert Event.objects.count() == 1


@pytest.mark.parametrize("state", sorted(FINISHED))
def test_a_finished_one_stays_as_it_is(cast: SimpleNamespace, line: Line, state: JobState) -> None:
    take = factories.make_take(line, state=state)
    with pytest.raises(WrongState, match="finished"):
        cancel_take(cast.producer, take=take, then=Cancel.DISCARD)
    assert Take.objects.get().state == state


def test_it_lets_in_what_waited_for_its_money(cast: SimpleNamespace, line: Line) -> None:
    set_project_budget(cast.owner, project=cast.project, budget=Decimal("0.03"))
    first, second = request_takes(cast.owner, line=line, engine="segmind", count=2)
    cancel_take(cast.owner, take=first)
    assert Job.objects.get(take=second).waits == ""


def test_all_that_wait_are_cancelled_in_one_go(cast: SimpleNamespace, line: Line) -> None:
    waiting = [factories.make_take(line, state=JobState.QUEUED) for _ in range(3)]
    running = factories.make_take(line, state=JobState.RUNNING)
    elsewhere = factories.make_take(
        factories.make_line(factories.make_project()), state=JobState.QUEUED
    )
    assert cancel_waiting(cast.producer, project=cast.project) == 3
    assert set(Take.objects.filter(state="cancelled")) == set(waiting)
    assert set(Take.objects.exclude(state="cancelled")) == {running, elsewhere}
    event = Event.objects.get()
    assert (event.verb, event.data) == ("waiting takes cancelled", {"count": 3})
    with pytest.raises(WrongState):
        cancel_waiting(cast.producer, project=cast.project)
