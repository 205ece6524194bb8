from __future__ import annotations

from types import SimpleNamespace

import pytest

from speech.errors import WrongState
from speech.models import Event, Job, Line, Project
from speech.services.cancelling import cancel_take
from speech.services.takes import request_takes, retry_take
from speech.states import LIVE, Cancel, Charged, JobState, Waits
from tests import factories

pytestmark = pytest.mark.django_db
MADE = sorted(LIVE - {JobState.QUEUED, JobState.CLAIMED})


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    cast.project.voice = factories.make_voice()
    cast.project.save()
    return factories.make_line(cast.project)


@pytest.mark.parametrize("waits", ["", Waits.BUDGET, Waits.CLIP])
def test_a_queued_take_goes_at_once_and_costs_nothing(
    cast: SimpleNamespace, line: Line, waits: str
) -> None:
    [take] = request_takes(cast.producer, line=line, engine="segmind")
    Job.objects.update(waits=waits)
    version = Project.objects.get(pk=cast.project.pk).version

    cancel_take(cast.producer, take=take)

    take.refresh_from_db()
    job = Job.objects.get()
    assert (take.state, job.state) == (JobState.CANCELLED, JobState.CANCELLED)
    assert job.charged == Charged.NO
    assert job.amount == 0
    assert job.error == "You cancelled it before this take was sent. Nothing was charged."
    assert Event.objects.filter(verb="take cancelled", actor=cast.producer).count() == 1
    assert Project.objects.get(pk=cast.project.pk).version > version


def test_one_that_a_driver_has_claimed_is_taken_from_it(cast: SimpleNamespace, line: Line) -> None:
    """It is fenced off before it can say that it sends."""
    [take] = request_takes(cast.producer, line=line, engine="segmind")
    Job.objects.update(state=JobState.CLAIMED, owner="driver", epoch=3)
    cancel_take(cast.producer, take=take)
    job = Job.objects.get()
    assert (job.state, job.owner, job.epoch) == (JobState.CANCELLED, "", 4)


@pytest.mark.parametrize("then", Cancel)
@pytest.mark.parametrize("state", MADE)
def test_one_that_is_being_made_is_marked_with_what_becomes_of_it(
    cast: SimpleNamespace, line: Line, state: JobState, then: Cancel
) -> None:
    take = factories.make_take(line, state=state, engine="segmind")
    cancel_take(cast.producer, take=take, then=then)
    job = Job.objects.get()
    assert (job.state, job.cancel, job.owner) == (state, then, "a-driver-that-died")
    assert Event.objects.get(verb="take cancelled").data["then"] == then


def test_a_finished_take_cannot_be_cancelled(cast: SimpleNamespace, line: Line) -> None:
    take = factories.make_take(line)
    with pytest.raises(WrongState, match="finished"):
        cancel_take(cast.producer, take=take)
    assert not Event.objects.exists()


def test_a_cancelled_take_can_be_asked_for_again(cast: SimpleNamespace, line: Line) -> None:
    [take] = request_takes(cast.producer, line=line, engine="segmind")
    cancel_take(cast.producer, take=take)
    retry_take(cast.producer, take=take)
    take.refresh_from_db()
    assert take.state == JobState.QUEUED
    assert take.job.cancel == ""
