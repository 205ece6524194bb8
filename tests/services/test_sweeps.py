from __future__ import annotations

from collections import Counter
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import timezone

from speech.errors import ParamErrors, WrongState
from speech.models import Event, Job, Line, Project, Take
from speech.plans import MOST_TAKES
from speech.queries import activity
from speech.services.budgets import set_project_budget
from speech.services.sweeps import plan_sweep, request_sweep, stop_sweep
from speech.services.takes import request_takes
from speech.states import BatchKind, Cancel, JobState, Waits
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    cast.project.voice = factories.make_voice()
    cast.project.save()
    return factories.make_line(cast.project, params={"top_k": 100})


def version(project: Project) -> int:
    return Project.objects.values_list("version", flat=True).get(pk=project.pk)


def test_it_asks_for_each_combination_with_the_lines_own_setup_around_it(
    cast: SimpleNamespace, line: Line
) -> None:
    plan = plan_sweep(seeds=[7, 8], axes=[("temperature", ["0.5", "0.9"]), ("top_p", ["0.8", "1"])])
    batch = request_sweep(cast.producer, line=line, engine="draft", plan=plan)

    takes = list(Take.objects.filter(batch=batch).order_by("number"))
    assert (batch.kind, batch.count, len(takes)) == (BatchKind.SWEEP, 8, 8)
    assert [(take.seed, take.temperature, take.top_p) for take in takes] == [
        (seed, temperature, top_p)
        for seed in (7, 8)
        for temperature in (0.5, 0.9)
        for top_p in (0.8, 1.0)
    ]
    assert {(take.top_k, take.text, take.voice_name) for take in takes} == {
        (100, line.text, "Amara")
    }
    line.refresh_from_db()
    assert line.takes_made == 8
    assert "temperature" not in line.params, "the line itself stays as it is"


def test_drawn_seeds_are_the_same_in_each_cell_and_all_different(
    cast: SimpleNamespace, line: Line
) -> None:
    plan = plan_sweep(many=5, axes=[("temperature", ["0.5", "0.7", "0.9"])])
    batch = request_sweep(cast.producer, line=line, engine="draft", plan=plan)
    by_cell: dict[float, set[int]] = {}
    for take in batch.takes.all():
        by_cell.setdefault(take.temperature, set()).add(take.seed)
    assert len(by_cell) == 3
    assert set(map(frozenset, by_cell.values())) == {frozenset(plan.seeds)}
    assert len(set(plan.seeds)) == 5


def test_five_hundred_takes_are_one_event_and_one_change(cast: SimpleNamespace, line: Line) -> None:
    before = version(cast.project)
    plan = plan_sweep(many=100, axes=[("top_k", ["10", "20", "30", "40", "50"])])
    batch = request_sweep(cast.producer, line=line, engine="draft", plan=plan)
    assert Take.objects.filter(batch=batch, state=JobState.QUEUED).count() == MOST_TAKES
    assert version(cast.project) == before + 1
    event = Event.objects.get()
    assert event.verb == "sweep asked for"
    [told] = activity.page(cast.project, {}).entries
    assert told.sentence == (
        "bea asked for a sweep of line 1, 100 seeds × 5 values of top-k = 500 takes: Draft voice"
    )


@pytest.mark.parametrize("many", [0, MOST_TAKES + 1, 10**9])
def test_no_number_of_seeds_is_drawn_that_cannot_be_made(many: int) -> None:
    with pytest.raises(ParamErrors) as caught:
        plan_sweep(many=many, axes=[("temperature", ["9"])])
    assert {fault.field for fault in caught.value.faults} == {"many", "values_1"}


def test_a_line_that_cannot_be_read_makes_nothing(cast: SimpleNamespace, line: Line) -> None:
    Line.objects.update(text=" ")
    Project.objects.update(voice=None)
    line = Line.objects.select_related("project").get()
    with pytest.raises(ParamErrors) as caught:
        request_sweep(cast.owner, line=line, engine="draft", plan=plan_sweep(many=3))
    assert {fault.field for fault in caught.value.faults} == {"text", "voice"}
    assert not Take.objects.exists()
    assert not Event.objects.exists()


def test_what_the_budget_does_not_cover_waits_and_is_let_in_in_order(
    cast: SimpleNamespace, line: Line
) -> None:
    set_project_budget(cast.owner, project=cast.project, budget=Decimal("0.05"))
    batch = request_sweep(cast.owner, line=line, engine="segmind", plan=plan_sweep(many=5))
    waits = list(Job.objects.order_by("turn").values_list("waits", flat=True))
    assert waits == ["", "", Waits.BUDGET, Waits.BUDGET, Waits.BUDGET], "2 × $0.021 fit"

    set_project_budget(cast.owner, project=cast.project, budget=Decimal("0.07"))

    waits = list(Job.objects.order_by("turn").values_list("waits", flat=True))
    assert waits == ["", "", "", Waits.BUDGET, Waits.BUDGET]
    numbers = Take.objects.filter(batch=batch, job__waits="").values_list("number", flat=True)
    assert sorted(numbers) == [1, 2, 3]


def test_a_single_take_asked_for_after_a_sweep_comes_right_after_its_first(
    cast: SimpleNamespace, line: Line
) -> None:
    request_sweep(cast.producer, line=line, engine="draft", plan=plan_sweep(many=50))
    [single] = request_takes(cast.producer, line=line, engine="draft")
    order = list(Job.objects.order_by("turn", "pk").values_list("take", flat=True))
    assert order.index(single.pk) <= 2


def test_a_stop_cancels_what_waits_marks_what_is_made_and_says_what_is_charged(
    cast: SimpleNamespace, line: Line
) -> None:
    plan = plan_sweep(seeds=[1, 2, 3, 4, 5, 6, 7])
    batch = request_sweep(cast.producer, line=line, engine="segmind", plan=plan)
    jobs = list(Job.objects.order_by("turn"))
    reached = (
        JobState.RUNNING, JobState.SUBMITTING, JobState.DOWNLOADING, JobState.FAILED,
        JobState.CLAIMED,
    )  # fmt: skip
    for job, state in zip(jobs, reached, strict=False):
        owner = "" if state == JobState.FAILED else "d"
        Job.objects.filter(pk=job.pk).update(
            state=state, owner=owner, request_id="r", epoch=3, submit_started_at=timezone.now()
        )
        Take.objects.filter(job=job.pk).update(state=state)

    stopped = stop_sweep(cast.producer, batch=batch, then=Cancel.DISCARD)

    assert (stopped.cancelled, stopped.marked) == (3, 3)
    assert stopped.sentence == (
        "The sweep is stopped. 3 takes are cancelled; nothing is charged for them."
        " 3 takes are being made already and will be charged; their results are thrown away."
    )
    states = Counter(batch.takes.values_list("state", flat=True))
    assert states == {"cancelled": 3, "running": 1, "submitting": 1, "downloading": 1, "failed": 1}
    assert set(Job.objects.exclude(cancel="").values_list("state", flat=True)) == {
        "running", "submitting", "downloading",
    }  # fmt: skip
    fenced = Job.objects.get(pk=jobs[4].pk)
    assert (fenced.state, fenced.epoch, fenced.owner) == (JobState.CANCELLED, 4, "")
    assert Job.objects.filter(state="cancelled", amount=0, charged="no").count() == 3
    batch.refresh_from_db()
    assert batch.stopped_at is not None
    verbs = Event.objects.values_list("verb", flat=True)
    assert Counter(verbs) == {"sweep asked for": 1, "sweep stopped": 1}
    told = activity.page(cast.project, {}).entries[0].sentence
    assert told == "bea stopped a sweep of line 1: 3 not sent any more, 3 being made already"


def test_a_stop_without_a_choice_keeps_what_is_being_made(
    cast: SimpleNamespace, line: Line
) -> None:
    batch = factories.make_sweep(line, state=JobState.RUNNING)
    stopped = stop_sweep(cast.owner, batch=batch)
    assert set(Job.objects.values_list("cancel", flat=True)) == {Cancel.KEEP}
    assert stopped.sentence == (
        "The sweep is stopped. 4 takes are being made already; their results are kept."
    ), "the draft voice costs nothing"
    with pytest.raises(WrongState):
        stop_sweep(cast.owner, batch=batch, then=Cancel.DISCARD)


def test_a_stop_makes_room_in_the_budget_for_others(cast: SimpleNamespace, line: Line) -> None:
    set_project_budget(cast.owner, project=cast.project, budget=Decimal("0.05"))
    batch = request_sweep(cast.owner, line=line, engine="segmind", plan=plan_sweep(many=2))
    [single] = request_takes(cast.owner, line=line, engine="segmind")
    assert single.job is not None
    assert single.job.waits == Waits.BUDGET
    stop_sweep(cast.owner, batch=batch)
    assert Job.objects.get(pk=single.job.pk).waits == ""


def test_a_finished_sweep_cannot_be_stopped(cast: SimpleNamespace, line: Line) -> None:
    batch = factories.make_sweep(line)
    with pytest.raises(WrongState, match="nothing to stop"):
        stop_sweep(cast.owner, batch=batch)
    assert not Event.objects.exists()
