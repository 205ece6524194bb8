"""The front door while two hundred synchronous calls wait at it: submits a second, and how long a
status takes for fifty callers that ask once a second each, as the official SDK does.

No driver runs, so that the two hundred go on waiting; one web process on SQLite.
"""

from __future__ import annotations

import asyncio
import random
import time

import aiohttp

from tests.bench.figures import Figure, percentile
from tests.studio_process import Studio

WAITING, CALLERS = 200, 50
SUBMITTERS = 8
SECONDS = 10.0
SLUG = "chatterbox-turbo-tts"
SOURCE = "https://example.com/amara.wav"
BODY = {"text": "The same sentence.", "reference_audio": SOURCE}
KEY = """
    from speech.services.keys import make_key
    from tests import factories
    ada = factories.make_user(is_superuser=True)
    project = factories.make_project(owner=ada, voice=factories.make_voice())
    result = make_key(ada, project=project, name="Bench", per_minute=10_000).secret
"""


def measure() -> list[Figure]:
    with Studio({"API_WAIT_SECONDS": "600"}, programs=(("web",),)) as studio:
        key = studio.run_python(KEY)
        return asyncio.run(_measure(studio.url, key))


async def _measure(base: str, key: str) -> list[Figure]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        base, connector=connector, headers={"x-api-key": key}, timeout=aiohttp.ClientTimeout(600)
    ) as http:
        waiting = [asyncio.create_task(_wait(http, number)) for number in range(WAITING)]
        await _until_all_wait(http, waiting)
        ids = [await _submit(http) for _ in range(CALLERS)]
        until = time.perf_counter() + SECONDS
        taken = sum(await asyncio.gather(*(_submits(http, until) for _ in range(SUBMITTERS))))
        until = time.perf_counter() + SECONDS
        polls = await asyncio.gather(*(_polls(http, request_id, until) for request_id in ids))
        for task in waiting:
            assert not task.done(), task
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    times = [one for caller in polls for one in caller]
    return [
        Figure(
            name="frontdoor_submit_rps", value=taken / SECONDS, unit="/s", n=taken,
            note=f"{SUBMITTERS} callers, as fast as they can",
        ),
        Figure(
            name="frontdoor_status_p99", value=percentile(times, 99), unit="ms", n=len(times),
            target=100, note=f"median {percentile(times, 50):.0f}, slowest {max(times):.0f}",
        ),
    ]  # fmt: skip


async def _wait(http: aiohttp.ClientSession, number: int) -> None:
    body = {**BODY, "text": f"Sentence {number}."}
    async with http.post(f"/v1/{SLUG}", json=body) as answer:
        raise AssertionError(f"a call ended: {answer.status} {await answer.text()}")


async def _until_all_wait(http: aiohttp.ClientSession, waiting: list[asyncio.Task[None]]) -> None:
    """A take that was asked for after all of them has a number that tells how many there are."""
    while True:
        await asyncio.sleep(0.5)
        for task in waiting:
            if task.done():
                task.result()
        begun = time.perf_counter()
        await _submit(http)
        if time.perf_counter() - begun < 0.1:
            return  # nobody stands before it any more


async def _submit(http: aiohttp.ClientSession) -> str:
    async with http.post(f"/v2/{SLUG}", json=BODY) as answer:
        assert answer.status == 200, await answer.text()
        return str((await answer.json())["request_id"])


async def _submits(http: aiohttp.ClientSession, until: float) -> int:
    taken = 0
    while time.perf_counter() < until:
        await _submit(http)
        taken += 1
    return taken


async def _polls(http: aiohttp.ClientSession, request_id: str, until: float) -> list[float]:
    times: list[float] = []
    await asyncio.sleep(random.random())
    while time.perf_counter() < until:
        begun = time.perf_counter()
        async with http.get(f"/v2/requests/{request_id}/status") as answer:
            assert (await answer.json())["status"] == "QUEUED"
        times.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(max(0.0, 1.0 - (time.perf_counter() - begun)))
    return times
