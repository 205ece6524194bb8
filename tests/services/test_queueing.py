from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from speech.models import ApiKey, Batch, EngineState, Job, Line, Project, Take, User
from speech.params import defaults
from speech.services.keys import make_key
from speech.services.queueing import clip_is_ready, clip_is_refused
from speech.services.takes import Reading, lock_line, make_takes, request_takes
from speech.states import BatchKind, JobState, Role, Waits
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    cast.project.voice = factories.make_voice()
    cast.project.save()
    return factories.make_line(cast.project)


def sweep(actor: User, line: Line, *, count: int, key: ApiKey | None = None) -> list[Take]:
    with transaction.atomic():
        line = lock_line(line)
        kind = BatchKind.API if key else BatchKind.SWEEP
        batch = Batch.objects.create(project=line.project, kind=kind, count=count)
        readings = [Reading(seed=n + 1, tuning=defaults()) for n in range(count)]
        return make_takes(
            actor, line=line, batch=batch, engine="segmind", voice=line.project.voice,
            text=line.text, readings=readings, key=key,
        )  # fmt: skip


def order() -> list[Take]:
    """The takes as they will be sent."""
    jobs = Job.objects.filter(state=JobState.QUEUED, waits="").order_by("turn", "pk")
    return [job.take for job in jobs.select_related("take")]


def reach(take: Take) -> None:
    """The engine has come as far as this take."""
    job = Job.objects.get(take=take)
    EngineState.objects.update_or_create(key="segmind", defaults={"turn": job.turn})
    Job.objects.filter(turn__lte=job.turn).update(
        state=JobState.RUNNING, owner="driver", request_id="r"
    )


def test_takes_of_one_person_go_in_the_order_in_which_they_were_asked_for(
    cast: SimpleNamespace, line: Line
) -> None:
    takes = request_takes(cast.producer, line=line, engine="segmind", count=3)
    takes += request_takes(cast.producer, line=line, engine="segmind", count=2)
    assert order() == takes


def test_a_sweep_of_five_hundred_delays_nobody(cast: SimpleNamespace, line: Line) -> None:
    swept = sweep(cast.producer, line, count=500)
    reach(swept[99])

    [colleague] = request_takes(cast.owner, line=line, engine="segmind")
    [own] = request_takes(cast.producer, line=line, engine="segmind")
    stranger_line = factories.make_line(
        factories.make_project(owner=cast.stranger, voice=factories.make_voice())
    )
    [elsewhere] = request_takes(cast.stranger, line=stranger_line, engine="segmind")

    waiting = order()
    assert waiting[:3] == [colleague, own, elsewhere], "not even one's own sweep stands before it"


def test_two_sweeps_take_turns(cast: SimpleNamespace, line: Line) -> None:
    first = sweep(cast.producer, line, count=10)
    second = sweep(cast.owner, line, count=10)
    half = {take.pk for take in order()[:10]}
    assert len(half & {take.pk for take in second}) in {3, 4}, "the first began at once"
    assert order()[0] == first[0]


def test_a_project_does_not_win_by_the_number_of_its_people(
    cast: SimpleNamespace, line: Line
) -> None:
    crowd = [factories.make_user() for _ in range(6)]
    for person in crowd:
        factories.add_member(cast.project, person, Role.PRODUCER)
        sweep(person, line, count=20)
    lonely = factories.make_line(
        factories.make_project(owner=cast.stranger, voice=factories.make_voice())
    )
    alone = sweep(cast.stranger, lonely, count=20)

    first_forty = {take.pk for take in order()[:40]}
    assert len(first_forty & {take.pk for take in alone}) >= 10


def test_a_key_takes_turns_with_people(cast: SimpleNamespace, line: Line) -> None:
    key = make_key(cast.owner, project=cast.project, name="Scripts").key
    sweep(cast.owner, line, count=50, key=key)
    [take] = request_takes(cast.owner, line=line, engine="segmind")
    assert order().index(take) <= 1, "the key's first call was there before"


def test_a_flow_that_was_idle_gains_nothing_by_it(cast: SimpleNamespace, line: Line) -> None:
    """Else whoever slept for a day would have the queue for themselves."""
    swept = sweep(cast.producer, line, count=30)
    reach(swept[19])
    sweep(cast.owner, line, count=10)
    mine = {take.pk for take in order()[:10]} & {take.pk for take in swept}
    assert len(mine) >= 4


def test_one_query_for_each_step_however_many_takes(
    cast: SimpleNamespace, line: Line, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(60):
        sweep(cast.producer, line, count=200)


class TestClips:
    """Takes that came with a reference clip which nobody has checked yet."""

    @pytest.fixture
    def waiting(self, cast: SimpleNamespace, line: Line) -> Take:
        voice = factories.make_voice(
            state="waiting", sha256="", clip="", consent_by="", consent_for="",
            unlisted_in=cast.project,
        )  # fmt: skip
        with transaction.atomic():
            line = lock_line(line)
            [take] = make_takes(
                None, line=line, engine="segmind", voice=voice, text=line.text, after_clip=True,
                batch=Batch.objects.create(project=cast.project, kind=BatchKind.API, count=1),
                readings=[Reading(seed=1, tuning=defaults())],
            )  # fmt: skip
        return take

    def test_they_wait_and_are_no_work_for_a_driver(self, waiting: Take) -> None:
        assert waiting.job.waits == Waits.CLIP
        assert not Job.objects.actionable().exists()

    def test_they_go_once_the_clip_is_ready(self, waiting: Take) -> None:
        with transaction.atomic():
            clip_is_ready(Take.objects.filter(pk=waiting.pk), sha256="b" * 64)
        waiting.refresh_from_db()
        assert waiting.reference_sha256 == "b" * 64
        assert Job.objects.actionable().get() == waiting.job

    def test_they_fail_free_of_charge_where_it_cannot_be_used(self, waiting: Take) -> None:
        version = Project.objects.get(pk=waiting.project_id).version
        with transaction.atomic():
            clip_is_refused(Take.objects.filter(pk=waiting.pk), sentence="It is too short.")
        waiting.refresh_from_db()
        job = Job.objects.get(take=waiting)
        assert waiting.state == job.state == JobState.FAILED
        assert job.amount == 0
        assert job.error == (
            "The reference clip cannot be used. It is too short. Nothing was charged."
        )
        assert Project.objects.get(pk=waiting.project_id).version > version
