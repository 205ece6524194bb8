"""kill -9 of the driver and all its descendants, and a polite stop, while takes are in flight."""

from __future__ import annotations

import signal
from collections.abc import Callable

import psutil
import pytest

from tests.crash.conftest import DRIVER, Stage
from tests.crash.scene import WINDOW, Scene
from tests.running.studio import alive
from tests.studio_process import WORKERS, descendants, wait_until
from tests.upstream.client import Upstream

Whom = Callable[[int], list[psutil.Process]]
STOPS_WITHIN = 6.0
"""Seconds; the supervisor promises five."""


def the_process(pid: int) -> list[psutil.Process]:
    """The supervisor alone, as by `kill` or by systemd with `KillMode=mixed`."""
    return [psutil.Process(pid)]


def the_group(pid: int) -> list[psutil.Process]:
    """It and all its descendants at once, as by systemd with `KillMode=control-group`."""
    return [psutil.Process(pid), *descendants(pid)]


def test_it_loses_nothing_and_pays_nothing_twice_when_killed_again_and_again(
    stage: Stage, upstream: Upstream
) -> None:
    upstream.set(job_seconds=[0.5, 1.5], output_seconds=1.0)
    upstream.rule("submit", "delay", times=None, seconds=0.15)  # so that some are under way
    scene = stage()
    scene.ask_for(50)

    upstream.wait_for("submit", count=12, timeout=30)
    kill_and_start_again(scene)
    upstream.wait_for("submit", count=36, timeout=30)
    kill_and_start_again(scene)
    saved = upstream.log().hits.get("output", 0)
    upstream.wait_for("output", count=saved + 6, timeout=30)
    kill_and_start_again(scene)

    scene.wait_until_settled()
    scene.check(most_unknown=3 * WINDOW)


@pytest.mark.parametrize("whom", [the_process, the_group], ids=["process", "group"])
def test_it_stops_in_time_and_leaves_nothing_in_doubt_when_asked_to(
    stage: Stage, upstream: Upstream, whom: Whom
) -> None:
    upstream.set(job_seconds=[0.5, 1.0], output_seconds=1.0)
    upstream.rule("submit", "delay", times=None, seconds=0.5)  # so that some are under way
    scene = stage(*WORKERS)
    scene.ask_for(16)
    upstream.wait_for("submit", count=10, timeout=30)

    [supervisor] = scene.studio.processes[WORKERS[0]]
    family = descendants(supervisor.pid)
    for process in whom(supervisor.pid):
        process.send_signal(signal.SIGTERM)

    assert supervisor.wait(STOPS_WITHIN) == 0
    assert alive(family) == []
    assert scene.living_drivers() == {}, "the lease was handed back"
    assert not set(scene.states()) & {"claimed", "submitting", "unknown"}, scene.states()
    scene.studio.start()
    scene.wait_until_settled()
    scene.check(most_unknown=0)


def kill_and_start_again(scene: Scene) -> None:
    """Nobody wakes the new driver: what the dead one held may have gone with it."""
    wait_until(lambda: len(scene.studio.workers()) > 1, what="a driver runs")
    scene.studio.kill_workers()
    scene.studio.launch(*DRIVER)
