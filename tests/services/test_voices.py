from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from django_q.models import OrmQ

from speech import tasks
from speech.errors import ParamErrors, WrongState
from speech.models import Event, Project, Take, Voice
from speech.queries import activity
from speech.queries.voices import choices
from speech.services.projects import delete_project
from speech.services.voices import archive_voice, edit_voice, recheck_voice, state_consent
from tests import factories

pytestmark = pytest.mark.django_db

WORDS = {"name": "Amara", "consent_by": "Amara O.", "consent_for": "Product films"}


def test_stated_consent_makes_it_a_voice_of_the_library(cast: SimpleNamespace) -> None:
    key = factories.make_key(cast.project)
    voice = factories.make_unlisted_voice(cast.project, arrived_by=key)
    take = factories.make_take(factories.make_line(cast.project), voice=voice)
    version = cast.project.version

    state_consent(cast.producer, voice=voice, **WORDS)

    voice = Voice.objects.get()
    assert (voice.name, voice.unlisted_in, voice.arrived_by) == ("Amara", None, key)
    assert voice.has_consent
    assert list(choices()) == [voice]
    event = Event.objects.get(verb="voice consent stated")
    assert (event.actor, event.project) == (cast.producer, cast.project)
    assert event.data["new"]["consent_by"] == "Amara O."
    told = activity.page(cast.project, {}).entries[0].sentence
    assert told == "bea stated the consent for the voice “Amara”, which came through the API"
    cast.project.refresh_from_db()
    assert cast.project.version > version
    assert Take.objects.get(pk=take.pk).version == cast.project.version


def test_it_names_all_that_is_missing_and_changes_nothing(cast: SimpleNamespace) -> None:
    voice = factories.make_unlisted_voice(cast.project)
    with pytest.raises(ParamErrors) as caught:
        state_consent(cast.producer, voice=voice, name="", consent_by=" ", consent_for="")
    assert [fault.field for fault in caught.value.faults] == ["name", "consent_by", "consent_for"]
    voice.refresh_from_db()
    assert voice.unlisted_in == cast.project


def test_it_is_stated_once(cast: SimpleNamespace) -> None:
    voice = factories.make_unlisted_voice(cast.project)
    state_consent(cast.producer, voice=voice, **WORDS)
    with pytest.raises(WrongState, match="already"):
        state_consent(cast.owner, voice=voice, **{**WORDS, "consent_by": "Somebody else"})
    assert Voice.objects.get().consent_by == "Amara O."


def test_until_then_nothing_else_is_done_to_it(cast: SimpleNamespace) -> None:
    voice = factories.make_unlisted_voice(cast.project)
    with pytest.raises(WrongState, match="State it first"):
        edit_voice(cast.owner, voice=voice, **WORDS, tuning={})
    with pytest.raises(WrongState, match="State it first"):
        archive_voice(cast.owner, voice=voice)
    with pytest.raises(WrongState, match="State it first"):
        recheck_voice(cast.owner, voice=voice, source_url="https://example.com/other.wav")
    voice.refresh_from_db()
    assert (voice.unlisted_in, voice.archived_at) == (cast.project, None)


@pytest.mark.django_db(transaction=True)
def test_a_deleted_project_takes_the_clips_of_its_unlisted_voices_and_no_others(
    cast: SimpleNamespace,
) -> None:
    kept = factories.make_voice(clip="", sha256="", state="refused")
    gone = factories.make_unlisted_voice(cast.project)
    late = factories.make_unlisted_voice(
        cast.project, state="waiting", clip="", incoming="incoming/late"
    )
    default_storage.save("incoming/late", ContentFile(b"ID3"))
    for voice in (kept, gone):
        voice.clip = default_storage.save(f"voices/{voice.pk}/a.flac", ContentFile(b"fLaC"))
        voice.clip_mp3 = default_storage.save(f"voices/{voice.pk}/a.mp3", ContentFile(b"ID3"))
        voice.save()
    Project.objects.filter(pk=cast.project.pk).update(archived_at=timezone.now())
    cast.project.refresh_from_db()

    delete_project(cast.owner, project=cast.project)
    for message in OrmQ.objects.all():
        if message.task["func"] == "speech.tasks.remove_media":
            tasks.remove_media(*message.task["args"])

    assert list(Voice.objects.all()) == [kept]
    assert default_storage.exists(kept.clip.name or "")
    for name in (gone.clip.name, gone.clip_mp3.name, late.incoming):
        assert name
        assert not default_storage.exists(name)
