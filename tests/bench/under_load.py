"""The project page for people, while a thousand takes are in the making on SQLite."""

from __future__ import annotations

import time

from tests.bench.figures import Figure, percentile
from tests.bench.inflight_1000 import DRIVER, ENV, JOBS, LEFT, MAKE, behave
from tests.bench.person import sign_in
from tests.studio_process import Studio
from tests.upstream.client import Upstream

EVERY = 0.1
LOCKED = "database is locked"


def measure() -> list[Figure]:
    with Upstream() as upstream:
        behave(upstream)
        env = {**ENV, "SEGMIND_BASE_URL": upstream.url}
        with Studio(env, programs=(DRIVER, ("web",))) as studio:
            person = sign_in(studio)
            slug = studio.run_python(MAKE, many=JOBS)
            times, errors = [], 0
            while studio.run_python(LEFT):
                for path in (f"/p/{slug}/", f"/p/{person.slug}/"):
                    began = time.perf_counter()
                    errors += person.http.get(path).status_code != 200
                    times.append((time.perf_counter() - began) * 1000)
                person.generate(f"Words at {began}.", "draft")  # somebody also writes
                time.sleep(EVERY)
            errors += studio.output().count(LOCKED)
    return [
        Figure(
            name="page_p95_under_load", value=percentile(times, 95), unit="ms", n=len(times),
            target=200, note=f"median {percentile(times, 50):.0f}, slowest {max(times):.0f}",
        ),
        Figure(name="lock_errors", value=errors, unit="", n=len(times), target=0),
    ]  # fmt: skip
