"""Two drivers on one database that stay up for many tests, and a record of who took over when.

A trigger in the database notes each row that changes hands, with the clock's time at that moment:
no observer has to be fast enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.crash.conftest import DRIVER, segmind_at
from tests.crash.scene import Scene
from tests.studio_process import Studio, wait_until
from tests.upstream.client import Upstream

LEASE = 2
RECORD = """
    from django.db import connection
    statements = {
        "sqlite": [
            "CREATE TABLE taken_over (job INTEGER, dead TEXT, at REAL)",
            "CREATE TRIGGER note_taken_over AFTER UPDATE OF epoch ON speech_job"
            " WHEN OLD.owner <> '' AND NEW.epoch > OLD.epoch BEGIN INSERT INTO taken_over"
            " VALUES (NEW.id, OLD.owner, (julianday('now') - 2440587.5) * 86400.0); END",
        ],
        "postgresql": [
            "CREATE TABLE taken_over (job bigint, dead text, at float)",
            "CREATE FUNCTION note_taken_over() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " INSERT INTO taken_over"
            " VALUES (NEW.id, OLD.owner, extract(epoch FROM clock_timestamp()));"
            " RETURN NULL; END $$",
            "CREATE TRIGGER note_taken_over AFTER UPDATE ON speech_job FOR EACH ROW"
            " WHEN (OLD.owner <> '' AND NEW.epoch > OLD.epoch)"
            " EXECUTE FUNCTION note_taken_over()",
        ],
    }
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)
"""
CLEAR = """
    from django.db import connection
    from django.db.models.functions import Now
    from speech.models import DriverLease, EngineState, Project
    Project.objects.all().delete()
    EngineState.objects.all().delete()
    DriverLease.objects.filter(until__lte=Now()).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM taken_over")
"""
DEAD = """
    from django.db.models.functions import Now
    from speech.models import DriverLease, Job
    result = []
    for owner in DriverLease.objects.filter(until__lte=Now()).values_list("owner", flat=True):
        result.append([owner, Job.objects.filter(owner=owner).count()])
"""
TAKEN_OVER = """
    from django.db import connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT at FROM taken_over WHERE dead = %s", [given["dead"]])
        result = [at for at, in cursor.fetchall()]
"""
RUNNING = "from speech.models import Job; result = Job.objects.filter(state='running').count()"
PID_OF = """
    from speech.models import DriverLease, Job
    job = Job.objects.get(take__text=given["text"])
    result = DriverLease.objects.get(owner=job.owner).pid
"""


@dataclass(kw_only=True)
class Pair(Scene):
    """A scene with two drivers at work and places where one of them can be made to die."""

    places: Path

    def clear(self) -> None:
        """As if nothing had happened before."""
        for armed in self.places.iterdir():
            armed.unlink()
        self.studio.run_python(CLEAR)
        self.asked = 0

    def keep_both_busy(self, *, count: int = 2) -> None:
        """Takes that render until told to finish, so that both drivers are at work."""
        self.upstream.set(job_seconds=[600, 600])
        self.ask_for(count)
        self.wait_until_running(count)
        wait_until(self._two_are_at_work, what="two drivers are at work", every=0.5)

    def _two_are_at_work(self) -> bool:
        if len(self.living_drivers()) >= 2:
            return True
        self.wake()  # again, since the one at work may have taken the last wake-up
        return False

    def wait_until_running(self, count: int) -> None:
        wait_until(
            lambda: self.studio.run_python(RUNNING) == count, what=f"{count} takes are rendering"
        )

    def arm(self, place: str) -> None:
        (self.places / f"{place}@1").touch()

    def wait_until_struck(self) -> float:
        """The moment at which a process died of an armed place, in seconds since 1970."""
        wait_until(lambda: not any(self.places.iterdir()), what="somebody came to the place")
        return self.places.stat().st_mtime

    def pid_of(self, text: str) -> int:
        """The process of the driver that holds the take with this text."""
        pid: int = self.studio.run_python(PID_OF, text=text)
        return pid

    def wait_until_taken_over(self) -> list[float]:
        """When each row of the driver that died went to another, in seconds since 1970."""
        dead: list[tuple[str, int]] = []

        def nothing_is_theirs() -> bool:
            dead[:] = self.studio.run_python(DEAD)
            return bool(dead) and all(rows == 0 for _, rows in dead)

        wait_until(nothing_is_theirs, what="its rows have been taken over", within=20)
        [(owner, _)] = dead
        moments: list[float] = self.studio.run_python(TAKEN_OVER, dead=owner)
        return moments


@contextmanager
def two_drivers(places: dict[str, str], *, upstream: Upstream, prepared: Path) -> Iterator[Pair]:
    """A studio of two driver processes. Their submit window is one, so that exactly what is being
    sent in the moment of a crash is in doubt, and nothing else."""
    env = {
        **segmind_at(upstream), **places,
        "DRIVER_LEASE_SECONDS": str(LEASE),
        "DRIVER_SLICE_SECONDS": "60",
        "SEGMIND_SUBMIT_WINDOW": "1",
    }  # fmt: skip
    studio = Studio(env, programs=(DRIVER, DRIVER), prepared=prepared)
    failpoints = studio.data_dir / "failpoints"
    failpoints.mkdir()
    studio.environment["TAKEROOM_FAILPOINTS"] = str(failpoints)
    try:
        studio.start()
        studio.run_python(RECORD)
        yield Pair(studio=studio, upstream=upstream, places=failpoints)
    finally:
        studio.stop()
