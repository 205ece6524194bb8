"""Reading, measuring and keeping 30 s of mp3 in the warm confined child."""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from pathlib import Path

from speech.audio.confined import ConfinedAudio
from speech.audio.job import AudioJob
from tests.bench.figures import Figure, percentile
from tests.upstream import tone

ROUNDS = 20


def measure() -> list[Figure]:
    times = []
    with tempfile.TemporaryDirectory() as folder, closing(ConfinedAudio()) as audio:
        source = Path(folder) / "take.mp3"
        source.write_bytes(tone.sound(seed=7, seconds=30, kind="mp3"))
        audio.warm()
        for number in range(ROUNDS + 2):
            began = time.perf_counter()
            audio.process(AudioJob(source=source, store_as=Path(folder) / f"{number}.flac"))
            times.append(1000 * (time.perf_counter() - began))
    middle = percentile(times[2:], 50)
    return [Figure(name="measure_30s_mp3", value=middle, unit="ms", n=ROUNDS, target=150)]
