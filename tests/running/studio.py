"""A studio of real processes for tests, in a folder of its own and on a free port."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 45.0
"""Seconds a step may take on a busy machine before it counts as failed."""


class Studio:
    """`manage.py studio` in a process group of its own, its output collected line by line."""

    def __init__(self, data: Path, *arguments: str, **environment: str) -> None:
        self.data = data
        self.url = ""
        self.lines: list[str] = []
        self._fresh: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "studio", *arguments],
            cwd=ROOT,
            env=studio_environment(data, **environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self._fresh.put(line.rstrip("\n"))
        self._fresh.put(None)

    def wait_for_line(self, pattern: str, *, within: float = PATIENCE) -> re.Match[str]:
        """The first line from now on (lines seen earlier do not count) that matches."""
        deadline = time.monotonic() + within
        while True:
            try:
                line = self._fresh.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                said = "\n".join(self.lines)
                raise AssertionError(f"the studio never said {pattern!r}; it said:\n{said}")
            self.lines.append(line)
            if found := re.search(pattern, line):
                return found

    def wait_until_ready(self) -> str:
        """Its address, once pages are served and both clusters have all their processes."""
        self.url = self.wait_for_line(r"Takeroom is ready: (http://\S+)/").group(1)
        self.wait_until_complete()
        return self.url

    def wait_until_complete(self) -> None:
        wait_until(lambda: len(self.family()) >= FULL_FAMILY)

    def family(self) -> list[psutil.Process]:
        """Every process that descends from the supervisor now."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def child(self, *words: str) -> psutil.Process:
        """The supervisor's own child with these words in its command line."""
        for process in psutil.Process(self.process.pid).children():
            line = process.cmdline()
            if all(word in line for word in words):
                return process
        raise AssertionError(f"no child {words}")

    def end(self) -> None:
        """For the end of a test: nothing is left, whatever happened."""
        family = self.family()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for process in family:
            if process.is_running():
                process.kill()
        self.process.wait(10)
        self._reader.join(10)


FULL_FAMILY = 1 + 2 * 5
"""One web process; for each cluster its main process, guard, worker, monitor and pusher."""


def studio_environment(data: Path, **more: str) -> dict[str, str]:
    """A bare environment: nothing of the tester's own configuration gets in."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONUNBUFFERED": "1",
        "ENV_FILE": "",
        "DATA_DIR": str(data),
        "PORT": "0",
        **more,
    }


def manage(data: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """One `manage.py` command on that folder, to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=studio_environment(data, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def wait_until(condition: Callable[[], bool], *, within: float = PATIENCE) -> float:
    """Seconds until the condition of another process held. Fails if it never did."""
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        assert waited < within, "it never came to be"
        time.sleep(0.05)
    return time.monotonic() - began


def get_json(url: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; a zombie that nobody has collected does not."""
    living = []
    for process in processes:
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                living.append(process)
        except psutil.NoSuchProcess:
            continue
    return living
