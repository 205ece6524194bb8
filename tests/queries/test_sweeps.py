from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from speech.models import Batch, EngineState, Job, Line, Take
from speech.plans import check
from speech.queries import sweeps as queries
from speech.states import Charged, JobState, Waits
from tests import factories

pytestmark = pytest.mark.django_db

PRICE = Decimal("0.021")


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    return factories.make_line(cast.project)


def grid(batch: Batch) -> queries.Grid:
    line = queries.first_take(batch).line
    return queries.grid(queries.plan_of(batch), queries.cards(batch, line))


def seeds_in(found: queries.Grid) -> list[list[list[int]]]:
    return [[[card.take.seed for card in cell.cards] for cell in row.cells] for row in found.rows]


# --- before ---


@pytest.mark.parametrize(
    ("room", "fit", "wait"),
    [("1.20", 24, 0), ("0.05", 2, 22), ("0.02", 0, 24), (None, 24, 0)],
)
def test_it_says_how_many_the_budget_covers(
    cast: SimpleNamespace, room: str | None, fit: int, wait: int
) -> None:
    plan = check(seeds=[1, 2, 3], axes=[("temperature", [0.5, 0.7, 0.9, 1.1]), ("top_p", [0.8, 1])])
    left = None if room is None else Decimal(room)
    found = queries.outlook(cast.project, plan, engine="segmind", price=PRICE, room=left)
    assert (found.count, found.fit, found.wait) == (24, fit, wait)
    assert found.price == Decimal("0.504")


def test_a_draft_costs_nothing_so_that_no_budget_limits_it(cast: SimpleNamespace) -> None:
    plan = check(seeds=[1, 2])
    found = queries.outlook(cast.project, plan, engine="draft", price=Decimal(0), room=Decimal(0))
    assert (found.price, found.fit, found.room) == (Decimal(0), 2, None)


def test_it_warns_of_a_paused_engine_and_of_knobs_that_change_nothing(
    cast: SimpleNamespace,
) -> None:
    EngineState.objects.create(
        key="segmind", paused_at=timezone.now(), pause_sentence="The key was refused."
    )
    plan = check(seeds=[1], axes=[("min_p", [0, 0.1]), ("top_p", [0.8, 1])])
    found = queries.outlook(cast.project, plan, engine="segmind", price=PRICE, room=None)
    assert found.held is not None
    assert found.held.why == "The key was refused."
    [silent] = found.silent
    assert silent.startswith("Min-p: No effect")
    draft = queries.outlook(cast.project, plan, engine="draft", price=Decimal(0), room=None)
    assert not draft.silent
    assert draft.held is None


# --- grid ---


def test_two_knobs_are_rows_and_columns_with_the_seeds_inside(line: Line) -> None:
    axes = (("temperature", (0.5, 0.9)), ("top_p", (0.8, 0.9, 1.0)))
    found = grid(factories.make_sweep(line, seeds=(7, 8), axes=axes))
    assert (found.row_name, found.column_name) == ("Temperature", "Top-p")
    assert [row.label for row in found.rows] == ["0.5", "0.9"]
    assert found.columns == ["0.8", "0.9", "1"]
    assert seeds_in(found) == [[[7, 8]] * 3] * 2
    assert found.rows[1].cells[2].label == "temperature 0.9, top-p 1"
    cell = found.rows[1].cells[0].cards
    assert {(card.take.temperature, card.take.top_p) for card in cell} == {(0.9, 0.8)}


def test_one_knob_and_few_seeds_stand_side_by_side(line: Line) -> None:
    found = grid(factories.make_sweep(line, seeds=(7, 8)))
    assert (found.columns, found.column_name) == (["7", "8"], "Seed")
    assert seeds_in(found) == [[[7], [8]]] * 2
    assert not found.seeds_inside


def test_one_knob_and_many_seeds_share_a_cell(line: Line) -> None:
    seeds = tuple(range(1, 9))
    found = grid(factories.make_sweep(line, seeds=seeds))
    assert not found.columns
    assert seeds_in(found) == [[list(seeds)]] * 2


def test_seeds_alone_are_one_cell(line: Line) -> None:
    found = grid(factories.make_sweep(line, seeds=(3, 1, 2), axes=()))
    assert seeds_in(found) == [[[3, 1, 2]]]
    assert not found.row_name


# --- progress ---


def test_it_counts_by_state_and_names_why_some_wait(line: Line) -> None:
    line.project.budget = Decimal("0.10")
    batch = factories.make_sweep(line, seeds=range(1, 11), axes=(), state=JobState.QUEUED)
    batch.project = line.project
    rows = list(batch.takes.order_by("pk"))
    for take, state in zip(
        rows, [JobState.FAILED, JobState.UNKNOWN, JobState.RUNNING], strict=False
    ):
        Take.objects.filter(pk=take.pk).update(state=state)
    Job.objects.filter(take__in=rows[8:]).update(waits=Waits.BUDGET)
    EngineState.objects.create(key="draft", paused_at=timezone.now(), pause_sentence="Broken.")
    found = queries.progress(batch)
    assert (found.total, found.failed, found.in_doubt, found.being_made) == (10, 1, 1, 1)
    assert (found.waiting, found.over_budget, found.live, found.finished) == (7, 2, 8, 2)
    assert [(many, reason.cure) for many, reason in found.reasons] == [(5, "engine"), (2, "budget")]
    assert found.title == "2 of 10 takes"
    assert found.left_seconds is None


def test_rate_and_time_left_come_from_the_last_minutes(line: Line) -> None:
    now = timezone.now()
    batch = factories.make_sweep(line, seeds=range(1, 21), axes=(), state=JobState.QUEUED)
    Take.objects.update(created_at=now - timedelta(minutes=10))
    done = list(batch.takes.order_by("pk").values_list("pk", flat=True))[:12]
    sound = {"audio": "takes/a.flac", "sha256": "a" * 64, "duration": 1.0}
    Take.objects.filter(pk__in=done).update(
        state=JobState.DONE, finished_at=now - timedelta(minutes=8), **sound
    )
    assert queries.progress(batch, now=now).rate is None, "nothing was finished lately"
    Take.objects.filter(pk__in=done[4:]).update(finished_at=now - timedelta(seconds=30))
    found = queries.progress(batch, now=now)
    assert found.rate == pytest.approx(4.0), "8 in two minutes"
    assert found.left_seconds == pytest.approx(120), "8 are left"
    assert list(found.first_done) == done[:8]
    assert found.board == "&".join(f"take={pk}" for pk in done[:8])


def test_it_adds_up_what_was_charged_and_what_is_reserved(line: Line) -> None:
    batch = factories.make_sweep(line, seeds=range(1, 7), axes=(), engine="segmind")
    jobs = list(Job.objects.order_by("pk"))
    figures = [
        ("done", Charged.YES, "0.02", ""),
        ("failed", Charged.NO, "0", ""),
        ("cancelled", Charged.YES, "0.03", ""),
        ("unknown", Charged.MAYBE, "0.021", ""),
        ("queued", Charged.NO, "0.021", ""),
        ("queued", Charged.NO, "0.021", Waits.BUDGET),
    ]
    for job, (state, charged, amount, waits) in zip(jobs, figures, strict=True):
        Job.objects.filter(pk=job.pk).update(
            state=state, charged=charged, amount=amount, waits=waits
        )
    found = queries.progress(batch)
    assert found.spent == Decimal("0.071")
    assert found.reserved == Decimal("0.021")


def test_it_asks_as_often_for_many_takes_as_for_few(
    line: Line, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    EngineState.objects.create(key="draft", paused_at=timezone.now(), pause_sentence="No.")
    for many in (6, 60):
        batch = factories.make_sweep(line, seeds=range(1, many + 1), axes=(), state=JobState.QUEUED)
        with django_assert_num_queries(4):
            queries.progress(batch)


def test_sweeps_of_a_project_are_listed_newest_first(
    line: Line, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(queries.LISTED + 2):
        last = factories.make_sweep(line, axes=())
    with django_assert_num_queries(2):
        rows, older = queries.rows(line.project)
    assert (rows[0].batch, rows[0].done, rows[0].live) == (last, 2, 0)
    assert rows[0].plan.phrase == "2 seeds = 2 takes"
    rest, none = queries.rows(line.project, before=older)
    assert (len(rest), none) == (2, None)
    Line.objects.update(deleted_at=timezone.now(), position=9)
    assert queries.rows(line.project) == ([], None)
