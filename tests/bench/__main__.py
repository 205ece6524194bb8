from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.bench import (
    activity_100k,
    behind_sweep,
    board_8,
    draft_playable,
    front_door,
    idle_tabs,
    inflight_1000,
    live_update,
    measure_mp3,
    project_page,
    queue_growth,
    review_queue_10k,
    segmind_overhead,
    under_load,
)
from tests.bench.figures import Figure
from tests.bench.speed import ROUNDS, unit_seconds

BENCHES: dict[tuple[str, ...], Callable[[], list[Figure]]] = {
    ("draft_playable_p50", "draft_playable_p95"): draft_playable.measure,
    ("segmind_overhead_p50", "sdk_overhead_p50"): segmind_overhead.measure,
    ("project_page_p95_1k", "project_page_p95_100k"): project_page.measure,
    ("activity_100k_p95",): activity_100k.measure,
    ("board_8_p95",): board_8.measure,
    ("review_queue_10k_p95", "review_item_10k_p95"): review_queue_10k.measure,
    ("measure_30s_mp3",): measure_mp3.measure,
    ("idle_tabs_50_cpu",): idle_tabs.measure,
    ("live_update_p95",): live_update.measure,
    (
        "inflight_1000_ratio",
        "inflight_1000_floor",
        "inflight_1000_cpu",
        "inflight_1000_measuring_cpu",
        "inflight_1000_rss",
        "inflight_1000_polls_per_job",
        "naive_1000_estimate",
        "inflight_1000_busy_ratio",
    ): inflight_1000.measure,
    ("queue_10k_memory_ratio",): queue_growth.measure,
    ("single_behind_sweep_p95",): behind_sweep.measure,
    ("frontdoor_submit_rps", "frontdoor_status_p99"): front_door.measure,
    ("page_p95_under_load", "lock_errors"): under_load.measure,
}
OUTPUT = Path(__file__).resolve().parents[2] / "build" / "bench.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure.")
    parser.add_argument("name", nargs="*", help="only what has one of these in its name")
    wanted = parser.parse_args().name
    print(f"{'figure':<33}{'value':>10} {'unit':<9}{'n':>5}  target", flush=True)
    # First, as everything that is told in units needs it.
    figures = [Figure(name="unit_of_speed", value=unit_seconds(), unit="s CPU", n=ROUNDS)]
    print(figures[0].row(), flush=True)
    for names, measure in BENCHES.items():
        if wanted and not any(word in name for word in wanted for name in names):
            continue
        for figure in measure():
            for shown in figure.with_units():
                figures.append(shown)
                print(shown.row(), flush=True)
    OUTPUT.parent.mkdir(exist_ok=True)
    data = {"figures": [{k: asdict(f)[k] for k in ("name", "value", "unit", "n")} for f in figures]}
    OUTPUT.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


main()
