"""`make dev`: start the processes anew when source changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from watchfiles import PythonFilter, watch


def watch_source(folders: list[Path], changed: Callable[[], None]) -> None:
    """Calls `changed` from a thread of its own after each change to Python files."""

    def run() -> None:
        for _ in watch(*folders, watch_filter=PythonFilter(), raise_interrupt=False):
            changed()

    threading.Thread(target=run, name="reload", daemon=True).start()
