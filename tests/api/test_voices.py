from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from speech.audio.confined import ConfinedAudio
from speech.audio.sniff import sniff
from speech.errors import WrongState
from speech.jobs import clips
from speech.models import ApiCall, Project, Take, Voice
from speech.queries.changes import release_connections
from speech.services import reviews
from speech.services.api_voices import clips_in_a_minute
from speech.services.queueing import settle_stranded_clips
from speech.services.takes import choose_take, retry_take
from speech.states import ClipState, JobState
from tests import factories
from tests.api.conftest import AMARA, Caller, caller_of
from tests.audio.sounds import encoded, voice

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "https://voices.example/people/narrator%20one.mp3?sig=1"


@pytest.fixture(scope="module")
def audio() -> Iterator[ConfinedAudio]:
    confined = ConfinedAudio()
    confined.warm()
    yield confined
    confined.close()


@pytest.fixture(scope="module")
def clip() -> bytes:
    return encoded(voice(8), "mp3")


@pytest.fixture(scope="module")
def server(clip: bytes) -> Iterator[str]:
    """A server of voices: everything is the clip, but for what is not there."""

    class Serve(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if "gone" not in self.path else 404)
            self.send_header("Content-Length", str(len(clip)))
            self.end_headers()
            self.wfile.write(clip)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is there
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Serve)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    running.server_close()


async def _check(found: Voice, audio: ConfinedAudio, *trusted: str) -> None:
    def run() -> None:
        clips.ClipCheck(audio=audio, trusted_origins=frozenset(trusted)).run(found.pk)
        release_connections()

    await asyncio.to_thread(run)


async def _settle_uploads(audio: ConfinedAudio) -> None:
    """What the worker does meanwhile."""
    while True:
        async for found in Voice.objects.filter(state=ClipState.WAITING).exclude(incoming=""):
            await _check(found, audio)
        await asyncio.sleep(0.05)


def _data_url(clip: bytes, kind: str = "audio/mpeg") -> str:
    return f"data:{kind};base64,{base64.b64encode(clip).decode()}"


async def _upload(caller: Caller, audio: ConfinedAudio, *data_urls: str) -> Any:
    worker = asyncio.create_task(_settle_uploads(audio))
    try:
        return await caller.post("/upload-asset", {"data_urls": list(data_urls)})
    finally:
        worker.cancel()


async def _voice_of(call: ApiCall) -> Voice:
    return await Voice.objects.select_related("unlisted_in").aget(takes=call.job.take_id)


async def _again(call: ApiCall) -> ApiCall:
    return await ApiCall.objects.select_related("job__take").aget(pk=call.pk)


async def test_an_address_that_the_library_knows_is_that_voice(caller: Caller) -> None:
    call = await caller.call(reference_audio=AMARA)
    assert (await _voice_of(call)).name == "Amara"
    assert call.job.waits == ""
    assert await Voice.objects.acount() == 1


async def test_a_new_address_becomes_a_voice_without_a_consent(
    caller: Caller, cast: SimpleNamespace
) -> None:
    call = await caller.call(reference_audio=NEW)
    found = await _voice_of(call)
    assert (found.name, found.source_url) == ("narrator one.mp3 (voices.example)", NEW)
    assert (found.unlisted_in, found.arrived_by_id) == (cast.project, caller.key.pk)
    assert not found.has_consent
    assert call.job.waits == "clip"


async def test_the_same_address_is_the_same_voice_also_for_those_that_come_together(
    caller: Caller,
) -> None:
    asked = [caller.submit(reference_audio=NEW, seed=seed) for seed in range(1, 6)]
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {200}
    assert await Voice.objects.filter(source_url=NEW).acount() == 1
    assert await Take.objects.filter(voice__source_url=NEW).acount() == 5


async def test_two_projects_have_a_voice_each(caller: Caller) -> None:
    other = await sync_to_async(caller_of)(await sync_to_async(factories.make_project)())
    await caller.call(reference_audio=NEW)
    await other.call(reference_audio=NEW)
    assert await Voice.objects.filter(source_url=NEW).acount() == 2


async def test_a_request_goes_on_once_its_clip_is_checked(
    caller: Caller, audio: ConfinedAudio, server: str
) -> None:
    call = await caller.call(reference_audio=f"{server}/narrator.mp3")
    found = await _voice_of(call)
    await _check(found, audio, server)
    await found.arefresh_from_db()
    after = (await _again(call)).job
    assert (found.state, after.state, after.waits) == (ClipState.READY, JobState.QUEUED, "")
    assert after.take.reference_sha256 == found.sha256
    at_once = await caller.call(reference_audio=f"{server}/narrator.mp3", seed=9)
    assert (at_once.job.waits, at_once.job.take.voice_id) == ("", found.pk)


async def test_a_clip_that_cannot_be_used_fails_its_requests_and_costs_nothing(
    caller: Caller, cast: SimpleNamespace, audio: ConfinedAudio, server: str
) -> None:
    address = f"{server}/gone.mp3"
    call = await caller.call(reference_audio=address)
    found = await _voice_of(call)
    await _check(found, audio, server)
    answer = await caller.get(f"/v2/requests/{call.job.ref}/status")
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("The reference clip cannot be used.")
    assert answer.json()["error"].endswith("Nothing was charged.")
    take = (await _again(call)).job.take
    with pytest.raises(WrongState, match="cannot be used"):
        await sync_to_async(retry_take)(cast.owner, take=take)
    once_more = await caller.call(reference_audio=address)
    assert (once_more.job.take.voice_id, once_more.job.waits) == (found.pk, "clip")


async def test_a_private_address_is_never_fetched(
    caller: Caller, audio: ConfinedAudio, server: str
) -> None:
    call = await caller.call(reference_audio=f"{server}/narrator.mp3")
    await _check(await _voice_of(call), audio)
    answer = await caller.get(f"/v2/requests/{call.job.ref}/status")
    assert "private or reserved network" in answer.json()["error"]


async def test_a_take_that_was_forgotten_when_its_clip_settled_goes_on_all_the_same(
    caller: Caller,
) -> None:
    call = await caller.call(reference_audio=NEW)
    ready = {"state": ClipState.READY, "clip": "a", "sha256": "d" * 64, "duration": 9.0}
    await Voice.objects.filter(takes=call.job.take_id).aupdate(**ready)
    await sync_to_async(settle_stranded_clips)()
    after = (await _again(call)).job
    assert (after.waits, after.take.reference_sha256) == ("", "d" * 64)


async def test_a_voice_that_was_archived_reads_no_more(caller: Caller) -> None:
    call = await caller.call(reference_audio=NEW)
    await Voice.objects.filter(takes=call.job.take_id).aupdate(archived_at=timezone.now())
    answer = await caller.submit(reference_audio=NEW)
    assert answer.status_code == 400
    assert "archived" in answer.json()["error"]


async def test_an_upload_gives_out_the_studios_own_copy(
    caller: Caller, audio: ConfinedAudio, clip: bytes
) -> None:
    answer = await _upload(caller, audio, _data_url(clip))
    body = answer.json()
    assert (answer.status_code, list(body)) == (200, ["file_urls", "message"])
    [address] = body["file_urls"]
    heard: Any = await AsyncClient().get(urlsplit(address).path)
    sound = b"".join([piece async for piece in heard.streaming_content])
    assert (heard.status_code, heard.headers["content-type"]) == (200, "audio/mpeg")
    assert sniff(sound) == "mp3"
    assert sound != clip
    call = await caller.call(reference_audio=address)
    found = await _voice_of(call)
    assert (found.name[:16], found.has_consent, call.job.waits) == ("Uploaded via API", False, "")
    with default_storage.open(str(found.clip_mp3.name)) as file:
        assert file.read() == sound


async def test_the_same_bytes_are_the_same_voice(
    caller: Caller, audio: ConfinedAudio, clip: bytes
) -> None:
    other = encoded(voice(9, hz=180), "wav")
    first = await _upload(caller, audio, _data_url(clip), _data_url(other, "audio/wav"))
    again = await _upload(caller, audio, _data_url(clip))
    assert len(first.json()["file_urls"]) == 2
    assert again.status_code == 200
    assert await Voice.objects.exclude(original_name="").acount() == 2


async def test_an_address_that_was_given_out_works_in_its_project_only(
    caller: Caller, audio: ConfinedAudio, clip: bytes, settings: Settings
) -> None:
    [address] = (await _upload(caller, audio, _data_url(clip))).json()["file_urls"]
    other = await sync_to_async(caller_of)(await sync_to_async(factories.make_project)())
    answer = await other.submit(reference_audio=address)
    assert answer.status_code == 400
    assert "another project" in answer.json()["error"]
    foreign = await caller.call(reference_audio=address[:-5] + "x.mp3")
    assert (await _voice_of(foreign)).source_url, "a forged address is any address"


async def test_an_address_without_a_key_ends_and_with_one_it_does_not(
    caller: Caller, audio: ConfinedAudio, clip: bytes, settings: Settings
) -> None:
    settings.API_OUTPUT_SECONDS = -1
    [address] = (await _upload(caller, audio, _data_url(clip))).json()["file_urls"]
    assert (await AsyncClient().get(urlsplit(address).path)).status_code == 404
    assert (await _voice_of(await caller.call(reference_audio=address))).original_name


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "data_urls"),
        ({"data_urls": "data:audio/mpeg;base64,"}, "data_urls"),
        ({"data_urls": [7]}, "data_urls"),
        ({"data_urls": []}, "1 to 8"),
        ({"data_urls": ["https://a.example/a.mp3"]}, "not a data URL"),
        ({"data_urls": ["data:audio/mpeg;base64,*"]}, "not base64"),
        ({"data_urls": [_data_url(b"")]}, "not a sound file"),
        ({"data_urls": [_data_url(b"\x89PNG\r\n\x1a\n" * 9)]}, "not a sound file"),
        ({"data_urls": [_data_url(b"<html>", "text/html")]}, "not a sound file"),
        ({"data_urls": [_data_url(b"ID3" + bytes(1024 * 1024 + 1))]}, "larger than"),
    ],
)
async def test_what_is_no_sound_is_refused_before_anything_is_kept(
    caller: Caller, settings: Settings, body: dict[str, Any], words: str
) -> None:
    settings.UPLOAD_MAX_MB, settings.UPLOAD_MAX_BYTES = 1, 1024 * 1024
    answer = await caller.post("/upload-asset", body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert not default_storage.exists("incoming")


async def test_a_file_that_only_looks_like_sound_is_refused_by_the_check(
    caller: Caller, audio: ConfinedAudio, clip: bytes
) -> None:
    short = encoded(voice(3), "wav")
    for data, words in ((b"ID3" + bytes(4000), "Clip 2 cannot be used."), (short, "longer than 5")):
        answer = await _upload(caller, audio, _data_url(clip), _data_url(data))
        assert answer.status_code == 400
        assert words in answer.json()["error"]


async def test_an_upload_larger_than_a_form_may_be_is_taken(
    caller: Caller, audio: ConfinedAudio
) -> None:
    large = encoded(voice(60, rate=48_000), "wav", rate=48_000)
    assert len(large) > 5_000_000
    assert (await _upload(caller, audio, _data_url(large, "audio/wav"))).status_code == 200


async def test_a_key_brings_as_many_clips_a_minute_as_it_may_ask(
    cast: SimpleNamespace, audio: ConfinedAudio, clip: bytes
) -> None:
    caller = await sync_to_async(caller_of)(cast.project, per_minute=1)
    two = [_data_url(clip), _data_url(encoded(voice(9), "mp3"))]
    answer = await _upload(caller, audio, *two)
    assert answer.status_code == 429
    assert answer.headers["x-rate-limit-reset-at-utc"]


def _unlisted_take(project: Project) -> Take:
    found = factories.make_unlisted_voice(project)
    line = factories.make_line(project)
    return factories.make_take(
        line, engine="segmind", voice=found, via_api=True, reference_sha256=found.sha256,
        reference_url=found.source_url,
    )  # fmt: skip


def test_nothing_is_approved_that_a_voice_without_a_consent_reads(
    cast: SimpleNamespace, client: Client
) -> None:
    take = _unlisted_take(cast.project)
    for decide in (reviews.ask_review, reviews.approve):
        with pytest.raises(WrongState, match="nobody has stated who consented"):
            decide(cast.owner, take=take)
    client.force_login(cast.owner)
    page = client.get(reverse("speech:take", args=[take.pk])).content.decode()
    assert "nobody has stated who consented" in page
    assert 'name="heard"' not in page
    reviews.ask_changes(cast.owner, take=take, reason="Warmer")
    Voice.objects.update(consent_by="Zoe", consent_for="All films", unlisted_in=None)
    assert reviews.approve(cast.owner, take=Take.objects.get(pk=take.pk)).state


def test_a_take_in_use_does_not_make_such_a_voice_its_lines(cast: SimpleNamespace) -> None:
    cast.project.voice = factories.make_voice()
    cast.project.save()
    take = _unlisted_take(cast.project)
    line = choose_take(cast.owner, take=take, on=True)
    line.refresh_from_db()
    assert (line.chosen_take_id, line.voice_id) == (take.pk, None)


def test_a_card_says_that_a_take_came_via_the_api(cast: SimpleNamespace, client: Client) -> None:
    take = _unlisted_take(cast.project)
    factories.make_take(take.line)
    client.force_login(cast.viewer)
    for page in (take.line.get_absolute_url(), f"{cast.project.get_absolute_url()}takes/"):
        assert client.get(page).content.decode().count(">via API<") == 1


def test_only_the_clips_of_the_last_minute_count(cast: SimpleNamespace) -> None:
    caller = caller_of(cast.project, per_minute=1)
    found = factories.make_unlisted_voice(cast.project, arrived_by=caller.key)
    assert clips_in_a_minute(caller.key) == 1
    Voice.objects.filter(pk=found.pk).update(created_at=timezone.now() - timedelta(seconds=61))
    assert clips_in_a_minute(caller.key) == 0
