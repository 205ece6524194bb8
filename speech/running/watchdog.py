"""Watches progress, not life: asks the rows whether due work moves, and wakes or restarts.

It runs in a thread of the supervisor, because a database may keep it waiting, and the supervisor
itself must always be able to stop.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import connections

from speech.background import wake_driver
from speech.queries import health

logger = logging.getLogger(__name__)

LOOK_EVERY = 3.0
WAKE_AFTER = 3.0
"""Seconds that work may be due before a lost wake-up is assumed."""
WAKE_EVERY = 15.0

Restart = Callable[[str, str], None]
"""Told the child's name and the reason; decides itself whether the child is too young for it."""


class Watchdog:
    def __init__(self, *, restart: Restart, up: Callable[[str], float]) -> None:
        self._restart = restart
        self._up = up
        self._woken = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; it is not waited for."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            try:
                self.look()
            except Exception:
                logger.exception("the watchdog could not look")
            finally:
                connections.close_all()

    def look(self) -> None:
        """Look once, and act."""
        seen = health.snapshot()
        if not seen.database:
            return
        if seen.driver_stalled(up=self._up(health.DRIVER)):
            self._restart(health.DRIVER, "due takes are not moving")
        elif self._needs_waking(seen):
            self._woken = time.monotonic()
            wake_driver()
        if seen.default_silent(up=self._up(health.DEFAULT)):
            self._restart(health.DEFAULT, "it gives no sign of life")

    def _needs_waking(self, seen: health.Snapshot) -> bool:
        waiting = seen.oldest_due is not None and seen.oldest_due > WAKE_AFTER
        return waiting and seen.driver_asleep and time.monotonic() - self._woken > WAKE_EVERY
