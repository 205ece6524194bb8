"""How long somebody's single take waits for its turn behind a sweep of five hundred.

From asking to the moment at which the provider sees the request, with the default window and a
limit of ten submits a second, so that the sweep is far from done when the last single is asked.
"""

from __future__ import annotations

import time

from tests.bench.figures import Figure, percentile
from tests.bench.inflight_1000 import DRIVER, MAKE
from tests.studio_process import Studio
from tests.upstream.client import KEY, Upstream

SWEEP = 500
SINGLES = 20
ASK = """
    from speech.models import Line, User
    from speech.services.takes import request_takes
    from tests import factories
    import time
    made = factories.make_project(owner=factories.make_user(), voice=factories.make_voice())
    line = factories.make_line(made, given["text"])
    result = time.time()
    request_takes(made.members.get(), line=line, engine="segmind")
"""


def measure() -> list[Figure]:
    with Upstream() as upstream:
        upstream.set(job_seconds=[3.0, 8.0], output_seconds=1.0)
        upstream.rule("submit", "delay", times=None, seconds=0.15)
        env = {
            "SEGMIND_API_KEY": KEY,
            "SEGMIND_BASE_URL": upstream.url,
            "SEGMIND_SUBMITS_PER_MINUTE": "600",
        }
        with Studio(env, programs=(DRIVER,)) as studio:
            studio.run_python(MAKE, many=SWEEP)
            upstream.wait_for("submit", count=30, timeout=60)
            asked = {}
            for number in range(SINGLES):
                text = f"A single take, number {number}."
                asked[text] = studio.run_python(ASK, text=text)
                time.sleep(0.3)  # somebody now and then, not a queue of their own
            upstream.wait_for("submit", count=SWEEP + SINGLES, timeout=120)
            seen = {post["body"]["text"]: post["at"] for post in upstream.log().submits()}
    waits = [seen[text] - at for text, at in asked.items()]
    return [
        Figure(
            name="single_behind_sweep_p95", value=percentile(waits, 95), unit="s", n=SINGLES,
            target=2.0, note=f"median {percentile(waits, 50):.2f}, slowest {max(waits):.2f}",
        )
    ]  # fmt: skip
