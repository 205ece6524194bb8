from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import timezone

from speech.errors import BadInput, WrongState
from speech.models import ApiKey, Event
from speech.queries import activity
from speech.queries.keys import key_rows, unfinished
from speech.services.budgets import set_key_budget
from speech.services.keys import find_key, make_key, revoke_key
from speech.states import JobState, Waits
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_new_key_looks_like_segmind_s_and_only_its_hash_is_kept(cast: SimpleNamespace) -> None:
    issued = make_key(cast.owner, project=cast.project, name="  Render   farm ")
    assert issued.secret.startswith("SG_")
    assert len(issued.secret) == 19
    assert find_key(issued.secret) == issued.key
    assert issued.key.name == "Render farm"
    assert issued.secret.startswith(issued.key.hint)
    row = ApiKey.objects.values().get()
    assert issued.secret not in str(row)
    assert issued.secret not in repr(issued)
    assert issued.secret not in str(Event.objects.get(verb="api key made").data)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "at most 80"),
        ({"engine": "gramophone"}, "no engine"),
        ({"per_minute": 0}, "a minute"),
        ({"per_minute": 10_001}, "a minute"),
        ({"budget": Decimal("-1")}, "between"),
        ({"budget": Decimal("1.005")}, "whole cents"),
        ({"budget": Decimal("NaN")}, "between"),
    ],
)
def test_it_refuses_what_makes_no_sense(
    cast: SimpleNamespace, given: dict[str, object], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        make_key(cast.owner, project=cast.project, **{"name": "Farm", **given})  # type: ignore[arg-type]
    assert not ApiKey.objects.exists()


def test_a_revoked_key_opens_nothing_and_is_revoked_once(cast: SimpleNamespace) -> None:
    issued = make_key(cast.owner, project=cast.project, name="Farm")
    assert revoke_key(cast.owner, key=issued.key).revoked_at is not None
    assert find_key(issued.secret) is None
    with pytest.raises(WrongState, match="already"):
        revoke_key(cast.owner, key=issued.key)
    assert Event.objects.filter(verb="api key revoked").count() == 1


def test_the_activity_tells_it_once(cast: SimpleNamespace) -> None:
    key = make_key(cast.owner, project=cast.project, name="Farm").key
    set_key_budget(cast.owner, key=key, budget=Decimal("12.5"))
    changed, made = activity.page(cast.project, {}).entries
    assert made.sentence == "ada made the API key “Farm”"
    assert changed.sentence == (
        "ada changed the budget of the API key “Farm” from no limit to $12.50"
    )
    assert not changed.changes


def test_an_archived_project_gets_no_keys(cast: SimpleNamespace) -> None:
    cast.project.archived_at = timezone.now()
    cast.project.save()
    with pytest.raises(WrongState, match="archived"):
        make_key(cast.owner, project=cast.project, name="Farm")


def test_what_a_key_has_spent_is_told_without_what_waits_for_its_budget(
    cast: SimpleNamespace,
) -> None:
    key = factories.make_key(cast.project, budget=Decimal("0.05"))
    factories.make_key(cast.project, name="Other")
    line = factories.make_line(cast.project)
    done = factories.make_take(line, engine="segmind")
    waits = factories.make_take(line, state=JobState.QUEUED, engine="segmind")
    for take, amount, wait in ((done, "0.03", ""), (waits, "0.021", Waits.KEY_BUDGET)):
        take.job.key, take.job.amount, take.job.waits = key, Decimal(amount), wait
        take.job.save()
    other, row = key_rows(cast.project)
    assert (row.key, row.spent, row.takes, row.waiting) == (key, Decimal("0.03"), 2, 1)
    assert (other.spent, other.takes, other.waiting) == (Decimal(0), 0, 0)
    assert unfinished(key) == 1
    set_key_budget(cast.owner, key=key, budget=Decimal("1"))
    row = key_rows(cast.project)[1]
    assert (row.spent, row.waiting) == (Decimal("0.051"), 0)
    set_key_budget(cast.owner, key=key, budget=Decimal("0"))
    assert key_rows(cast.project)[1].is_over
