"""From pressing Generate to a take that plays, with the draft voice and the studio at rest."""

from __future__ import annotations

import time

from tests.bench.figures import Figure, percentile
from tests.bench.person import sign_in
from tests.studio_process import Studio

ROUNDS = 24
TEXT = "Seven days on a single charge. You will forget where you put the cable."


def measure() -> list[Figure]:
    waits = []
    with Studio() as studio:
        person = sign_in(studio, TEXT)
        for number in range(ROUNDS + 2):
            pressed = person.generate(TEXT, "draft")
            waited = person.wait_for_take() - pressed
            if number >= 2:  # the first ones warm the processes
                waits.append(waited)
            time.sleep(1.2)  # longer than the driver lingers: it is woken anew each time
    return [
        Figure(
            name="draft_playable_p50", value=percentile(waits, 50), unit="s", n=ROUNDS, target=1.2
        ),
        Figure(
            name="draft_playable_p95", value=percentile(waits, 95), unit="s", n=ROUNDS, target=2.0
        ),
    ]
