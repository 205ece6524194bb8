from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries, Settings

from speech.models import EngineState, User
from speech.states import Role
from tests import factories


@pytest.fixture
def root(client: Client, cast: SimpleNamespace) -> Client:
    client.force_login(cast.administrator)
    return client


def test_people_lists_everybody_with_projects_and_disk(root: Client, cast: SimpleNamespace) -> None:
    factories.make_take(factories.make_line(cast.project), byte_count=3_000_000)
    page = root.get("/people/").content.decode()
    for name in ("ada", "bea", "cy", "dot", "eve", "root"):
        assert f"<b>{name}</b>" in page
    assert "2.9" in page
    assert "Administrator" in page


def test_people_costs_the_same_however_many_there_are(
    root: Client, cast: SimpleNamespace, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    root.get("/people/")
    with django_assert_max_num_queries(12):  # five of them count for an administrator's header
        root.get("/people/")
    for _ in range(20):
        factories.add_member(cast.project, factories.make_user(), Role.VIEWER)
    with django_assert_max_num_queries(12):
        root.get("/people/")


def test_a_reset_link_is_shown_once_and_works(root: Client, cast: SimpleNamespace) -> None:
    response = root.post(reverse("speech:person_reset", args=[cast.viewer.pk]))
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    page = response.content.decode()
    path = "/link/" + page.split("http://testserver/link/")[1].split('"')[0]
    fresh = "quite another word"
    assert Client().post(path, {"password": fresh, "again": fresh}).status_code == 302
    assert path not in root.get("/people/").content.decode()


def test_the_last_administrator_is_told_why_not(root: Client, cast: SimpleNamespace) -> None:
    url = reverse("speech:person_administrator", args=[cast.administrator.pk])
    page = root.post(url, {"on": "0"}, follow=True).content.decode()
    assert "only administrator" in page
    assert User.objects.get(pk=cast.administrator.pk).is_superuser


def test_deactivation_works_at_once(root: Client, cast: SimpleNamespace) -> None:
    viewer = Client()
    viewer.force_login(cast.viewer)
    root.post(reverse("speech:person_deactivate", args=[cast.viewer.pk]))
    assert viewer.get("/account/").status_code == 302
    root.post(reverse("speech:person_reactivate", args=[cast.viewer.pk]))
    assert User.objects.get(pk=cast.viewer.pk).is_active


def test_settings_never_show_the_key(root: Client, settings: Settings) -> None:
    settings.SEGMIND_API_KEY = "SG_0123456789abcdef"
    settings.SEGMIND_BASE_URL = "https://api.segmind.example"
    page = root.get("/settings/").content.decode()
    assert "https://api.segmind.example" in page
    assert "0123456789abcdef" not in page
    assert "SG_" not in page


def test_settings_say_how_to_turn_segmind_on(root: Client) -> None:
    page = root.get("/settings/").content.decode()
    assert "Not configured" in page
    assert "SEGMIND_API_KEY" in page


def test_a_test_call_is_asked_once_and_polled_until_it_answers(root: Client) -> None:
    url = reverse("speech:engine_check", args=["draft"])
    assert root.post(url)["Location"] == "/settings/"
    response = root.post(url, headers={"HX-Request": "true"})
    assert OrmQ.objects.count() == 1
    assert 'hx-trigger="every 1s"' in response.content.decode()
    assert response.content.decode().strip().startswith('<section id="engine-draft"')
    EngineState.objects.filter(key="draft").update(
        checked_at=timezone.now(), check_sentence="It speaks.", check_ok=True
    )
    state = root.get(reverse("speech:engine_state", args=["draft"])).content.decode()
    assert "hx-trigger" not in state
    assert "It speaks." in state


def test_an_engine_that_is_not_configured_is_not_called(root: Client) -> None:
    root.post(reverse("speech:engine_check", args=["segmind"]))
    assert not OrmQ.objects.exists()
    assert root.post(reverse("speech:engine_check", args=["other"])).status_code == 404


def test_a_paused_engine_says_why_and_goes_on(root: Client, settings: Settings) -> None:
    settings.SEGMIND_API_KEY = "SG_0123456789abcdef"
    EngineState.objects.create(
        key="segmind", paused_at=timezone.now(), pause_sentence="The key was refused."
    )
    assert "The key was refused." in root.get("/settings/").content.decode()
    root.post(reverse("speech:engine_resume", args=["segmind"]))
    assert EngineState.objects.get(key="segmind").paused_at is None
