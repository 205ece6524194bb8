from __future__ import annotations

import logging
import re
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from speech.models import ApiKey, Event
from speech.services.keys import find_key
from speech.states import JobState
from tests import factories

GIVEN = {"name": "Render farm", "per_minute": "30", "budget": "12.50", "engine": ""}


@pytest.fixture
def owner(client: Client, cast: SimpleNamespace) -> Client:
    client.force_login(cast.owner)
    return client


def _url(cast: SimpleNamespace, name: str = "keys", *args: Any) -> str:
    return reverse(f"speech:{name}", args=[cast.project.slug, *args])


def _form(client: Client, url: str) -> dict[str, str]:
    """What a browser would send: the form's own mark, and what was typed."""
    page: str = client.get(url).content.decode()
    once = re.search(r'name="once" value="([0-9a-f]+)"', page)
    assert once
    return {**GIVEN, "once": once[1]}


def _secret(page: str) -> str:
    found = set(re.findall(r"SG_[0-9a-f]{16}", page))
    assert len(found) == 1
    return str(found.pop())


def test_the_answer_that_made_a_key_shows_it_and_nothing_else_ever_does(
    owner: Client, cast: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = owner.post(_url(cast), _form(owner, _url(cast)))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    page = answer.content.decode()
    secret = _secret(page)
    key = find_key(secret)
    assert key is not None
    assert (key.name, key.budget, key.per_minute) == ("Render farm", Decimal("12.50"), 30)
    assert f'data-copy="{secret}"' in page
    assert "cannot be shown again" in page
    listed = owner.get(_url(cast)).content.decode()
    assert f"{secret[:7]}…" in listed
    assert secret not in listed
    assert secret not in caplog.text
    assert secret not in str(dict(owner.session))
    assert all(secret not in str(one.get_decoded()) for one in Session.objects.all())
    assert all(secret not in str(event.data) for event in Event.objects.all())


def test_a_reload_of_that_page_makes_no_second_key(owner: Client, cast: SimpleNamespace) -> None:
    given = _form(owner, _url(cast))
    secret = _secret(owner.post(_url(cast), given).content.decode())
    answer = owner.post(_url(cast), given, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain == [(_url(cast), 302)]
    assert "made already" in page
    assert secret not in page
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "  "}, "Give the key a name"),
        ({"budget": "much"}, "Type an amount"),
        ({"budget": "-3"}, "A budget is between"),
        ({"budget": "0.001"}, "whole cents"),
        ({"budget": "NaN"}, "Type an amount"),
        ({"per_minute": "0"}, "requests a minute, please"),
        ({"per_minute": "9" * 5000}, "requests a minute, please"),
        ({"engine": "segmind"}, "Select a valid choice"),  # it is not configured here
    ],
)
def test_a_fault_stands_beside_its_field_and_nothing_is_made(
    owner: Client, cast: SimpleNamespace, given: dict[str, str], says: str
) -> None:
    answer = owner.post(_url(cast), {**GIVEN, **given})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert says in page
    assert "field-bad" in page
    assert 'value="12.50"' in page or "budget" in given
    assert not ApiKey.objects.exists()


def test_the_engines_are_those_that_are_configured(
    owner: Client, cast: SimpleNamespace, settings: Settings
) -> None:
    assert "Chatterbox Turbo" not in owner.get(_url(cast)).content.decode()
    settings.SEGMIND_API_KEY = "SG_0123456789abcdef"
    page = owner.get(_url(cast)).content.decode()
    assert "default (now Chatterbox Turbo (Segmind))" in page
    owner.post(_url(cast), {**GIVEN, "engine": "draft"})
    assert ApiKey.objects.get().engine == "draft"


def test_the_list_says_who_when_and_how_much(owner: Client, cast: SimpleNamespace) -> None:
    key = factories.make_key(
        cast.project, budget=Decimal("10"), engine="draft", created_by=cast.owner
    )
    take = factories.make_take(factories.make_line(cast.project))
    take.job.key, take.job.amount = key, Decimal("2.5")
    take.job.save()
    page = owner.get(_url(cast)).content.decode()
    for shown in ("Render farm", "SG_1a2b…", "Made by ada", "never used", "Draft voice", "1 take"):
        assert shown in page
    assert '<b class="num">$2.50</b> of <span class="num">$10.00</span>' in page
    assert re.search(r'<progress max="10.00" value="2.50*"', page)


def test_it_costs_the_same_however_many_keys(
    owner: Client, cast: SimpleNamespace, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        factories.make_key(cast.project, created_by=cast.owner)
    owner.get(_url(cast))
    with django_assert_max_num_queries(14):
        owner.get(_url(cast))
    for _ in range(10):
        factories.make_key(cast.project, created_by=cast.producer)
    with django_assert_max_num_queries(14):
        page = owner.get(_url(cast)).content.decode()
    assert page.count("SG_1a2b…") == 12


def test_a_budget_is_changed_taken_away_and_refused(owner: Client, cast: SimpleNamespace) -> None:
    key = factories.make_key(cast.project, budget=Decimal("10"))
    url = _url(cast, "key_budget", key.pk)
    name = f"key{key.pk}-budget"
    said = owner.post(url, {name: "25"}, follow=True).content.decode()
    assert "has a budget of $25.00 now" in said
    answer = owner.post(url, {name: "-1"})
    assert answer.status_code == 422
    assert "A budget is between" in answer.content.decode()
    key.refresh_from_db()
    assert key.budget == 25
    assert "no budget of its own now" in owner.post(url, {name: ""}, follow=True).content.decode()
    key.refresh_from_db()
    assert key.budget is None


def test_revoking_says_first_what_it_means(owner: Client, cast: SimpleNamespace) -> None:
    key = factories.make_key(cast.project)
    take = factories.make_take(factories.make_line(cast.project), state=JobState.RUNNING)
    take.job.key = key
    take.job.save()
    url = _url(cast, "key_revoke", key.pk)
    page = owner.get(url).content.decode()
    assert "1 take asked for with it is not finished" in page
    assert "may cost money" in page
    key.refresh_from_db()
    assert key.revoked_at is None
    said = owner.post(url, follow=True).content.decode()
    assert "It opens nothing any more" in said
    assert "Revoked" in said
    take.job.refresh_from_db()
    assert take.job.state == JobState.RUNNING
    assert "revoked already" in owner.post(url, follow=True).content.decode()
    assert "was revoked on" in owner.get(url).content.decode()


def test_a_key_of_another_project_is_not_there(owner: Client, cast: SimpleNamespace) -> None:
    other = factories.make_key(factories.make_project(owner=cast.owner))
    strange = factories.make_key(factories.make_project(owner=cast.stranger))
    for key in (other, strange):
        for name in ("key_budget", "key_revoke"):
            assert owner.post(_url(cast, name, key.pk)).status_code == 404
        key.refresh_from_db()
        assert key.revoked_at is None
    assert owner.get(reverse("speech:keys", args=[strange.project.slug])).status_code == 404


def test_the_settings_of_a_project_lead_to_its_keys(owner: Client, cast: SimpleNamespace) -> None:
    factories.make_key(cast.project)
    page = owner.get(reverse("speech:project_settings", args=[cast.project.slug])).content.decode()
    assert f'href="{_url(cast)}"' in page
    assert "1 key in use" in page
    owner.force_login(cast.producer)
    page = owner.get(reverse("speech:project_settings", args=[cast.project.slug])).content.decode()
    assert f'href="{_url(cast)}"' not in page


def test_an_archived_project_makes_no_keys(owner: Client, cast: SimpleNamespace) -> None:
    owner.post(reverse("speech:project_archive", args=[cast.project.slug]))
    assert "Restore it to make a key" in owner.get(_url(cast)).content.decode()
    answer = owner.post(_url(cast), GIVEN)
    assert answer.status_code == 422
    assert not ApiKey.objects.exists()


def test_the_base_url_is_the_public_one_where_there_is_one(
    owner: Client, cast: SimpleNamespace, settings: Settings
) -> None:
    assert 'value="http://testserver/v1"' in owner.get(_url(cast)).content.decode()
    settings.PUBLIC_URL = "https://studio.example.com"
    page = owner.get(_url(cast)).content.decode()
    assert 'value="https://studio.example.com/v1"' in page
