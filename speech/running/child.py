"""One supervised process: start, watch, end with all that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from speech.running import family

BACKOFF = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds to wait before each further start of a child that keeps dying."""
SETTLED_AFTER = 30.0
"""Seconds of life after which earlier deaths are forgotten."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What to run: `manage.py` with `arguments`."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()


class Child:
    def __init__(self, spec: Spec, *, manage: Path) -> None:
        self.spec = spec
        self.name = spec.name
        self.expected = False
        """We asked it to end, to start it anew."""
        self.kill_at: float | None = None
        self.start_at = 0.0
        self.started = 0.0
        self._deaths = 0
        self._manage = manage
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def up(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.started

    def start(self) -> None:
        environment = {**os.environ, **self.spec.environment, family.PARENT: str(os.getpid())}
        self._process = subprocess.Popen(
            [sys.executable, str(self._manage), *self.spec.arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            pass_fds=self.spec.descriptors,
            start_new_session=True,
        )
        self.started = time.monotonic()
        self.expected, self.kill_at = False, None

    def ended(self) -> int | None:
        """Its exit status once it is gone, and its group with it; None while it runs."""
        if self._process is None:
            return None
        if self.kill_at is not None and time.monotonic() >= self.kill_at:
            self.kill()
        status = self._process.poll()
        if status is None:
            return None
        self._sweep(self._process.pid)
        self._process = None
        return status

    def ask_to_end(self, *, within: float) -> None:
        """SIGTERM now to it alone, SIGKILL to its group after `within` seconds."""
        if self._process is None:
            return
        deadline = time.monotonic() + within
        self.kill_at = deadline if self.kill_at is None else min(self.kill_at, deadline)
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        if self._process is not None:
            self._sweep(self._process.pid)
            self._process.wait()

    def schedule_restart(self) -> float:
        """Plan the next start; returns the seconds until then."""
        if self.expected:
            delay = 0.0
        else:
            if self.up > SETTLED_AFTER:
                self._deaths = 0
            delay = BACKOFF[min(self._deaths, len(BACKOFF) - 1)]
            self._deaths += 1
        self.start_at = time.monotonic() + delay
        return delay

    @staticmethod
    def _sweep(group: int) -> None:
        """End whatever is left of the group, such as workers whose cluster was killed."""
        # Nobody may be left; macOS says EPERM for a group of zombies.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def how_it_ended(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"
