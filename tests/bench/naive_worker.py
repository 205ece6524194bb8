"""A worker that does one job after the other: `python -m tests.bench.naive_worker URL COUNT`."""

from __future__ import annotations

import sys

from segmind import SegmindClient

from tests.upstream.client import KEY

if __name__ == "__main__":
    client = SegmindClient(api_key=KEY, base_url=f"{sys.argv[1]}/v1")
    for number in range(int(sys.argv[2])):
        client.run(
            "chatterbox-turbo-tts", text="The same sentence.",
            reference_audio="https://example.com/amara.wav", seed=number + 1,
        )  # fmt: skip
