"""Two drivers on one database, as on two hosts."""

from __future__ import annotations

import os
import signal

from tests.crash.conftest import DRIVER, Stage
from tests.crash.scene import Scene
from tests.studio_process import wait_until
from tests.upstream.client import Upstream

RUNNING = "from speech.models import Job; result = Job.objects.filter(state='running').count()"
CAN_WRITE = """
    from django.db import OperationalError, connection, transaction
    from speech.models import DriverLease
    try:
        with transaction.atomic():
            if connection.vendor == "sqlite":
                connection.cursor().execute("PRAGMA busy_timeout = 100")
                DriverLease.objects.filter(owner="nobody").update(pid=0)
            else:
                list(DriverLease.objects.select_for_update(nowait=True))
        result = True
    except OperationalError:
        result = False
"""


def begin(stage: Stage, upstream: Upstream) -> tuple[Scene, str, int]:
    """A first driver with ten takes rendering until told to finish; its owner name and pid."""
    upstream.set(job_seconds=[600, 600], output_seconds=1.0)
    scene = stage(DRIVER_SLICE_SECONDS="30")
    scene.ask_for(10)
    wait_until(lambda: scene.studio.run_python(RUNNING) == 10, what="ten takes are rendering")
    [(owner, pid)] = scene.living_drivers().items()
    return scene, owner, pid


def test_a_driver_that_was_stopped_wakes_up_to_find_itself_fenced_off(
    stage: Stage, upstream: Upstream
) -> None:
    scene, sleeper, pid = begin(stage, upstream)
    stop_between_commits(scene, pid)
    scene.studio.launch(*DRIVER)
    scene.wake()
    wait_until(
        lambda: all(job["owner"] not in {"", sleeper} for job in scene.jobs()),
        what="the second driver has taken over",
    )
    taken_over = {job["pk"]: (job["owner"], job["epoch"]) for job in scene.jobs()}

    upstream.finish()
    os.kill(pid, signal.SIGCONT)
    wait_until(
        lambda: "lost its lease" in scene.studio.output(), what="the first one noticed", within=20
    )
    assert {
        job["pk"]: (job["owner"], job["epoch"]) for job in scene.jobs() if job["owner"]
    }.items() <= taken_over.items()

    scene.wait_until_settled()
    scene.check(most_unknown=0)
    assert [job["downloads"] for job in upstream.log().jobs] == [1] * 10


def test_a_driver_woken_before_the_lease_of_a_dead_one_ran_out_still_takes_over(
    stage: Stage, upstream: Upstream
) -> None:
    scene, _, _ = begin(stage, upstream)
    [first] = scene.studio.processes[DRIVER]
    scene.studio.launch(*DRIVER)
    scene.wake()
    wait_until(lambda: len(scene.living_drivers()) == 2, what="the second driver is at work")

    scene.studio.kill(first)
    upstream.finish()

    scene.wait_until_settled()
    scene.check(most_unknown=0)


def stop_between_commits(scene: Scene, pid: int) -> None:
    """SIGSTOP; once more if it was caught inside a transaction, where SQLite would wait for it."""

    def stopped_well() -> bool:
        os.kill(pid, signal.SIGSTOP)
        if scene.studio.run_python(CAN_WRITE):
            return True
        os.kill(pid, signal.SIGCONT)
        return False

    wait_until(stopped_well, what="it was stopped between two commits")
