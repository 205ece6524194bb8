"""Limits of an account that two drivers work for, judged by what the provider saw."""

from __future__ import annotations

from tests.crash.conftest import DRIVER, Stage
from tests.studio_process import wait_until
from tests.upstream.client import Upstream

PER_MINUTE, BURST = 300, 20
WINDOW = 3
LATENCY = 0.3


def test_two_drivers_together_keep_to_the_window_and_the_limit(
    stage: Stage, upstream: Upstream
) -> None:
    upstream.set(job_seconds=[0.2, 0.4], output_seconds=1.0)
    upstream.rule("submit", "delay", times=None, seconds=LATENCY)
    scene = stage(
        SEGMIND_SUBMITS_PER_MINUTE=str(PER_MINUTE), SEGMIND_SUBMIT_WINDOW=str(WINDOW),
        DRIVER_SLICE_SECONDS="20",
    )  # fmt: skip
    scene.studio.launch(*DRIVER)
    scene.ask_for(40)
    scene.wake()
    wait_until(lambda: len(scene.living_drivers()) == 2, what="both drivers are at work")

    scene.wait_until_settled()
    scene.check(most_unknown=0)
    moments = sorted(post["at"] for post in upstream.log().submits())
    assert len(moments) == 40
    under_way = max(sum(at <= other < at + LATENCY for other in moments) for at in moments)
    assert under_way <= WINDOW
    for first in range(len(moments)):
        for last in range(first, len(moments)):
            passed = moments[last] - moments[first]
            assert last - first + 1 <= BURST + passed * PER_MINUTE / 60 + 1
