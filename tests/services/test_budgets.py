from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import transaction
from django_q.models import OrmQ

from speech.errors import BadInput
from speech.models import Batch, Event, Job, Line, Take
from speech.params import defaults
from speech.services import budgets
from speech.services.cancelling import cancel_take
from speech.services.doubts import dismiss_unknown
from speech.services.keys import IssuedKey, make_key
from speech.services.takes import Reading, lock_line, make_takes, request_takes
from speech.states import BatchKind, Charged, JobState, Waits
from tests import factories

pytestmark = pytest.mark.django_db
PRICE = Decimal("0.021")


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    cast.project.voice = factories.make_voice()
    cast.project.budget = Decimal("0.10")  # four takes and a bit
    cast.project.save()
    return factories.make_line(cast.project)


def ask(cast: SimpleNamespace, line: Line, *, count: int, engine: str = "segmind") -> list[Take]:
    return request_takes(cast.producer, line=line, engine=engine, count=count)


def waits() -> list[str]:
    return list(Job.objects.order_by("pk").values_list("waits", flat=True))


def test_what_does_not_fit_waits_with_the_reason(cast: SimpleNamespace, line: Line) -> None:
    ask(cast, line, count=6)
    assert waits() == ["", "", "", "", Waits.BUDGET, Waits.BUDGET]
    assert budgets.used(Job.objects.all()) == 4 * PRICE
    assert budgets.room_of_project(cast.project) == Decimal("0.016")
    assert Job.objects.actionable().count() == 4


def test_the_budget_counts_what_was_asked_for_before(cast: SimpleNamespace, line: Line) -> None:
    ask(cast, line, count=3)
    ask(cast, line, count=3)
    assert waits() == [""] * 4 + [Waits.BUDGET] * 2


def test_drafts_are_free_and_wait_for_nothing(cast: SimpleNamespace, line: Line) -> None:
    ask(cast, line, count=8)
    ask(cast, line, count=2, engine="draft")
    assert waits()[-2:] == ["", ""]
    assert Job.objects.filter(engine="draft", amount=0).count() == 2


def test_a_project_without_a_budget_has_no_limit(cast: SimpleNamespace, line: Line) -> None:
    cast.project.budget = None
    cast.project.save()
    ask(cast, line, count=8)
    assert set(waits()) == {""}
    assert budgets.room_of_project(cast.project) is None


def test_a_budget_of_nothing_lets_nothing_through(cast: SimpleNamespace, line: Line) -> None:
    budgets.set_project_budget(cast.owner, project=cast.project, budget=Decimal(0))
    ask(cast, line, count=1)
    assert waits() == [Waits.BUDGET]


def test_a_higher_budget_lets_in_what_fits_in_order(cast: SimpleNamespace, line: Line) -> None:
    takes = ask(cast, line, count=8)
    OrmQ.objects.all().delete()

    budgets.set_project_budget(cast.owner, project=cast.project, budget=Decimal("0.13"))

    assert waits() == [""] * 6 + [Waits.BUDGET] * 2
    assert OrmQ.objects.filter(key="driver").exists(), "the driver is woken"
    event = Event.objects.get(verb="budget changed")
    assert (event.data["old"], event.data["new"]) == ("$0.10", "$0.13")
    shown = Take.objects.filter(pk__in=[take.pk for take in takes[4:6]])
    assert {take.version for take in shown} == {cast.project.takes.latest("version").version}


def test_a_lower_budget_takes_back_nothing_that_was_let_in(
    cast: SimpleNamespace, line: Line
) -> None:
    ask(cast, line, count=4)
    budgets.set_project_budget(cast.owner, project=cast.project, budget=Decimal("0.02"))
    assert set(waits()) == {""}
    assert budgets.room_of_project(cast.project) == 0
    ask(cast, line, count=1)
    assert waits()[-1] == Waits.BUDGET


def test_what_was_cancelled_makes_room(cast: SimpleNamespace, line: Line) -> None:
    takes = ask(cast, line, count=5)
    cancel_take(cast.producer, take=takes[0])
    assert waits() == [""] * 5
    assert Job.objects.get(take=takes[0]).amount == 0


def test_what_cost_less_than_its_price_makes_room(cast: SimpleNamespace, line: Line) -> None:
    takes = ask(cast, line, count=5)
    Job.objects.filter(take__in=takes[:2]).update(
        state=JobState.DONE, amount=Decimal("0.01"), charged=Charged.YES
    )
    assert budgets.admit_everywhere() == 1
    assert waits() == [""] * 5


def test_what_may_have_been_charged_goes_on_counting(cast: SimpleNamespace, line: Line) -> None:
    [take] = ask(cast, line, count=1)
    Job.objects.update(state=JobState.UNKNOWN, charged=Charged.MAYBE)
    Take.objects.update(state=JobState.UNKNOWN)
    assert budgets.used(Job.objects.all()) == PRICE
    dismiss_unknown(cast.producer, take=take)
    assert budgets.used(Job.objects.all()) == PRICE


class TestKeys:
    @pytest.fixture
    def issued(self, cast: SimpleNamespace) -> IssuedKey:
        return make_key(cast.owner, project=cast.project, name="CI", budget=Decimal("0.05"))

    def call(self, line: Line, issued: IssuedKey, *, count: int) -> None:
        with transaction.atomic():
            line = lock_line(line)
            make_takes(
                None, line=line, engine="segmind", voice=line.project.voice, text=line.text,
                batch=Batch.objects.create(
                    project=line.project, kind=BatchKind.API, count=count
                ),
                readings=[Reading(seed=n + 1, tuning=defaults()) for n in range(count)],
                key=issued.key,
            )  # fmt: skip

    def test_a_key_has_a_budget_of_its_own(
        self, cast: SimpleNamespace, line: Line, issued: IssuedKey
    ) -> None:
        self.call(line, issued, count=5)
        assert waits() == ["", "", *[Waits.KEY_BUDGET] * 2, Waits.BUDGET]
        assert budgets.room_of_key(issued.key) == Decimal("0.008")

    def test_a_higher_one_lets_in_what_the_project_has_room_for(
        self, cast: SimpleNamespace, line: Line, issued: IssuedKey
    ) -> None:
        self.call(line, issued, count=6)
        budgets.set_key_budget(cast.owner, key=issued.key, budget=Decimal("5.00"))
        assert waits() == [""] * 4 + [Waits.BUDGET] * 2
        budgets.set_project_budget(cast.owner, project=cast.project, budget=None)
        assert waits() == [""] * 6


@pytest.mark.parametrize("budget", ["-1", "1000001", "0.001", "NaN", "Infinity"])
def test_it_refuses_what_cannot_be_a_budget(cast: SimpleNamespace, budget: str) -> None:
    with pytest.raises(BadInput):
        budgets.set_project_budget(cast.owner, project=cast.project, budget=Decimal(budget))
    assert not Event.objects.exists()
