from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import AsyncClient

from speech.models import Take, Voice
from speech.states import JobState
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
BODY = bytes(range(256)) * 40
SIZE = len(BODY)
ETAG = f'"{"b" * 64}"'


@pytest.fixture
def take(cast: SimpleNamespace) -> Take:
    name = default_storage.save("takes/1/a.flac", ContentFile(BODY))
    line = factories.make_line(cast.project)
    return factories.make_take(line, audio=name, sha256="b" * 64, seed=90412, seed_used=90412)


@pytest.fixture
async def listener(async_client: AsyncClient, cast: SimpleNamespace) -> AsyncClient:
    await async_client.aforce_login(cast.viewer)
    return async_client


async def _body(response: Any) -> bytes:
    if not response.streaming:
        return bytes(response.content)
    return b"".join([piece async for piece in response.streaming_content])


async def test_it_sends_the_whole_sound(listener: AsyncClient, take: Take) -> None:
    response = await listener.get(f"/media/takes/{take.pk}.flac")
    assert response.status_code == 200
    assert await _body(response) == BODY
    assert dict(response.headers) | {
        "Content-Type": "audio/flac",
        "Content-Length": str(SIZE),
        "Accept-Ranges": "bytes",
        "ETag": ETAG,
        "Cache-Control": "private, max-age=31536000, immutable",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": "inline",
    } == dict(response.headers)


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-", 0, SIZE),
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("bytes=10000-999999999", 10000, SIZE),
        ("bytes=-100", SIZE - 100, SIZE),
        ("bytes=-999999", 0, SIZE),
        ("Bytes = 5 - 9", 5, 10),
    ],
)
async def test_it_sends_a_part(
    listener: AsyncClient, take: Take, wanted: str, start: int, end: int
) -> None:
    response = await listener.get(f"/media/takes/{take.pk}.flac", headers={"Range": wanted})
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert response["Content-Length"] == str(end - start)
    assert await _body(response) == BODY[start:end]


@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", "bytes=999999-", "bytes=-0"])
async def test_it_says_what_it_has_when_a_part_is_outside(
    listener: AsyncClient, take: Take, wanted: str
) -> None:
    response = await listener.get(f"/media/takes/{take.pk}.flac", headers={"Range": wanted})
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{SIZE}"
    assert await _body(response) == b""


@pytest.mark.parametrize(
    "wanted", ["bytes=9-5", "bytes=a-b", "items=0-5", "bytes=0-1,5-9", "bytes=-", "bytes=", "9"]
)
async def test_a_range_without_sense_gets_everything(
    listener: AsyncClient, take: Take, wanted: str
) -> None:
    response = await listener.get(f"/media/takes/{take.pk}.flac", headers={"Range": wanted})
    assert response.status_code == 200
    assert await _body(response) == BODY


@pytest.mark.parametrize(
    ("condition", "status"),
    [(ETAG, 206), ('"other"', 200), (f"W/{ETAG}", 200), ("Sat, 01 Aug 2026 00:00:00 GMT", 200)],
)
async def test_if_range_gives_a_part_of_the_same_sound_only(
    listener: AsyncClient, take: Take, condition: str, status: int
) -> None:
    response = await listener.get(
        f"/media/takes/{take.pk}.flac", headers={"Range": "bytes=0-9", "If-Range": condition}
    )
    assert response.status_code == status
    assert await _body(response) == (BODY[:10] if status == 206 else BODY)


@pytest.mark.parametrize("names", [ETAG, f"W/{ETAG}", f'"x", {ETAG}', "*"])
async def test_what_the_browser_has_is_not_sent_again(
    listener: AsyncClient, take: Take, names: str
) -> None:
    response = await listener.get(
        f"/media/takes/{take.pk}.flac", headers={"If-None-Match": names, "Range": "bytes=0-9"}
    )
    assert response.status_code == 304
    assert response["ETag"] == ETAG
    assert await _body(response) == b""


async def test_a_head_answers_with_the_headers_alone(listener: AsyncClient, take: Take) -> None:
    whole = await listener.head(f"/media/takes/{take.pk}.flac")
    part = await listener.head(f"/media/takes/{take.pk}.flac", headers={"Range": "bytes=0-9"})
    assert (whole.status_code, whole["Content-Length"]) == (200, str(SIZE))
    assert (part.status_code, part["Content-Length"]) == (206, "10")
    assert await _body(whole) == await _body(part) == b""


@pytest.mark.parametrize(("engine", "mark"), [("segmind", ""), ("draft", "-DRAFT")])
async def test_a_download_says_what_it_is(
    listener: AsyncClient, cast: SimpleNamespace, take: Take, engine: str, mark: str
) -> None:
    await Take.objects.aupdate(engine=engine)
    response = await listener.get(f"/takes/{take.pk}/download")
    name = f"{cast.project.slug}-line-01-take-01{mark}-seed-90412.flac"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert await _body(response) == BODY


async def test_a_take_that_is_not_done_or_lost_its_file_is_not_there(
    listener: AsyncClient, take: Take
) -> None:
    live = await sync_to_async(factories.make_take)(take.line, state=JobState.RUNNING)
    assert (await listener.get(f"/media/takes/{live.pk}.flac")).status_code == 404
    await sync_to_async(default_storage.delete)(str(take.audio.name))
    assert (await listener.get(f"/media/takes/{take.pk}.flac")).status_code == 404


async def test_a_voice_is_asked_for_again_each_time(listener: AsyncClient) -> None:
    name = await sync_to_async(default_storage.save)("voices/1/a.flac", ContentFile(BODY))
    voice: Voice = await sync_to_async(factories.make_voice)(clip=name)
    response = await listener.get(f"/media/voices/{voice.pk}.flac")
    assert await _body(response) == BODY
    assert response["Cache-Control"] == "private, no-cache"
