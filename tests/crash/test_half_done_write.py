"""A host that vanished in the middle of a transaction: PostgreSQL may keep its locks for long."""

from __future__ import annotations

from pathlib import Path

from tests.servers import postgres_database
from tests.studio_process import Studio

TAKE_OVER = """
    from django.db import connection, transaction
    from django.db.models.functions import Now
    from datetime import timedelta
    from speech.jobs import claim
    from speech.jobs.lease import Lease
    from speech.models import DriverLease, Job
    from tests import factories

    line = factories.make_line(factories.make_project())
    dead, vanished, lease = (Lease(seconds=60) for _ in range(3))
    for one in (dead, vanished, lease):
        one.acquire()
    DriverLease.objects.exclude(owner=lease.owner).update(until=Now() - timedelta(seconds=1))
    jobs = {}
    for owner in (dead.owner, vanished.owner):
        take = factories.make_take(line, state="running", engine="segmind")
        Job.objects.filter(take=take).update(owner=owner)
        jobs[owner] = take.job_id
    half_done = connection.copy()
    half_done.set_autocommit(False)
    half_done.cursor().execute(
        "UPDATE speech_driverlease SET pid = 0 WHERE owner = %s", [vanished.owner]
    )

    def adopt():
        with transaction.atomic():
            connection.cursor().execute("SET LOCAL statement_timeout = 2000")
            works = claim.adopt(lease, engines=frozenset({"segmind"}), free=frozenset())
        return [work.pk for work in works]

    first = adopt() == [jobs[dead.owner]]
    half_done.rollback()  # what the server does once it notices
    half_done.close()
    result = [first, adopt() == [jobs[vanished.owner]]]
"""


def test_it_takes_over_from_others_meanwhile_and_from_that_one_later(
    prepared: Path, prepared_postgres: str
) -> None:
    with postgres_database(like=prepared_postgres) as url:
        studio = Studio({"DATABASE_URL": url}, programs=(), prepared=prepared)
        try:
            studio.start()
            assert studio.run_python(TAKE_OVER) == [True, True]
        finally:
            studio.stop()
