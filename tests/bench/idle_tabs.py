"""What fifty open, idle pages cost the web process: their waits, and each one's next request."""

from __future__ import annotations

import asyncio
import time

import httpx
import psutil

from tests.bench.figures import Figure
from tests.bench.person import Person, sign_in
from tests.studio_process import Studio

TABS = 50
ARRIVE = 5.0
"""Seconds over which the tabs are opened."""
WATCH = 25.0
"""Seconds: one whole long poll, so that each tab asks once more within it."""


def measure() -> list[Figure]:
    with Studio(programs=(("web",),)) as studio:
        person = sign_in(studio)
        [[web]] = studio.processes.values()
        share = asyncio.run(_watch(person, psutil.Process(web.pid)))
    return [Figure(name="idle_tabs_50_cpu", value=share, unit="% core", n=TABS, target=5)]


async def _watch(person: Person, web: psutil.Process) -> float:
    limits = httpx.Limits(max_connections=TABS)
    async with httpx.AsyncClient(
        base_url=person.studio.url, cookies=person.http.cookies, timeout=60, limits=limits
    ) as http:
        tabs = [asyncio.create_task(_tab(person, http, ARRIVE * n / TABS)) for n in range(TABS)]
        await asyncio.sleep(ARRIVE + 1)
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


async def _tab(person: Person, http: httpx.AsyncClient, arrives: float) -> None:
    await asyncio.sleep(arrives)
    query = {"since": str(person.version), "view": "line", "line": str(person.line)}
    while True:
        answer = await http.get(f"/p/{person.slug}/changes/", params=query)
        if answer.status_code != 204:
            raise RuntimeError(f"an idle tab was answered {answer.status_code}")
