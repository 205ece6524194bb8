from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ
from pytest_django import Settings

from speech import tasks
from speech.models import OneTimeLink, Project
from speech.params import TUNING
from tests import factories


@pytest.fixture
def owner(client: Client, cast: SimpleNamespace) -> Client:
    client.force_login(cast.owner)
    return client


def _url(name: str, *args: Any) -> str:
    return reverse(f"speech:{name}", args=args)


def test_it_saves_name_voice_and_only_what_differs(owner: Client, cast: SimpleNamespace) -> None:
    voice = factories.make_voice()
    given = {"name": "Skyline II", "voice": voice.pk, "temperature": "1.1", "top_k": "500"}
    given["norm_loudness"] = "on"
    response = owner.post(_url("project_settings", cast.project.slug), given)
    assert response.status_code == 302
    project = Project.objects.get(pk=cast.project.pk)
    assert (project.name, project.voice) == ("Skyline II", voice)
    assert project.defaults == {"temperature": 1.1}


def test_every_knob_is_on_the_page_and_every_fault_beside_it(
    owner: Client, cast: SimpleNamespace
) -> None:
    url = _url("project_settings", cast.project.slug)
    page = owner.get(url).content.decode()
    for knob in TUNING:
        assert f'name="{knob.name}"' in page
    response = owner.post(url, {"name": "", "temperature": "9", "top_p": "many"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "Temperature must be between 0.05 to 2" in page or "Temperature must be" in page
    assert "Top-p must be a number" in page
    assert 'value="many"' in page
    cast.project.refresh_from_db()
    assert cast.project.name == "Skyline"


def test_only_ready_voices_can_be_the_default(owner: Client, cast: SimpleNamespace) -> None:
    hidden = factories.make_voice("Archived", archived_at="2026-01-01T00:00Z")
    response = owner.post(
        _url("project_settings", cast.project.slug), {"name": "Skyline", "voice": hidden.pk}
    )
    assert response.status_code == 422


def test_members_who_may_not_manage_see_people_and_can_leave(
    client: Client, cast: SimpleNamespace
) -> None:
    client.force_login(cast.viewer)
    page = client.get(_url("project_settings", cast.project.slug)).content.decode()
    assert "Leave this project" in page
    assert "Make an invitation link" not in page
    own = cast.project.memberships.get(user=cast.viewer)
    response = client.post(_url("member_remove", cast.project.slug, own.pk))
    assert response["Location"] == "/"
    assert client.get(_url("project_settings", cast.project.slug)).status_code == 404


def test_the_last_owner_is_told_why_they_stay(owner: Client, cast: SimpleNamespace) -> None:
    own = cast.project.memberships.get(user=cast.owner)
    for name, data in (("member_remove", {}), ("member_role", {"role": "viewer"})):
        response = owner.post(_url(name, cast.project.slug, own.pk), data, follow=True)
        assert "only owner" in response.content.decode()
    own.refresh_from_db()
    assert own.role == "owner"


def test_members_of_another_project_are_out_of_reach(owner: Client, cast: SimpleNamespace) -> None:
    other = factories.make_project(owner=cast.stranger)
    theirs = other.memberships.get()
    for name in ("member_remove", "member_role"):
        assert owner.post(_url(name, cast.project.slug, theirs.pk)).status_code == 404
    assert other.memberships.count() == 1


def test_an_invitation_is_shown_once_listed_and_taken_back(
    owner: Client, cast: SimpleNamespace
) -> None:
    slug = cast.project.slug
    response = owner.post(_url("invite", slug), {"role": "reviewer", "note": "Zoe"})
    page = response.content.decode()
    path = "/link/" + page.split("http://testserver/link/")[1].split('"')[0]
    assert Client().get(path).status_code == 200
    listed = owner.get(_url("project_settings", slug)).content.decode()
    assert "for Zoe" in listed
    assert path not in listed
    owner.post(_url("invite_revoke", slug, OneTimeLink.objects.get().pk))
    assert Client().get(path).status_code == 410


def test_an_invitation_goes_by_mail_where_mail_is_set_up(
    owner: Client, cast: SimpleNamespace, settings: Settings
) -> None:
    given = {"role": "viewer", "email": "zoe@example.com"}
    owner.post(_url("invite", cast.project.slug), given)
    assert outbox.outbox == []
    settings.EMAIL_CONFIGURED, settings.PUBLIC_URL = True, "https://studio.example.com"
    page = owner.post(_url("invite", cast.project.slug), given).content.decode()
    (letter,) = outbox.outbox
    assert letter.to == ["zoe@example.com"]
    assert letter.body.split("\n\n")[1] in page


def test_an_unknown_role_in_an_invitation_is_a_fault(owner: Client, cast: SimpleNamespace) -> None:
    response = owner.post(_url("invite", cast.project.slug), {"role": "emperor", "note": "Zoe"})
    assert response.status_code == 422
    assert 'value="Zoe"' in response.content.decode()
    assert not OneTimeLink.objects.exists()


def test_a_project_is_archived_restored_and_only_then_deleted_with_its_media(
    owner: Client, cast: SimpleNamespace, settings: Settings
) -> None:
    slug = cast.project.slug
    name = default_storage.save(f"takes/{cast.project.pk}/1.flac", ContentFile(b"fLaC"))
    factories.make_take(factories.make_line(cast.project), audio=name)
    assert "Archive the project first" in owner.get(_url("project_delete", slug)).content.decode()
    owner.post(_url("project_delete", slug))
    assert Project.objects.filter(slug=slug).exists()
    owner.post(_url("project_archive", slug))
    owner.post(_url("project_archive", slug), {"restore": "1"})
    assert Project.objects.get(slug=slug).archived_at is None
    owner.post(_url("project_archive", slug))
    factories.make_unlisted_voice(cast.project)
    page = owner.get(_url("project_delete", slug)).content.decode()
    assert "1 line and 1 take go" in page
    assert "1 voice that came through this project’s API" in page
    assert owner.post(_url("project_delete", slug))["Location"] == "/"
    assert not Project.objects.filter(slug=slug).exists()
    for message in OrmQ.objects.all():
        if message.task["func"] == "speech.tasks.remove_media":
            tasks.remove_media(*message.task["args"])
    assert not [p for p in Path(settings.MEDIA_ROOT).rglob("*") if p.is_file()]
