"""Two hundred calls that wait for their sound, and everybody else who wants something meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from tests.api.scene import SLUG, VOICE, Door, open_door
from tests.servers import postgres_database
from tests.studio_process import Studio

CALLS = 200
MOST_CONNECTIONS = 16
"""Eight desks, the watcher, a page or two, and whoever counts them."""
WEB = (("web",),)
FINISH = """
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from speech.models import Job, Take
name = default_storage.save("takes/sound.flac", ContentFile(b"fLaC and then some"))
now = timezone.now()
Take.objects.update(state="done", audio=name, sha256="c" * 64, duration=3.2, finished_at=now)
Job.objects.update(state="done", finished_at=now)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, prepared: Path) -> Iterator[tuple[Door, str]]:
    """A web process without a worker: nothing gets done unless the test does it."""
    if request.param == "sqlite":
        with Studio(programs=WEB, prepared=prepared) as studio:
            yield open_door(studio), ""
        return
    with postgres_database(like=request.getfixturevalue("prepared_postgres")) as url:
        studio = Studio({"DATABASE_URL": url}, programs=WEB, prepared=prepared)
        with studio:
            yield open_door(studio), url


async def _call(client: httpx.AsyncClient, door: Door, number: int) -> httpx.Response:
    body = {"text": f"Line {number % 20}.", "reference_audio": VOICE, "seed": number + 1}
    return await client.post(f"{door.studio.url}/v1/{SLUG}", json=body, headers=door.headers)


async def _until_all_wait(door: Door, tasks: list[asyncio.Task[httpx.Response]]) -> None:
    count = "from speech.models import ApiCall; result = ApiCall.objects.count()"
    while (taken := await asyncio.to_thread(door.studio.run_python, count)) < CALLS:
        ended = [task.result().text for task in tasks if task.done()]
        assert not ended, f"{taken} were taken, then: {ended[0]}"


def _connections(url: str) -> int:
    name = url.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [name]
        ).fetchone()
    return int(row[0]) if row else 0


def _threads(door: Door) -> int:
    [process] = door.studio.processes["web",]
    return psutil.Process(process.pid).num_threads()


async def test_pages_are_served_while_two_hundred_calls_wait(house: tuple[Door, str]) -> None:
    door, url = house
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=90, limits=limits) as client:
        tasks = [asyncio.create_task(_call(client, door, number)) for number in range(CALLS)]
        await _until_all_wait(door, tasks)
        async with httpx.AsyncClient(cookies=door.cookies, timeout=20) as person:
            for _ in range(5):
                page = await person.get(door.page, follow_redirects=True)
                assert page.status_code == 200
                assert "Line 7." in page.text
        submitted = await client.post(
            f"{door.studio.url}/v2/{SLUG}", headers=door.headers,
            json={"text": "One more.", "reference_audio": VOICE},
        )  # fmt: skip
        status = await client.get(submitted.json()["status_url"], headers=door.headers)
        assert (status.status_code, status.json()["status"]) == (200, "QUEUED")
        assert not any(task.done() for task in tasks)
        assert _threads(door) < 40
        if url:
            assert await asyncio.to_thread(_connections, url) <= MOST_CONNECTIONS
        await asyncio.to_thread(door.studio.run_python, FINISH)
        answers = await asyncio.gather(*tasks)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["x-request-id"] for answer in answers}) == CALLS


async def test_who_waits_is_told_at_once_when_the_studio_stops(prepared: Path) -> None:
    with Studio(programs=WEB, prepared=prepared) as studio:
        door = open_door(studio)
        async with httpx.AsyncClient(timeout=60) as client:
            task = asyncio.create_task(_call(client, door, 1))
            feed = asyncio.create_task(_feed(client, door))
            count = "from speech.models import ApiCall; result = ApiCall.objects.count()"
            while not await asyncio.to_thread(studio.run_python, count):
                assert not task.done()
            [process] = studio.processes["web",]
            os.kill(process.pid, signal.SIGTERM)
            answer, news = await asyncio.gather(task, feed)
    assert answer.status_code == 504
    assert answer.headers["x-request-id"]
    assert "instead of sending it again" in answer.json()["error"]
    assert news.status_code in {200, 204}


async def _feed(client: httpx.AsyncClient, door: Door) -> Any:
    return await client.get(
        f"{door.page}changes/", params={"since": 99},
        headers={"HX-Request": "true", "cookie": f"takeroom_session={door.session}"},
    )  # fmt: skip
