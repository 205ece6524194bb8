"""Memory of a driver with a hundred takes in flight: a short queue behind them, and a long one."""

from __future__ import annotations

from tests.bench.figures import Figure
from tests.bench.inflight_1000 import DRIVER, ENV, MAKE, Watch
from tests.studio_process import Studio
from tests.upstream.client import Upstream

SHORT, LONG = 300, 10_000
SENT = 250
"""Submits after which the driver has found its stride."""


def measure() -> list[Figure]:
    short, long = _megabytes(SHORT), _megabytes(LONG)
    return [
        Figure(
            name="queue_10k_memory_ratio", value=long / short, unit="×", n=1, target=1.1,
            note=f"{long:.0f} MB with {LONG} takes queued, {short:.0f} MB with {SHORT}",
        )
    ]  # fmt: skip


def _megabytes(queued: int) -> float:
    with Upstream() as upstream:
        upstream.set(job_seconds=[1.0, 2.0], output_seconds=1.0)
        env = {**ENV, "SEGMIND_BASE_URL": upstream.url, "SEGMIND_IN_FLIGHT": "100"}
        with Studio(env, programs=(DRIVER,)) as studio, Watch(studio) as watch:
            studio.run_python(MAKE, many=queued)
            upstream.wait_for("submit", count=SENT, timeout=120)
        return watch.most_memory / 1e6
