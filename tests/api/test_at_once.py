"""What arrives at one moment in several threads, on PostgreSQL: nothing is taken twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.scene import SLUG, VOICE, Door, open_door
from tests.servers import postgres_database
from tests.studio_process import Studio

AT_ONCE = 12


@pytest.fixture(scope="module")
def studio(prepared: Path, prepared_postgres: str) -> Iterator[Studio]:
    with (
        postgres_database(like=prepared_postgres) as url,
        Studio({"DATABASE_URL": url}, programs=(("web",),), prepared=prepared) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def door(studio: Studio) -> Door:
    return open_door(studio)


async def _ask(door: Door, *bodies: dict[str, Any], **headers: str) -> list[httpx.Response]:
    async with httpx.AsyncClient(timeout=60) as client:
        url = f"{door.studio.url}/v2/{SLUG}"
        asked = (client.post(url, json=body, headers=door.headers | headers) for body in bodies)
        return list(await asyncio.gather(*asked))


def _body(text: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "reference_audio": VOICE, **more}


async def test_one_idempotency_key_is_one_request(door: Door) -> None:
    bodies = [_body("Once only.", seed=0)] * AT_ONCE
    answers = await _ask(door, *bodies, **{"idempotency-key": "order 7"})
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["request_id"] for answer in answers}) == 1
    takes = (
        "from speech.models import Take; result = Take.objects.filter(text='Once only.').count()"
    )
    assert door.studio.run_python(takes) == 1


async def test_one_text_is_one_line_and_one_address_one_voice(door: Door) -> None:
    fresh = "https://voices.example/fresh.mp3"
    bodies = [_body("One line.", reference_audio=fresh, seed=n + 1) for n in range(AT_ONCE)]
    answers = await _ask(door, *bodies)
    assert {answer.status_code for answer in answers} == {200}
    assert door.studio.run_python(
        """
        from speech.models import Line, Take, Voice
        numbers = Take.objects.filter(text="One line.").values_list("number", flat=True)
        result = [Line.objects.filter(text="One line.").count(),
                  Voice.objects.filter(source_url=given["fresh"]).count(), sorted(numbers)]
        """,
        fresh=fresh,
    ) == [1, 1, list(range(1, AT_ONCE + 1))]


async def test_a_key_asks_no_more_often_than_it_may(door: Door) -> None:
    key = door.studio.run_python(
        """
        from speech.models import Project, User
        from speech.services.keys import make_key
        project = Project.objects.get(slug=given["slug"])
        result = make_key(User.objects.get(), project=project, name="Slow", per_minute=5).secret
        """,
        slug=door.slug,
    )
    slow = Door(studio=door.studio, key=key, slug=door.slug, session=door.session)
    answers = await _ask(slow, *(_body("Slowly.", seed=n + 1) for n in range(AT_ONCE)))
    assert Counter(answer.status_code for answer in answers) == {200: 5, 429: AT_ONCE - 5}
