"""What the studio adds to the provider's own time, beside the official SDK doing the same.

Both from the moment the provider has the result ready (its own log) to the audio being here: for
the studio measured, stored and playable; for the SDK a downloaded file.
"""

from __future__ import annotations

import time

import httpx
from segmind import SegmindClient

from tests.bench.figures import Figure, percentile
from tests.bench.person import sign_in
from tests.studio_process import Studio
from tests.upstream.client import KEY, Upstream

ROUNDS = 10
SLUG = "chatterbox-turbo-tts"
SECONDS = [3.0 + 5.0 * number / (ROUNDS - 1) for number in range(ROUNDS)]


def measure() -> list[Figure]:
    ours, theirs = [], []
    with Upstream() as upstream:
        env = {"SEGMIND_API_KEY": KEY, "SEGMIND_BASE_URL": upstream.url}
        sdk = SegmindClient(api_key=KEY, base_url=f"{upstream.url}/v1")
        with Studio(env) as studio, httpx.Client() as downloads:
            person = sign_in(studio)
            # In no order, so that the studio cannot know how long the next one takes.
            for number in sorted(range(ROUNDS), key=lambda n: n * 7 % ROUNDS):
                upstream.set(job_seconds=[SECONDS[number]] * 2)
                person.generate(f"Sentence number {number}.", "segmind")
                ours.append(person.wait_for_take() - ready_at(upstream))
                body = sdk.run(
                    SLUG,
                    text=f"The same sentence, number {number}.",
                    reference_audio="https://example.com/amara.wav",
                    seed=number + 1,
                )
                downloads.get(body["output"]).raise_for_status()
                theirs.append(time.time() - ready_at(upstream))
    sdk_median = percentile(theirs, 50)
    return [
        Figure(
            name="segmind_overhead_p50", value=percentile(ours, 50), unit="s", n=ROUNDS,
            target=min(0.6, sdk_median), note=f"slowest {max(ours):.2f}",
        ),
        Figure(
            name="sdk_overhead_p50", value=sdk_median, unit="s", n=ROUNDS,
            note=f"slowest {max(theirs):.2f}",
        ),
    ]  # fmt: skip


def ready_at(upstream: Upstream) -> float:
    return float(upstream.log().jobs[-1]["ready_at"])
