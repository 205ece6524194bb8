"""Sums against rows that were made by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from speech.models import Balance, Job, Line, Review
from speech.queries.budgets import Standing, standing, waiting
from speech.queries.spending import Amount, Period, Spend, spend, tries
from speech.services.keys import make_key
from speech.services.lines import delete_line
from speech.states import JobState, ReviewState
from tests import factories

CENT = Decimal("0.01")
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    return factories.make_line(cast.project)


def job(
    line: Line, state: JobState, *, cents: int, at: datetime = NOON, engine: str = "segmind",
    **more: Any,
) -> Job:  # fmt: skip
    take = factories.make_take(line, state=state, engine=engine)
    Job.objects.filter(take=take).update(amount=cents * CENT, created_at=at, **more)
    type(take).objects.filter(pk=take.pk).update(created_at=at)
    return Job.objects.get(take=take)


def paid(line: Line, *, cents: int, **more: Any) -> Job:
    return job(line, JobState.DONE, cents=cents, charged="yes", **more)


def parts(found: Spend, by: str) -> dict[str, tuple[int, int, int]]:
    """Label → takes, cents spent, cents in doubt."""
    [breakdown] = [one for one in found.breakdowns if one.by.startswith(by)]
    return {
        part.label: (part.takes, int(part.spent / CENT), int(part.doubt / CENT))
        for part in breakdown.parts
    }


def test_it_sums_up_by_project_person_key_engine_and_day(cast: SimpleNamespace, line: Line) -> None:
    other = factories.make_line(factories.make_project(name="Autumn film"))
    key = make_key(cast.owner, project=cast.project, name="CI").key
    paid(line, cents=3, asked_by=cast.owner)
    paid(line, cents=4, asked_by=cast.owner, at=NOON + timedelta(days=1))
    paid(line, cents=5, key=key)
    paid(other, cents=20, asked_by=cast.producer)
    job(other, JobState.UNKNOWN, cents=2, charged="maybe", asked_by=cast.producer)
    job(line, JobState.DONE, cents=0, engine="draft")

    found = spend(Period())

    assert (found.total.spent, found.total.takes) == (32 * CENT, 6)
    assert found.doubt == Amount(count=1, amount=2 * CENT)
    assert parts(found, "Project") == {"Autumn film": (2, 20, 2), "Skyline": (4, 12, 0)}
    assert parts(found, "Person") == {
        "bea": (2, 20, 2), "ada": (2, 7, 0), "CI": (1, 5, 0), "The studio itself": (1, 0, 0),
    }  # fmt: skip
    assert parts(found, "Engine") == {
        "Chatterbox Turbo (Segmind)": (5, 32, 2), "Draft voice": (1, 0, 0),
    }  # fmt: skip
    assert parts(found, "Day") == {"Wed 11 Mar 2026": (1, 4, 0), "Tue 10 Mar 2026": (5, 28, 2)}


def test_a_project_is_summed_up_alone(cast: SimpleNamespace, line: Line) -> None:
    other = factories.make_line(factories.make_project(name="Autumn film"))
    paid(line, cents=3)
    paid(other, cents=20)
    Balance.objects.create(engine="segmind", day=NOON.date(), credits=7.0, at=NOON)

    found = spend(Period(), project=cast.project, standing=standing(cast.project))

    assert found.total.spent == 3 * CENT
    assert [one.by for one in found.breakdowns] == ["Person or API key", "Engine", "Day"]
    assert not found.balances, "the balance is the studio's"
    assert [one.amount for one in tries(Period(), project=cast.project)] == [3 * CENT]


def test_a_day_is_the_studios_own(line: Line, settings: Settings) -> None:
    evening = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    paid(line, cents=3, at=evening)
    for zone, day in (("Europe/Berlin", "Wed 11"), ("America/Lima", "Tue 10")):
        with timezone.override(zone):
            assert list(parts(spend(Period()), "Day")) == [f"{day} Mar 2026"]
            till = Period(since=date(2026, 3, 1), until=date(2026, 3, 10))
            assert spend(till).total.takes == (1 if day == "Tue 10" else 0)


def test_a_zone_that_is_not_whole_hours_away_is_cut_right_too(line: Line) -> None:
    for minute, cents in ((14, 1), (16, 2)):
        paid(line, cents=cents, at=datetime(2026, 3, 10, 18, minute, tzinfo=UTC))
    with timezone.override("Asia/Kathmandu"):  # midnight at 18:15
        assert parts(spend(Period()), "Day") == {
            "Wed 11 Mar 2026": (1, 2, 0), "Tue 10 Mar 2026": (1, 1, 0),
        }  # fmt: skip


def test_a_long_time_is_told_by_months(line: Line) -> None:
    paid(line, cents=1, at=NOON)
    paid(line, cents=2, at=NOON + timedelta(days=2))
    paid(line, cents=4, at=NOON + timedelta(days=100))
    assert parts(spend(Period()), "Month") == {"June 2026": (1, 4, 0), "March 2026": (2, 3, 0)}


def test_what_is_reserved_and_what_waits_is_of_now(cast: SimpleNamespace, line: Line) -> None:
    job(line, JobState.QUEUED, cents=2)
    job(line, JobState.RUNNING, cents=2)
    job(line, JobState.DOWNLOADING, cents=3, charged="yes")
    job(line, JobState.QUEUED, cents=2, waits="budget")
    job(line, JobState.QUEUED, cents=2, waits="key_budget")
    job(line, JobState.RUNNING, cents=0, engine="draft")
    never = Period(since=date(2020, 1, 1), until=date(2020, 1, 2))
    for found in (
        spend(never),
        spend(never, project=cast.project, standing=standing(cast.project)),
    ):
        assert found.reserved == Amount(count=2, amount=4 * CENT)
        assert found.waiting == Amount(count=2, amount=4 * CENT)
        assert found.total.takes == 0


def test_it_says_what_failed_and_what_was_thrown_away(line: Line) -> None:
    job(line, JobState.FAILED, cents=0, error_code="generation_failed")
    job(line, JobState.FAILED, cents=2, charged="yes", error_code="not_audio")
    job(line, JobState.CANCELLED, cents=2, charged="yes", error_code="cancelled")
    job(line, JobState.CANCELLED, cents=0, error_code="cancelled")
    found = spend(Period())
    assert found.failed == Amount(count=2, amount=2 * CENT)
    assert found.discarded == Amount(count=1, amount=2 * CENT)
    assert found.total.spent == 4 * CENT


def test_a_second_of_approved_takes_has_a_cost(cast: SimpleNamespace, line: Line) -> None:
    assert spend(Period()).per_second is None
    for seconds, state in ((10.0, ReviewState.APPROVED), (7.0, ReviewState.WAITING)):
        take = paid(line, cents=20).take
        type(take).objects.filter(pk=take.pk).update(duration=seconds)
        Review.objects.create(take=take, line=line, project=cast.project, state=state)
    gone = factories.make_line(cast.project)
    late = paid(gone, cents=10).take
    Review.objects.create(take=late, line=gone, project=cast.project, state=ReviewState.APPROVED)
    delete_line(cast.owner, line=gone)

    found = spend(Period())

    assert (found.approved, found.approved_seconds) == (1, 10.0)
    assert found.per_second == Decimal("0.05"), "fifty cents for ten seconds"
    assert spend(Period(since=date(2026, 4, 1))).approved == 0


def test_the_balance_is_told_day_by_day_with_what_changed(db: None) -> None:
    for day, left in ((1, 10.0), (2, 8.5), (4, 28.5)):
        at = NOON.replace(day=day)
        Balance.objects.create(engine="segmind", day=at.date(), credits=left, at=at)
    rows = spend(Period()).balances
    assert [(row.day.day, row.credits, row.change) for row in rows] == [
        (4, 28.5, 20.0), (2, 8.5, -1.5), (1, 10.0, None),
    ]  # fmt: skip
    some = spend(Period(since=date(2026, 3, 2), until=date(2026, 3, 3))).balances
    assert [(row.day.day, row.change) for row in some] == [(2, -1.5)]


def test_it_asks_as_often_for_many_jobs_as_for_few(
    cast: SimpleNamespace, line: Line, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    counts = []
    for many in (2, 6):
        for number in range(many):
            person = factories.make_user()
            project = factories.make_project(name=f"Film {number}")
            at = NOON + timedelta(days=number)
            paid(factories.make_line(project), cents=2, asked_by=person, at=at)
        with django_assert_max_num_queries(9) as seen:
            spend(Period())
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_how_a_project_stands_with_its_budget(cast: SimpleNamespace, line: Line) -> None:
    assert standing(cast.project) == Standing(budget=None)
    cast.project.budget = Decimal("0.50")
    paid(line, cents=20)
    job(line, JobState.UNKNOWN, cents=2, charged="maybe")
    job(line, JobState.RUNNING, cents=2)
    job(line, JobState.QUEUED, cents=2, waits="budget")
    job(line, JobState.FAILED, cents=0)
    found = standing(cast.project)
    assert (found.spent, found.doubt, found.reserved) == (20 * CENT, 2 * CENT, 2 * CENT)
    assert (found.used, found.left) == (24 * CENT, 26 * CENT)
    assert (found.waits, found.waits_for) == (1, 2 * CENT)
    cast.project.budget = Decimal("0.10")
    assert standing(cast.project).left == 0
    assert standing(cast.project).is_over


def test_what_waits_for_budget_is_counted_with_who_can_let_it_go_on(
    cast: SimpleNamespace, line: Line
) -> None:
    assert waiting(cast.project) is None
    job(line, JobState.QUEUED, cents=2)
    job(line, JobState.QUEUED, cents=2, waits="clip")
    assert waiting(cast.project) is None
    job(line, JobState.QUEUED, cents=2, waits="key_budget")
    found = waiting(cast.project)
    assert found is not None
    assert (found.count, found.amount, found.by_key, found.by_project) == (1, 2 * CENT, True, False)
    job(line, JobState.QUEUED, cents=2, waits="budget")
    found = waiting(cast.project)
    assert found is not None
    assert (found.count, found.by_project, found.owners) == (2, True, ["ada"])
