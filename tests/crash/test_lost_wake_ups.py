"""Messages that are lost, and workers that die while they wait for one: both cost time only."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import redis

from tests.crash.conftest import Stage
from tests.crash.scene import Scene
from tests.servers import redis_database
from tests.studio_process import WORKERS, Studio, wait_until
from tests.upstream.client import Upstream

DRIVERS_LIST = "django_q:driver:q"
IDLE = """
    from django.conf import settings
    from django_q.brokers import get_broker
    from speech.models import DriverLease, Heartbeat
    waiting = get_broker(list_key="driver").queue_size()
    beats = dict(Heartbeat.objects.values_list("name", "pid"))
    result = beats if "driver" in beats and not waiting and not DriverLease.objects.exists() else {}
"""
WAKE_DEFAULT = "from speech.background import enqueue; enqueue('speech.tasks.rewake_driver')"


def wait_until_idle(scene: Scene) -> dict[str, int]:
    """Until the driver has nothing to do and waits for a message; cluster → pid of its worker."""
    beats: dict[str, int] = {}

    def idle() -> bool:
        beats.clear()
        beats.update(scene.studio.run_python(IDLE))
        return bool(beats)

    wait_until(idle, what="the driver waits for a message", every=0.2)
    return beats


@pytest.mark.parametrize("stage", ["postgres"], indirect=True)
def test_a_take_whose_wake_up_was_lost_is_made_all_the_same(
    upstream: Upstream, stage: Stage, prepared: Path
) -> None:
    upstream.set(job_seconds=[0, 0], output_seconds=0.6)
    scene = stage(*WORKERS)
    wait_until_idle(scene)
    with redis_database() as nobodys:
        # Its messages go where no worker looks, and are gone.
        environment = {**scene.studio.environment, "REDIS_URL": nobodys}
        asking = Studio(environment, programs=(), prepared=prepared, data_dir=scene.studio.data_dir)
        Scene(studio=asking, upstream=upstream).ask_for(2)
        asking.stop()
        client = redis.Redis.from_url(nobodys)
        assert client.delete(DRIVERS_LIST) == 1, "there had been a wake-up"
        client.close()
    scene.asked = 2

    wait_until(lambda: scene.states() == {"done": 2}, what="both takes are done")
    scene.check(most_unknown=0)


def test_idle_workers_that_were_killed_are_replaced_by_the_watchdog(
    upstream: Upstream, stage: Stage
) -> None:
    """They die holding the lock of django-q2's queue: their successors would wait for ever."""
    upstream.set(job_seconds=[0, 0], output_seconds=0.6)
    scene = stage(*WORKERS, STALL_SECONDS="3")
    scene.studio.run_python(WAKE_DEFAULT)
    wait_until(lambda: {"driver", "default"} <= set(wait_until_idle(scene)), what="both had work")
    workers = wait_until_idle(scene)
    for pid in workers.values():
        os.kill(pid, signal.SIGKILL)

    scene.ask_for(2)

    wait_until(lambda: scene.states() == {"done": 2}, what="both takes are done")
    scene.check(most_unknown=0)
    assert "Restarting driver: due takes are not moving." in scene.studio.output()
