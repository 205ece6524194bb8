from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries, Settings

from speech.models import Event, Line, Project, Take, User, Voice
from speech.params import BY_NAME
from speech.states import ClipState, JobState
from tests import factories

WORDS = {"name": "Amara", "consent_by": "Amara O.", "consent_for": "product films"}
KNOBS = {"norm_loudness": "on"}


@pytest.fixture
def producer(client: Client, cast: SimpleNamespace) -> Client:
    client.force_login(cast.producer)
    return client


def _url(name: str, *args: Any) -> str:
    return reverse(f"speech:{name}", args=args)


def _file(size: int = 1000, name: str = "clip.wav") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, os.urandom(size))


def test_a_voice_by_address_is_only_asked_for(producer: Client) -> None:
    response = producer.post(
        "/voices/add/", {**WORDS, **KNOBS, "source_url": " https://example.com/a.wav "}
    )
    voice = Voice.objects.get()
    assert response["Location"] == voice.get_absolute_url()
    assert (voice.source_url, voice.state) == ("https://example.com/a.wav", ClipState.WAITING)
    (message,) = OrmQ.objects.all()
    assert message.task["func"] == "speech.tasks.check_voice"
    assert message.task["args"] == (voice.pk,)
    assert voice.params == {}
    assert Event.objects.get(verb="voice added").data["new"]["consent_by"] == "Amara O."


def test_an_upload_is_kept_under_a_name_of_our_own(producer: Client, settings: Settings) -> None:
    file = _file(3_000_000, "../../etc/pass\u202ewd.wav")
    assert producer.post("/voices/add/", {**WORDS, "upload": file}).status_code == 302
    voice = Voice.objects.get()
    folder, name = voice.incoming.split("/")
    assert (folder, len(name)) == ("incoming", 32)
    assert (Path(settings.MEDIA_ROOT) / voice.incoming).stat().st_size == 3_000_000
    assert "/" not in voice.original_name
    # What arrived is never served: there is no clip yet.
    assert producer.get(_url("voice_audio", voice.pk)).status_code == 404


def test_a_file_is_asked_for_again_where_a_form_comes_back(producer: Client) -> None:
    page = producer.post("/voices/add/", {"upload": _file()}).content.decode()
    assert "The file has to be chosen again" in page


@pytest.mark.parametrize(
    ("given", "field_says"),
    [
        ({"consent_by": ""}, "Say who gave consent"),
        ({"consent_for": "  "}, "Say what the consent is for"),
        ({"name": ""}, "Give the voice a name"),
        ({"name": "x" * 81}, "at most 80 characters"),
        ({"source_url": ""}, "Give the clip&#x27;s web address, or choose a file"),
        ({"source_url": "ftp://example.com/a"}, "starts with https://"),
        ({"source_url": "data:audio/wav;base64,AA"}, "starts with https://"),
        ({"source_url": "file:///etc/passwd"}, "starts with https://"),
        ({"temperature": "99"}, "Temperature must be"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_lost(
    producer: Client, given: dict[str, str], field_says: str
) -> None:
    data = {**WORDS, "source_url": "https://example.com/a.wav", **KNOBS} | given
    response = producer.post("/voices/add/", data)
    assert response.status_code == 422
    page = response.content.decode()
    assert field_says.replace("'", "&#x27;") in page.replace("’", "'") or field_says in page
    for name in ("consent_by", "name"):
        if data[name].strip():
            assert f'value="{data[name]}"' in page
    assert not Voice.objects.exists()
    assert not OrmQ.objects.exists()


def test_all_faults_come_at_once(producer: Client) -> None:
    page = producer.post("/voices/add/", {"temperature": "99", "top_p": "x"}).content.decode()
    for says in ("Give the voice a name", "Say who", "Say what", "web address, or choose a file"):
        assert says in page
    assert "Top-p must be" in page
    assert "Temperature must be" in page


def test_uploads_that_are_empty_or_too_big_are_refused(
    producer: Client, settings: Settings
) -> None:
    settings.UPLOAD_MAX_MB, settings.UPLOAD_MAX_BYTES = 1, 1024 * 1024
    for file, says in ((_file(0), "empty"), (_file(1_200_000), "a clip may have 1")):
        response = producer.post("/voices/add/", {**WORDS, "upload": file})
        assert response.status_code == 422
        assert says in response.content.decode()
    assert not default_storage.exists("incoming")


def test_an_address_and_a_file_together_are_one_too_many(producer: Client) -> None:
    data = {**WORDS, "source_url": "https://example.com/a.wav", "upload": _file()}
    assert "not both" in producer.post("/voices/add/", data).content.decode()


def test_the_page_asks_for_news_only_while_the_clip_is_checked(producer: Client) -> None:
    voice = factories.make_voice(state=ClipState.CHECKING, clip="", sha256="")
    page = producer.get(voice.get_absolute_url()).content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert "Look again" in page
    fragment = producer.get(_url("voice_state", voice.pk)).content.decode().strip()
    assert fragment.startswith('<section id="voice-state"')
    Voice.objects.update(state=ClipState.REFUSED, sentence="This clip lasts 3 seconds.")
    fragment = producer.get(_url("voice_state", voice.pk)).content.decode()
    assert "hx-trigger" not in fragment
    assert "This clip lasts 3 seconds." in fragment


def test_the_page_shows_what_was_found(producer: Client) -> None:
    voice = factories.make_voice(
        findings=[{"level": "warn", "code": "noisy", "sentence": "There is noise."}],
        measured={"peaks": factories.PEAKS, "sample_rate": 44100, "channels": 1, "codec": "mp3"},
        params={"temperature": 1.2},
    )
    page = producer.get(voice.get_absolute_url()).content.decode()
    for shown in ("There is noise.", "mp3, 44.1 kHz, mono", factories.PEAKS, "Amara O."):
        assert shown in page
    assert BY_NAME["temperature"].label in page
    assert "about 190 Hz" in page


def test_those_who_listen_only_see_no_buttons(client: Client, cast: SimpleNamespace) -> None:
    voice = factories.make_voice()
    client.force_login(cast.reviewer)
    for url in ("/voices/", voice.get_absolute_url()):
        page = client.get(url).content.decode()
        assert "data-play" in page
        for button in ("Add a voice", "Edit</a>", "Archive</button>", "Delete…", "Check this clip"):
            assert button not in page


def test_a_voice_that_somebody_else_added_says_who_can_change_it(
    producer: Client, cast: SimpleNamespace
) -> None:
    voice = factories.make_voice(created_by=cast.owner)
    page = producer.get(voice.get_absolute_url()).content.decode()
    assert "Whoever added this voice can change it" in page
    for button in ("Edit</a>", "Archive</button>", "Delete…", "Check this clip"):
        assert button not in page
    refused = producer.post(_url("voice_archive", voice.pk))
    assert refused.status_code == 403
    assert "added by somebody else" in refused.content.decode()


def test_a_voice_of_ones_own_that_others_use_can_be_archived_not_deleted(
    producer: Client, cast: SimpleNamespace
) -> None:
    voice = factories.make_voice(created_by=cast.producer)
    factories.make_project(owner=cast.stranger, voice=voice)
    page = producer.get(voice.get_absolute_url()).content.decode()
    assert "Delete…" not in page
    assert "You can archive it" in page
    assert producer.post(_url("voice_delete", voice.pk)).status_code == 403
    assert Voice.objects.filter(pk=voice.pk).exists()
    assert producer.post(_url("voice_archive", voice.pk)).status_code == 302


def test_the_library_costs_the_same_however_many_voices(
    producer: Client, cast: SimpleNamespace, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    line = factories.make_line(cast.project)
    for _ in range(3):
        factories.make_take(line, voice=factories.make_voice(created_by=cast.owner))
    producer.get("/voices/")
    with django_assert_max_num_queries(13):
        producer.get("/voices/")
    for _ in range(12):
        factories.make_take(line, voice=factories.make_voice(created_by=cast.owner))
    with django_assert_max_num_queries(13):
        page = producer.get("/voices/").content.decode()
    assert page.count("1 take") == 15


def test_editing_keeps_only_what_differs_and_moves_open_pages(
    producer: Client, cast: SimpleNamespace
) -> None:
    voice = factories.make_voice(params={"top_k": 100}, created_by=cast.producer)
    Project.objects.filter(pk=cast.project.pk).update(voice=voice)
    before = cast.project.version
    given = {**WORDS, "name": "Amara II", "temperature": "1.1", "top_k": "500", **KNOBS}
    assert producer.post(_url("voice_edit", voice.pk), given).status_code == 302
    voice.refresh_from_db()
    assert (voice.name, voice.params) == ("Amara II", {"temperature": 1.1})
    cast.project.refresh_from_db()
    assert cast.project.version > before
    assert producer.post(_url("voice_edit", voice.pk), {**given, "name": ""}).status_code == 422


def test_an_archived_voice_leaves_the_library_and_comes_back(
    producer: Client, cast: SimpleNamespace
) -> None:
    voice = factories.make_voice("Amara", created_by=cast.producer)
    producer.post(_url("voice_archive", voice.pk))
    assert "Amara" not in producer.get("/voices/").content.decode().split("<main")[1]
    assert "Amara" in producer.get("/voices/?archived=1").content.decode()
    producer.post(_url("voice_archive", voice.pk), {"restore": "1"})
    voice.refresh_from_db()
    assert voice.is_usable


@pytest.mark.django_db(transaction=True)
def test_deleting_says_what_it_touches_and_takes_the_clip(
    producer: Client, cast: SimpleNamespace
) -> None:
    User.objects.filter(pk=cast.producer.pk).update(keeps_voices=True)
    clip = default_storage.save("voices/1/a.flac", ContentFile(b"fLaC"))
    mp3 = default_storage.save("voices/1/a.mp3", ContentFile(b"ID3"))
    voice = factories.make_voice(clip=clip, clip_mp3=mp3)
    line = factories.make_line(cast.project, voice=voice)
    take = factories.make_take(line)
    other = factories.make_project(owner=cast.stranger, name="Secret", voice=voice)
    page = producer.get(_url("voice_delete", voice.pk)).content.decode()
    assert "“Skyline”" in page
    assert "Secret" not in page
    assert "1 project that you are not on" in page
    assert "1 take made with it stays" in page
    assert producer.post(_url("voice_delete", voice.pk)).status_code == 302
    assert not Voice.objects.exists()
    assert not default_storage.exists(clip)
    assert not default_storage.exists(mp3)
    assert Line.objects.get(pk=line.pk).voice is None
    assert Project.objects.get(pk=other.pk).voice is None
    kept = Take.objects.get(pk=take.pk)
    assert (kept.voice, kept.voice_name) == (None, "Amara")


def test_a_voice_with_takes_in_the_making_stays(producer: Client, cast: SimpleNamespace) -> None:
    voice = factories.make_voice(created_by=cast.producer)
    line = factories.make_line(cast.project, voice=voice)
    factories.make_take(line, state=JobState.RUNNING)
    response = producer.post(_url("voice_delete", voice.pk), follow=True)
    assert "Takes are being made" in response.content.decode()
    assert Voice.objects.filter(pk=voice.pk).exists()


def test_another_clip_can_be_given_but_not_during_a_check(
    producer: Client, cast: SimpleNamespace
) -> None:
    voice = factories.make_voice(source_url="", created_by=cast.producer)
    url = _url("voice_recheck", voice.pk)
    assert producer.post(url).status_code == 422
    assert producer.post(url, {"upload": _file()}).status_code == 302
    voice.refresh_from_db()
    assert voice.state == ClipState.WAITING
    response = producer.post(url, {"upload": _file()})
    assert response.status_code == 422
    assert "being checked right now" in response.content.decode()
    _, names = default_storage.listdir("incoming")
    assert [f"incoming/{name}" for name in names] == [voice.incoming]


def test_voices_without_a_stated_consent_stand_apart_with_a_form(
    producer: Client, cast: SimpleNamespace
) -> None:
    key = factories.make_key(cast.project, name="Localisation")
    voice = factories.make_unlisted_voice(cast.project, arrived_by=key)
    factories.make_take(factories.make_line(cast.project), voice=voice)
    page = producer.get("/voices/").content.decode()
    library, apart = page.split("Arrived through the API: consent not stated")
    assert "a8f2.mp3" not in library.split("<main")[1]
    for shown in ("a8f2.mp3", "Skyline", "“Localisation”", "1 take"):
        assert shown in apart
    assert f'action="{_url("voice_consent", voice.pk)}"' in apart
    assert "Arrived through the API" not in producer.get("/voices/?archived=1").content.decode()


def test_the_list_of_them_costs_the_same_however_many(
    producer: Client, cast: SimpleNamespace, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(40):
        factories.make_unlisted_voice(cast.project, arrived_by=factories.make_key(cast.project))
    with django_assert_max_num_queries(16):
        page = producer.get("/voices/").content.decode()
    assert page.count("State the consent…") == 30
    assert "The 30 newest are shown" in page


def test_a_voice_of_a_project_s_api_is_that_project_s_alone(
    client: Client, cast: SimpleNamespace
) -> None:
    secret = factories.make_project(owner=cast.stranger, name="Secret")
    voice = factories.make_unlisted_voice(secret, "whisper.mp3")
    client.force_login(cast.owner)
    assert "whisper.mp3" not in client.get("/voices/").content.decode()
    for name in ("voice", "voice_state", "voice_audio", "voice_delete"):
        assert client.get(_url(name, voice.pk)).status_code == 404
    assert client.post(_url("voice_consent", voice.pk), WORDS).status_code == 404


def test_its_page_says_what_is_missing_and_who_may_help(
    client: Client, cast: SimpleNamespace
) -> None:
    voice = factories.make_unlisted_voice(
        cast.project, arrived_by=factories.make_key(cast.project, name="Localisation")
    )
    client.force_login(cast.producer)
    page = client.get(voice.get_absolute_url()).content.decode()
    for shown in ("consent for this voice is not stated", "Via API", "Localisation"):
        assert shown in page
    assert "State the consent</button>" in page
    for other in ("Edit</a>", "Archive</button>", "Check this clip"):
        assert other not in page
    assert client.get(_url("voice_edit", voice.pk)).status_code == 302
    client.force_login(cast.reviewer)
    page = client.get(voice.get_absolute_url()).content.decode()
    assert "An owner or a producer of the project can state the consent." in page
    assert "State the consent</button>" not in page
    assert client.post(_url("voice_consent", voice.pk), WORDS).status_code == 403


def test_stating_the_consent_puts_it_into_the_library(
    producer: Client, cast: SimpleNamespace
) -> None:
    voice = factories.make_unlisted_voice(cast.project, arrived_by=factories.make_key(cast.project))
    url = _url("voice_consent", voice.pk)
    answer = producer.post(url, {**WORDS, "consent_by": ""})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Say who gave consent" in page
    assert 'value="Amara"' in page
    said = producer.post(url, WORDS, follow=True).content.decode()
    assert "“Amara” is in the library." in said
    assert "Edit</a>" in said
    assert "via API, with the key “Render farm”" in said
    assert "Amara" in producer.get("/voices/").content.decode()
    assert "already" in producer.post(url, WORDS, follow=True).content.decode()
