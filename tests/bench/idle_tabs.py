"""What fifty open, idle pages cost the web process: their waits, and each one's next request.

They belong to fifty people who have one project open and see each other there.
"""

from __future__ import annotations

import asyncio
import time

import httpx
import psutil

from tests.bench.figures import Figure
from tests.bench.person import Person, colleagues, sign_in
from tests.studio_process import Studio

TABS = 50
ARRIVE = 10.0
"""Seconds over which the tabs are opened."""
SETTLE = 8.0
"""Seconds that the last faces may take to reach everybody."""
WATCH = 25.0
"""Seconds: one whole long poll, so that each tab asks once more within it."""


def measure() -> list[Figure]:
    with Studio(programs=(("web",),)) as studio:
        person = sign_in(studio)
        [[web]] = studio.processes.values()
        share = asyncio.run(_watch(person, psutil.Process(web.pid)))
    return [
        Figure(
            name="idle_tabs_50_cpu", value=share, unit="% core", n=TABS, target=5,
            cpu=share / 100 * WATCH, note=f"over {WATCH:.0f} s",
        )
    ]  # fmt: skip


async def _watch(person: Person, web: psutil.Process) -> float:
    async with httpx.AsyncClient(
        base_url=person.studio.url, timeout=60, limits=httpx.Limits(max_connections=TABS)
    ) as http:
        tabs = [
            asyncio.create_task(_tab(person, http, cookies, ARRIVE * n / TABS))
            for n, cookies in enumerate(colleagues(person, TABS))
        ]
        await asyncio.sleep(ARRIVE + SETTLE)
        before, began = sum(web.cpu_times()[:2]), time.monotonic()
        await asyncio.sleep(WATCH)
        used = sum(web.cpu_times()[:2]) - before
        passed = time.monotonic() - began
        for tab in tabs:
            if tab.done():
                tab.result()  # a tab that could not wait would make the figure a lie
            tab.cancel()
        await asyncio.gather(*tabs, return_exceptions=True)
    return 100 * used / passed


async def _tab(
    person: Person, http: httpx.AsyncClient, cookies: dict[str, str], arrives: float
) -> None:
    await asyncio.sleep(arrives)
    query = {"since": str(person.version), "view": "line", "line": str(person.line), "news": "0"}
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    here, arriving = "", {"arrive": "1"}
    settled = time.monotonic() + ARRIVE + SETTLE - 1 - arrives
    while True:
        answer = await http.get(
            f"/p/{person.slug}/changes/",
            params={**query, "here": here, **arriving},
            headers=headers,
        )
        arriving = {}
        if answer.status_code == 200 and time.monotonic() < settled:
            here = answer.headers["X-Here"]  # others come
        elif answer.status_code != 204:
            raise RuntimeError(f"an idle tab was answered {answer.status_code}")
