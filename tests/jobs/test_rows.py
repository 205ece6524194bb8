"""Many rows in one UPDATE write just what the ORM would have written, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from speech.checks import too_old
from tests.crash.conftest import places_of
from tests.studio_process import Studio

WRITE_BOTH_WAYS = """
from datetime import UTC, datetime
from decimal import Decimal
from django.db import connection
from django.test.utils import CaptureQueriesContext
from speech.jobs.rows import update_each
from speech.models import Job, Take
from speech.states import JobState
from tests import factories

line = factories.make_line(factories.make_project())
first, second = (
    [factories.make_take(line, state=JobState.QUEUED) for _ in range(60)] for _ in range(2)
)
moment = datetime(2026, 5, 17, 12, 30, 0, 123456, tzinfo=UTC)

def of_job(n):
    if n % 2:
        return {"state": JobState.RUNNING, "owner": "me", "request_id": f"r {n}",
                "accepted_at": moment}
    return {"state": JobState.FAILED, "error": "100 % 'quoted'", "amount": Decimal("0.001234"),
            "result": {"words": [["Hi", 0.5]], "n": n}, "accepted_at": None, "failures": n}

def of_take(n):
    return {"state": JobState.DONE, "audio": f"a/{n}.flac", "sha256": "0" * 64,
            "duration": 1.25 + n, "seed_used": n, "finished_at": moment,
            "words": [["Hi", 0.0, 0.5, 0, 2]], "measured": {"lufs": None}}

with CaptureQueriesContext(connection) as seen:
    update_each(Job, {take.job.pk: of_job(n) for n, take in enumerate(first)})
    update_each(Take, {take.pk: of_take(n) for n, take in enumerate(first)})
    update_each(Job, {})
    update_each(Job, {0: {"error": "nobody"}})
for n, take in enumerate(second):
    Job.objects.filter(pk=take.job.pk).update(**of_job(n))
    Take.objects.filter(pk=take.pk).update(**of_take(n))

def rows(model, takes, sample):
    names = sorted(sample)
    key = "take__in" if model is Job else "pk__in"
    mine = model.objects.filter(**{key: [take.pk for take in takes]})
    return [str(row) for row in mine.order_by("pk").values_list(*names)]

result = [
    connection.vendor, len(seen),
    rows(Job, first, {**of_job(0), **of_job(1)}) == rows(Job, second, {**of_job(0), **of_job(1)}),
    rows(Take, first, of_take(0)) == rows(Take, second, of_take(0)),
    Job.objects.filter(error="nobody").count(),
]
"""
TOO_LONG = """
from django.db import DataError, connection
from speech.jobs.rows import update_each
from speech.models import Job
from tests import factories
take = factories.make_take(factories.make_line(factories.make_project()))
try:
    update_each(Job, {take.job.pk: {"error_code": "x" * 500}})
    result = "cut off"
except DataError:
    result = "refused"
"""


@pytest.fixture(params=["sqlite", "postgres"])
def console(request: pytest.FixtureRequest) -> Iterator[Studio]:
    with (
        places_of(request.param, request) as places,
        Studio(places, programs=(), prepared=request.getfixturevalue("prepared")) as studio,
    ):
        yield studio


def test_they_are_written_as_the_orm_writes_them(console: Studio) -> None:
    vendor, statements, jobs, takes, strangers = console.run_python(WRITE_BOTH_WAYS)
    assert jobs, f"the jobs differ on {vendor}"
    assert takes, f"the takes differ on {vendor}"
    assert statements == 1 + 1 + 2 + 1, "one for each set of columns, at most fifty rows in each"
    assert strangers == 0


def test_a_text_that_is_too_long_is_not_cut_off(
    prepared_postgres: str, request: pytest.FixtureRequest
) -> None:
    with places_of("postgres", request) as places, Studio(places, programs=()) as studio:
        assert studio.run_python(TOO_LONG) == "refused"


def test_an_sqlite_that_is_too_old_is_named() -> None:
    assert too_old((3, 33, 0)) == []
    assert "SQLite 3.33 or newer is needed, and this Python brings 3.31.1." in str(
        too_old((3, 31, 1))[0]
    )
