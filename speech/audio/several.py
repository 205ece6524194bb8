"""Several confined children, so that one file is measured while another is being stored.

Rule: one more than there are cores, at most four; one is started when all that run are busy, and
they stay. Reason: a child works on one file at a time, and a driver that is handed a thousand takes
at once would otherwise wait for its one child longer than for the provider; while one waits for its
next file, another uses the core. Price: 50 MB for each.
"""

from __future__ import annotations

import os
import threading

from speech.audio.confined import ConfinedAudio
from speech.audio.job import AudioJob, Measured

MOST = min(4, (os.cpu_count() or 1) + 1)


class ConfinedChildren:
    """`process` may be called from any thread; the others are as for one child."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._busy: dict[ConfinedAudio, int] = {}

    def process(self, job: AudioJob, *, timeout: float = 30) -> Measured:
        """As `ConfinedAudio.process`, by the child that has the least to do."""
        with self._guard:
            child = min(self._busy, key=self._busy.__getitem__, default=None)
            if child is None or (self._busy[child] and len(self._busy) < self._most):
                child = ConfinedAudio()
                self._busy[child] = 0
            self._busy[child] += 1
        try:
            return child.process(job, timeout=timeout)
        finally:
            with self._guard:
                self._busy[child] -= 1

    def warm(self) -> None:
        """Starts the first child now."""
        with self._guard:
            if not self._busy:
                self._busy[ConfinedAudio()] = 0
            first = next(iter(self._busy))
        first.warm()

    def close(self) -> None:
        """Ends them all; the next `process` would start another."""
        with self._guard:
            children, self._busy = list(self._busy), {}
        for child in children:
            child.close()
