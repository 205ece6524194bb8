from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from speech.models import StudioSettings, User
from speech.services.links import issue_first_admin_link
from tests import factories

PAGE = "/people/rights/"


@pytest.fixture
def administrator(client: Client, cast: SimpleNamespace) -> Client:
    client.force_login(cast.administrator)
    return client


def test_it_shows_who_may_what_and_changes_one_person_at_a_time(
    administrator: Client, cast: SimpleNamespace
) -> None:
    factories.make_voice(created_by=cast.viewer)
    page = administrator.get(PAGE).content.decode()
    assert "Administrators may do both." in page
    assert "Owns 0 projects, added 1 voice" in page
    url = reverse("speech:person_rights", args=[cast.viewer.pk])
    said = administrator.post(url, {"keeps_voices": "1"}, follow=True).content.decode()
    assert "The rights of dot are saved." in said
    person = User.objects.get(pk=cast.viewer.pk)
    assert (person.may_create_projects, person.keeps_voices) == (False, True)
    assert "Keeps voices" in administrator.get("/people/").content.decode()


def test_limits_are_saved_or_come_back_with_what_is_wrong(
    administrator: Client, cast: SimpleNamespace
) -> None:
    url = reverse("speech:studio_limits")
    bad = administrator.post(url, {"default_budget": "12.345", "monthly_limit": "a lot"})
    assert bad.status_code == 422
    page = bad.content.decode()
    assert 'value="12.345"' in page
    assert 'value="a lot"' in page
    assert "whole cents" in page
    assert administrator.post(url, {"monthly_limit": "150"}).status_code == 302
    studio = StudioSettings.load()
    assert (studio.default_budget, studio.monthly_limit) == (None, Decimal(150))
    assert 'value="150.00"' in administrator.get(PAGE).content.decode()


def test_administrators_are_asked_for_limits_until_they_have_decided(
    administrator: Client, cast: SimpleNamespace
) -> None:
    asked = "Nothing limits what this studio spends"
    for page in ("/", PAGE):
        assert asked in administrator.get(page).content.decode()
    other = Client()
    other.force_login(cast.owner)
    assert asked not in other.get("/").content.decode()
    administrator.post(reverse("speech:studio_limits"), {})
    assert asked not in administrator.get("/").content.decode()


def test_an_upgrade_is_announced_to_administrators_until_one_dismisses_it(
    administrator: Client, cast: SimpleNamespace
) -> None:
    StudioSettings.objects.create(pk=1, announces_rights=True)
    told = "rights have changed"
    assert told in administrator.get("/").content.decode()
    other = Client()
    other.force_login(cast.owner)
    assert told not in other.get("/").content.decode()
    administrator.post(reverse("speech:rights_acknowledge"))
    assert told not in administrator.get("/").content.decode()


def test_a_new_studio_asks_for_both_amounts_at_its_first_run(client: Client, db: None) -> None:
    path = issue_first_admin_link()
    assert path is not None
    page = client.get(path).content.decode()
    assert "Budget of a new project" in page
    assert "Monthly limit of the studio" in page
    account = {"username": "ada", "password": "a long enough word", "again": "a long enough word"}
    wrong = client.post(path, {**account, "default_budget": "-5"})
    assert wrong.status_code == 422
    assert not User.objects.exists()
    client.post(path, {**account, "default_budget": "10", "monthly_limit": "200"})
    assert User.objects.get().is_superuser
    studio = StudioSettings.load()
    assert (studio.default_budget, studio.monthly_limit) == (Decimal(10), Decimal(200))
    assert "limits-news" not in client.get("/").content.decode()


def test_a_studio_that_lost_its_administrators_keeps_its_limits(client: Client, db: None) -> None:
    factories.make_user("gone", is_superuser=True, is_active=False)
    StudioSettings.objects.create(
        pk=1, monthly_limit=Decimal(200), limits_decided_at="2026-11-01T00:00:00Z"
    )
    path = issue_first_admin_link()
    assert path is not None
    assert "Monthly limit" not in client.get(path).content.decode()
    account = {"username": "ada", "password": "a long enough word", "again": "a long enough word"}
    client.post(path, account)
    assert StudioSettings.load().monthly_limit == Decimal(200)
