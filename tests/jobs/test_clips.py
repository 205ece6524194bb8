"""A clip's way from an upload or an address to a checked copy, with real files and servers."""

from __future__ import annotations

import http.server
import io
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from speech.audio.confined import ConfinedAudio
from speech.jobs import clips
from speech.models import User, Voice
from speech.services import reviews, voices
from speech.states import ClipState
from tests import factories
from tests.audio.hostile import MAY_PLAY, Canary, hostile_files
from tests.audio.sounds import UPLOADS, encoded, silence, voice

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def audio() -> Iterator[ConfinedAudio]:
    confined = ConfinedAudio()
    yield confined
    confined.close()


@pytest.fixture
def ada() -> User:
    return factories.make_user("ada")


@pytest.fixture(scope="module")
def speech_wav() -> bytes:
    return encoded(voice(11), "wav")


def _upload(ada: User, data: bytes, name: str = "clip.wav") -> Voice:
    return voices.add_voice(
        ada, name="Amara", consent_by="Amara", consent_for="films", upload=io.BytesIO(data),
        original_name=name,
    )  # fmt: skip


def _by_url(ada: User, url: str) -> Voice:
    return voices.add_voice(
        ada, name="Amara", consent_by="Amara", consent_for="films", source_url=url
    )


def _run(found: Voice, audio: ConfinedAudio, **more: Any) -> Voice:
    clips.ClipCheck(audio=audio, **more).run(found.pk)
    return Voice.objects.get(pk=found.pk)


def _files(settings: Settings) -> list[str]:
    root = Path(settings.MEDIA_ROOT)
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def _clips(found: Voice) -> list[str]:
    return [str(found.clip.name), str(found.clip_mp3.name)]


@pytest.mark.parametrize("kind", UPLOADS)
def test_it_takes_every_upload_format(
    ada: User, audio: ConfinedAudio, settings: Settings, kind: str
) -> None:
    found = _run(_upload(ada, encoded(voice(11), kind), f"clip.{kind}"), audio)
    assert found.state == ClipState.READY, found.sentence
    assert found.duration == pytest.approx(11, abs=0.1)
    assert found.pitch_hz == pytest.approx(130, rel=0.1)
    assert found.measured["peaks"]
    assert {finding["level"] for finding in found.findings} <= {"good", "warn"}
    assert _files(settings) == sorted(_clips(found))
    with default_storage.open(_clips(found)[0]) as file:
        assert file.read(4) == b"fLaC"
    assert list(Path(settings.WORK_DIR).iterdir()) == []


def test_every_hostile_upload_ends_in_a_sentence(
    ada: User, audio: ConfinedAudio, settings: Settings
) -> None:
    with Canary() as canary:
        for name, data in hostile_files(canary.address).items():
            if not data:
                continue  # refused before it is stored
            found = _run(_upload(ada, data, f"{name}.wav"), audio)
            assert not found.is_live, name
            assert found.incoming == "", name
            if found.state == ClipState.REFUSED:
                assert found.sentence.endswith("."), name
                assert str(settings.MEDIA_ROOT) not in found.sentence
            else:
                assert name in MAY_PLAY
            voices.delete_voice(ada, voice=found)
        canary.settle()
        assert canary.calls == 0


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (encoded(voice(4), "wav"), "longer than 5"),
        (encoded(silence(8), "wav"), "hear nothing"),
        (b"<html>hello</html>" * 20, "sound"),
    ],
)
def test_it_says_why_a_clip_is_not_usable(
    ada: User, audio: ConfinedAudio, settings: Settings, data: bytes, word: str
) -> None:
    found = _run(_upload(ada, data), audio)
    assert found.state == ClipState.REFUSED
    assert word in found.sentence
    assert _files(settings) == []


class _Site:
    """A web server on a private address, with whatever answer a test wants."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.answer: Callable[[http.server.BaseHTTPRequestHandler], None] = lambda h: None
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.calls.append(self.path)
                site.answer(self)

            def log_message(self, *args: Any) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://voices.example:{self.server.server_address[1]}"

    def gives(self, body: bytes, status: int = 200, **headers: str) -> None:
        def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body)

        self.answer = answer


async def _here(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


@pytest.fixture
def site() -> Iterator[_Site]:
    found = _Site()
    thread = threading.Thread(target=found.server.serve_forever, args=(0.02,))
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


def _trusting(site: _Site) -> dict[str, Any]:
    return {"trusted_origins": frozenset({site.origin}), "resolver": _here}


def test_it_fetches_a_clip_from_its_address(
    ada: User, audio: ConfinedAudio, site: _Site, speech_wav: bytes
) -> None:
    site.gives(speech_wav)
    found = _run(_by_url(ada, f"{site.origin}/amara"), audio, **_trusting(site))
    assert found.state == ClipState.READY, found.sentence
    assert site.calls == ["/amara"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1",
        "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[fe80::1]", "169.254.169.254",
        "10.0.0.1", "192.168.1.1", "100.64.0.1", "metadata.google.internal", "voices.example",
        "user:pw@voices.example", "127.0.0.1.", "０x7f.1",
    ],
)  # fmt: skip
def test_a_private_address_is_refused_and_never_asked(
    ada: User, audio: ConfinedAudio, site: _Site, host: str
) -> None:
    port = site.origin.rsplit(":", 1)[1]
    found = _run(_by_url(ada, f"http://{host}:{port}/x.wav"), audio, resolver=_here)
    assert found.state == ClipState.REFUSED
    assert found.sentence.endswith(".")
    assert site.calls == []


def test_a_redirect_to_a_private_address_is_refused(
    ada: User, audio: ConfinedAudio, site: _Site
) -> None:
    port = site.server.server_address[1]
    site.gives(b"", 302, Location=f"http://127.0.0.1:{port}/secret")
    found = _run(_by_url(ada, f"{site.origin}/x"), audio, **_trusting(site))
    assert found.state == ClipState.REFUSED
    assert "private" in found.sentence
    assert site.calls == ["/x"]


def test_a_server_in_trouble_is_tried_again_later_and_then_given_up(
    ada: User, audio: ConfinedAudio, site: _Site
) -> None:
    site.gives(b"busy", 503)
    found = _by_url(ada, f"{site.origin}/x")
    for attempt in range(1, clips.MOST_ATTEMPTS):
        found = _run(found, audio, **_trusting(site))
        assert (found.state, found.attempts) == (ClipState.WAITING, attempt)
        assert found.due_at is not None
        assert found.due_at > timezone.now()
        assert "try again" in found.sentence
        Voice.objects.update(due_at=timezone.now())
    found = _run(found, audio, **_trusting(site))
    assert found.state == ClipState.REFUSED
    assert "5 times" in found.sentence
    assert len(site.calls) == clips.MOST_ATTEMPTS


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ((b"", 404), "no file"),
        ((b"<!doctype html><p>Hello", 200), "web page"),
        ((b"", 403), "give"),
    ],
)
def test_an_address_without_a_clip_is_refused_at_once(
    ada: User, audio: ConfinedAudio, site: _Site, answer: tuple[bytes, int], word: str
) -> None:
    site.gives(*answer)
    found = _run(_by_url(ada, f"{site.origin}/x"), audio, **_trusting(site))
    assert found.state == ClipState.REFUSED
    assert word in found.sentence


def test_a_second_run_and_a_run_for_nobody_do_nothing(
    ada: User, audio: ConfinedAudio, settings: Settings, speech_wav: bytes
) -> None:
    first = _run(_upload(ada, speech_wav), audio)
    before = _files(settings)
    second = _run(first, audio)
    assert Voice.objects.values().get(pk=second.pk) == Voice.objects.values().get(pk=first.pk)
    assert _files(settings) == before
    clips.ClipCheck(audio=audio).run(first.pk + 1000)


def test_a_check_that_was_killed_is_begun_again_when_its_lease_is_over(
    ada: User, audio: ConfinedAudio, speech_wav: bytes
) -> None:
    found = _upload(ada, speech_wav)
    assert clips._claim(found.pk) is not None  # and then the worker was killed
    found = _run(found, audio)
    assert found.state == ClipState.CHECKING
    assert clips.wake_due_clips() == 0
    Voice.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    OrmQ.objects.all().delete()
    assert clips.wake_due_clips() == 1
    assert OrmQ.objects.count() == 1
    assert _run(found, audio).state == ClipState.READY


def test_a_clip_that_kills_every_check_is_given_up(
    ada: User, audio: ConfinedAudio, settings: Settings, speech_wav: bytes
) -> None:
    found = _upload(ada, speech_wav)
    for _ in range(clips.MOST_ATTEMPTS):
        assert clips._claim(found.pk) is not None
        Voice.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    found = _run(found, audio)
    assert found.state == ClipState.REFUSED
    assert "five times" in found.sentence
    assert _files(settings) == []


def test_a_slow_check_that_lost_its_lease_writes_nothing(
    ada: User, settings: Settings, speech_wav: bytes
) -> None:
    found = _upload(ada, speech_wav)

    class Slow(ConfinedAudio):
        """Somebody else finishes the voice while this one is still reading."""

        def process(self, *args: Any, **kwargs: Any) -> Any:
            measured = super().process(*args, **kwargs)
            Voice.objects.update(due_at=timezone.now())
            return measured

    with _closing(Slow()) as slow:
        found = _run(found, slow)
    assert found.state == ClipState.CHECKING
    assert found.clip.name == ""
    assert _files(settings) == [found.incoming]


def test_a_voice_deleted_during_its_check_leaves_no_files(
    ada: User, settings: Settings, speech_wav: bytes, django_capture_on_commit_callbacks: Any
) -> None:
    found = _upload(ada, speech_wav)

    class Meanwhile(ConfinedAudio):
        def process(self, *args: Any, **kwargs: Any) -> Any:
            measured = super().process(*args, **kwargs)
            with django_capture_on_commit_callbacks(execute=True):
                voices.delete_voice(ada, voice=found)
            return measured

    with _closing(Meanwhile()) as audio:
        clips.ClipCheck(audio=audio).run(found.pk)
    assert not Voice.objects.exists()
    assert _files(settings) == []


def test_a_ready_voice_keeps_its_clip_when_a_new_one_is_refused(
    ada: User, audio: ConfinedAudio, settings: Settings, speech_wav: bytes
) -> None:
    found = _run(_upload(ada, speech_wav), audio)
    clip = str(found.clip.name)
    voices.recheck_voice(ada, voice=found, upload=io.BytesIO(encoded(voice(3), "wav")))
    found = _run(found, audio)
    assert found.state == ClipState.READY
    assert "The clip from before is kept" in found.sentence
    assert found.clip.name == clip
    assert default_storage.exists(clip)


def test_a_new_clip_takes_the_place_of_the_old_one(
    ada: User, audio: ConfinedAudio, settings: Settings, speech_wav: bytes
) -> None:
    found = _run(_upload(ada, speech_wav), audio)
    old = (str(found.clip.name), found.sha256)
    take = factories.make_reviewable_take(factories.make_project(owner=ada, voice=found))
    review = reviews.approve(ada, take=take)
    voices.recheck_voice(ada, voice=found, upload=io.BytesIO(encoded(voice(12, hz=200), "wav")))
    found = _run(found, audio)
    assert found.sha256 != old[1]
    assert found.pitch_hz == pytest.approx(200, rel=0.1)
    assert not default_storage.exists(old[0])
    assert _files(settings) == sorted(_clips(found))
    review.refresh_from_db()
    assert review.fell_why == "Voice: its earlier clip → its present clip."


def test_the_same_clip_again_stays_playable(
    ada: User, audio: ConfinedAudio, settings: Settings, speech_wav: bytes
) -> None:
    found = _run(_upload(ada, speech_wav), audio)
    voices.recheck_voice(ada, voice=found, upload=io.BytesIO(speech_wav))
    found = _run(found, audio)
    assert _files(settings) == sorted(_clips(found))


def test_the_task_itself_needs_nothing_but_the_id(ada: User, speech_wav: bytes) -> None:
    found = _upload(ada, speech_wav)
    clips.check_voice(found.pk)
    found.refresh_from_db()
    assert found.state == ClipState.READY


def test_old_uploads_without_a_voice_are_removed(
    ada: User, settings: Settings, speech_wav: bytes
) -> None:
    kept = _upload(ada, speech_wav)
    orphan, fresh = (voices._keep_incoming(io.BytesIO(b"x")) for _ in range(2))
    two_days_ago = time.time() - 2 * 86_400
    for name in (orphan, kept.incoming):
        os.utime(Path(settings.MEDIA_ROOT) / name, (two_days_ago, two_days_ago))
    assert clips.remove_orphans() == 1
    assert _files(settings) == sorted([kept.incoming, fresh])


@contextmanager
def _closing(audio: ConfinedAudio) -> Iterator[ConfinedAudio]:
    try:
        yield audio
    finally:
        audio.close()
