"""The supervisor: one loop that starts, watches and ends the studio's processes."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from speech.running.child import Child, Spec, how_it_ended
from speech.running.prepare import NOBODY_YET
from speech.running.watchdog import Watchdog

END_WITHIN = 4.0
"""Seconds from SIGTERM to SIGKILL of a child's group; the whole stop is promised within 5."""
TICK = 0.2
ERRAND_LIMIT = 120.0
READY_TIMEOUT = 60.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to run. `errands` run one after the other once the children are started, and only
    where nobody can sign in yet."""

    manage: Path
    prepare: Spec
    children: Sequence[Spec]
    errands: Sequence[Spec] = ()
    probe: str = ""
    """URL of the health page, asked once to know when pages are served."""
    ready: str = ""
    watch_progress: bool = True


class Supervisor:
    def __init__(self, plan: Plan, *, say: Say) -> None:
        self._plan = plan
        self._say = say
        self._children = {spec.name: self._child(spec) for spec in plan.children}
        self._errands: list[Child] = []
        self._errand: Child | None = None
        self._requests: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._serving = threading.Event()
        self._said_ready = False
        self._signals = 0
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        os.set_blocking(self._wake_read, False)

    def run(self) -> int:
        """Run until a signal. Returns the exit status."""
        watchdog = Watchdog(restart=self._request_for_stalled, up=self._up)
        with self._listening_to_signals():
            try:
                status = self._prepare()
                if self._asked_to_stop():
                    return 0
                if status not in {0, NOBODY_YET}:
                    return 1
                for child in self._children.values():
                    child.start()
                if status == NOBODY_YET:
                    self._errands = [self._child(spec) for spec in self._plan.errands]
                if self._plan.probe:
                    threading.Thread(target=self._wait_until_served, daemon=True).start()
                if self._plan.watch_progress:
                    watchdog.start()
                while not self._asked_to_stop():
                    self._step()
                    self._sleep(TICK)
                return 0
            finally:
                watchdog.stop()
                self._end_all()

    def restart_all(self) -> None:
        """Start every child anew. May be called from any thread."""
        for name in self._children:
            self._request(name, "the source changed")

    # --- one step of the loop ---

    def _step(self) -> None:
        for child in self._children.values():
            self._look_after(child)
        while True:
            try:
                name, reason = self._requests.get_nowait()
            except queue.Empty:
                break
            self._restart(self._children[name], reason)
        if self._serving.is_set() and not self._said_ready:
            self._said_ready = True
            self._say(self._plan.ready)
        self._run_errands()

    def _look_after(self, child: Child) -> None:
        if not child.is_running:
            if time.monotonic() >= child.start_at:
                child.start()
            return
        status = child.ended()
        if status is None:
            return
        expected = child.expected
        delay = child.schedule_restart()
        if not expected:
            self._say(
                f"{child.name} stopped ({how_it_ended(status)}); starting it again"
                + (f" in {delay:g} s." if delay >= 1 else ".")
            )

    def _restart(self, child: Child, reason: str) -> None:
        if not child.is_running or child.expected:
            return
        self._say(f"Restarting {child.name}: {reason}.")
        child.expected = True
        child.ask_to_end(within=END_WITHIN)

    def _run_errands(self) -> None:
        """The first start's extras. A failed one is said and skipped; the studio runs without."""
        if self._errand is not None:
            status = self._errand.ended()
            if status is None:
                if self._errand.up > ERRAND_LIMIT:
                    self._errand.kill()
                return
            if status:
                self._say(f"{self._errand.name} did not succeed ({how_it_ended(status)}).")
            self._errand = None
        served = self._said_ready or not self._plan.probe
        if self._errands and served:
            self._errand = self._errands.pop(0)
            self._errand.start()

    # --- start and end ---

    def _prepare(self) -> int:
        self._errand = self._child(self._plan.prepare)
        self._errand.start()
        while (status := self._errand.ended()) is None and not self._asked_to_stop():
            self._sleep(0.05)
        if status is not None:
            self._errand = None
        return 1 if status is None else status

    def _end_all(self) -> None:
        children = [*self._children.values(), *([self._errand] if self._errand else [])]
        for child in children:
            child.ask_to_end(within=END_WITHIN)
        before = self._signals
        while any(child.is_running for child in children):
            for child in children:
                if self._signals > before and child.is_running:
                    child.kill()  # asked twice: at once
                child.ended()
            self._sleep(0.05)
        self._say("Stopped.")

    def _wait_until_served(self) -> None:
        # Only for the moment at which to say "ready"; the watchdog judges health.
        with contextlib.suppress(OSError):
            try:
                with urllib.request.urlopen(self._plan.probe, timeout=READY_TIMEOUT):  # noqa: S310
                    pass
            except urllib.error.HTTPError as answer:
                answer.close()
        self._serving.set()
        self._wake()

    # --- asked from other threads and from signals ---

    def _request_for_stalled(self, name: str, reason: str) -> None:
        if name in self._children:
            self._request(name, reason)

    def _request(self, name: str, reason: str) -> None:
        self._requests.put((name, reason))
        self._wake()

    def _up(self, name: str) -> float:
        child = self._children.get(name)
        return child.up if child is not None and child.is_running else 0.0

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"!")

    def _sleep(self, seconds: float) -> None:
        """Until a signal, a request or `seconds` have passed."""
        readable, _, _ = select.select([self._wake_read], [], [], seconds)
        if readable:
            os.read(self._wake_read, 512)

    def _asked_to_stop(self) -> bool:
        return self._signals > 0

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    @contextmanager
    def _listening_to_signals(self) -> Iterator[None]:
        before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
        wakeup = signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        try:
            for number, handler in before.items():
                # A studio started with nohup outlives its terminal.
                if not (number == signal.SIGHUP and handler is signal.SIG_IGN):
                    signal.signal(number, self._on_signal)
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _child(self, spec: Spec) -> Child:
        return Child(spec, manage=self._plan.manage)
