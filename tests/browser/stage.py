"""Chromium, and the thread that it is driven from."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

T = TypeVar("T")
THREAD = "takeroom-browser"
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
]


def chromium_path() -> str | None:
    """`CHROMIUM` of the environment, or the first one on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def need_chromium() -> str:
    """The path, or the test is skipped (fails where REQUIRE_CHROMIUM=1)."""
    path = chromium_path()
    if path is None:
        reason = f"no Chromium: none of {', '.join(NAMES)} is installed, and CHROMIUM names none"
        if os.environ.get("REQUIRE_CHROMIUM") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


class Stage:
    """One browser, in one thread. Everything that touches a page goes through `do`."""

    def __init__(self, path: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=THREAD)
        self._playwright: Playwright
        self.browser: Browser
        self.do(lambda: self._open(path))

    def do(self, work: Callable[[], T]) -> T:
        """The result of `work`, done in the browser's thread; its exceptions come through."""
        if threading.current_thread().name.startswith(THREAD):
            return work()
        return self._thread.submit(work).result()

    def close(self) -> None:
        self.do(self._close)
        self._thread.shutdown()

    def _open(self, path: str) -> None:
        self._playwright = sync_playwright().start()
        self.browser = self._playwright.chromium.launch(executable_path=path, args=ARGUMENTS)

    def _close(self) -> None:
        self.browser.close()
        self._playwright.stop()
