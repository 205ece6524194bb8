"""From one person's deed to another's screen: posted over HTTP, awaited at the change feed.

Three kinds of deeds take turns: a star on a take, an edit of a line, a comment. The other's feed
asks like a page does, at once again after each answer. Deeds come at odd moments, so that the
watcher's tick is met everywhere.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass

import httpx

from tests.bench.figures import Figure, percentile
from tests.bench.person import Person, colleagues, sign_in
from tests.studio_process import Studio

ROUNDS = 45
TAKE = """
from speech.models import Line
from tests import factories
line = Line.objects.get(pk=given["line"])
result = factories.make_take(line).pk
"""


def measure() -> list[Figure]:
    with Studio(programs=(("web",),)) as studio:
        person = sign_in(studio)
        take = studio.run_python(TAKE, line=person.line)
        waits = asyncio.run(_rounds(person, take))
    slowest = f"median {percentile(waits, 50):.2f}, slowest {max(waits):.2f}"
    return [
        Figure(
            name="live_update_p95", value=percentile(waits, 95), unit="s", n=ROUNDS, target=2.0,
            note=slowest,
        )
    ]  # fmt: skip


async def _rounds(person: Person, take: int) -> list[float]:
    chance, waits = random.Random(7), []
    [cookies] = colleagues(person, 1)
    url = person.studio.url
    async with (
        httpx.AsyncClient(base_url=url, cookies=person.http.cookies, timeout=60) as doer,
        httpx.AsyncClient(base_url=url, cookies=cookies, timeout=60) as http,
    ):
        page = OtherPage(http=http, person=person)
        for number in range(ROUNDS):
            marker, (path, words) = _deed(person, take, number, f"Number {number}")
            asked = asyncio.create_task(page.until(marker))
            await asyncio.sleep(0.3 + chance.random())
            began = time.monotonic()
            answer = await doer.post(path, data={**words, **_token(person)})
            assert answer.status_code in {200, 302}, answer.text[:2000]
            waits.append(await asyncio.wait_for(asked, 30) - began)
    return waits


def _deed(
    person: Person, take: int, number: int, words: str
) -> tuple[str, tuple[str, dict[str, str]]]:
    """What the other's page shows once it has heard, and the request that does it."""
    match number % 3:
        case 0:
            on = number % 2 == 0
            marker = f'aria-pressed="{str(on).lower()}"'
            return marker, (f"/takes/{take}/star/", {"on": str(int(on)), "view": "line"})
        case 1:
            return words, (f"/p/{person.slug}/lines/{person.line}/edit/", {"text": words})
        case _:
            return words, (f"/takes/{take}/comments/", {"text": words})


@dataclass(kw_only=True)
class OtherPage:
    """What another's browser knows of the project while it shows the line."""

    http: httpx.AsyncClient
    person: Person
    since: str = "0"
    here: str = ""

    async def until(self, marker: str) -> float:
        """The moment at which this is on the page."""
        while True:
            query = {"since": self.since, "here": self.here, "view": "line"}
            answer = await self.http.get(
                f"/p/{self.person.slug}/changes/", params={**query, "line": str(self.person.line)}
            )
            assert answer.status_code in {200, 204}, answer.status_code
            if answer.status_code == 200:
                self.since, self.here = answer.headers["X-Changes"], answer.headers["X-Here"]
                if marker in answer.text:
                    return time.monotonic()


def _token(person: Person) -> dict[str, str]:
    return {"csrfmiddlewaretoken": person.http.cookies["takeroom_csrf"]}
