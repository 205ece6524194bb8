"""kill -9 of the driver and all its descendants, and a polite stop, while takes are in flight."""

from __future__ import annotations

from tests.crash.conftest import DRIVER, Stage
from tests.crash.scene import WINDOW, Scene
from tests.upstream.client import Upstream


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


def test_it_leaves_nothing_in_doubt_when_asked_to_stop(stage: Stage, upstream: Upstream) -> None:
    upstream.set(job_seconds=[0.5, 1.0], output_seconds=1.0)
    upstream.rule("submit", "delay", times=None, seconds=0.3)
    scene = stage()
    scene.ask_for(20)

    upstream.wait_for("submit", count=4, timeout=30)
    scene.studio.stop_programs()
    assert scene.living_drivers() == {}, "the lease was handed back"
    scene.studio.start()

    scene.wait_until_settled()
    scene.check(most_unknown=0)


def kill_and_start_again(scene: Scene) -> None:
    """Nobody wakes the new driver: what the dead one held may have gone with it."""
    assert scene.studio.kill_workers() > 1
    scene.studio.launch(*DRIVER)
