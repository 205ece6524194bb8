"""Pages of spend, and a project's budget."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import AsyncClient
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from speech.models import Balance, Event, Job, Line, Project
from speech.services.budgets import set_project_budget
from speech.services.takes import request_takes
from speech.states import JobState
from tests import factories
from tests.views.people import signed_in

MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def line(cast: SimpleNamespace, settings: Settings) -> Line:
    settings.SEGMIND_API_KEY = "a-key"
    cast.project.voice = factories.make_voice()
    cast.project.save()
    return factories.make_line(cast.project)


@pytest.fixture
def home(cast: SimpleNamespace) -> str:
    return f"/p/{cast.project.slug}/"


def words(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_a_producer_sees_what_the_project_cost(
    cast: SimpleNamespace, line: Line, home: str
) -> None:
    factories.make_take(line, engine="segmind", cost=1.25, created_by=cast.producer)
    page = words(signed_in(cast.producer).get(f"{home}spend/"))
    for said in ("Spent $1.25 1 take", "By person or API key", "bea 1 — $1.25", "No limit"):
        assert said in page, said
    assert "By project" not in page
    assert f'href="{home}spend/"' in signed_in(cast.producer).get(home).content.decode()
    assert f'href="{home}spend/"' not in signed_in(cast.reviewer).get(home).content.decode()


def test_the_studios_page_has_all_projects_and_the_balance(
    cast: SimpleNamespace, line: Line
) -> None:
    factories.make_take(line, engine="segmind", cost=1234.5)
    today = timezone.localdate()
    Balance.objects.create(engine="segmind", day=today, credits=13.75, at=timezone.now())
    page = words(signed_in(cast.administrator).get("/settings/spend/"))
    assert "Skyline 1 — $1,234.50" in page
    assert "$13.75" in page


def test_the_days_stand_in_the_address(cast: SimpleNamespace, line: Line, home: str) -> None:
    take = factories.make_take(line, engine="segmind", cost=2.0)
    Job.objects.filter(take=take).update(created_at=MARCH)
    producer = signed_in(cast.producer)
    assert "Spent $0.00" in words(producer.get(f"{home}spend/")), "this month, if nothing is said"
    assert "Spent $2.00" in words(producer.get(f"{home}spend/?all=1"))
    within = producer.get(f"{home}spend/?since=2026-03-10&until=2026-03-10").content.decode()
    assert 'value="2026-03-10"' in within
    assert "Tue 10 Mar 2026" in within
    before = producer.get(f"{home}spend/?since=2026-01-01&until=2026-03-09")
    assert "Nothing was made in this time" in words(before)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("since=yesterday", "Enter a valid date."),
        ("since=0001-01-01", "Before 2000 there was nothing to spend."),
        ("until=9999-12-31", "That is too far away."),
        ("since=2026-03-10&until=2026-03-01", "This is before the first day."),
        ("since=%00", "Enter a valid date."),
    ],
)
def test_a_date_that_makes_no_sense_is_named(
    cast: SimpleNamespace, line: Line, home: str, query: str, said: str
) -> None:
    page = signed_in(cast.producer).get(f"{home}spend/?{query}")
    assert page.status_code == 200
    assert said in words(page)


@pytest.mark.django_db(transaction=True)
async def test_it_can_be_taken_away_as_a_table() -> None:
    from asgiref.sync import sync_to_async

    def set_out() -> tuple[AsyncClient, AsyncClient, str]:
        ada = factories.make_user("ada")
        root = factories.make_user("root", is_superuser=True)
        project = factories.make_project(owner=ada, name="=Skyline")
        line = factories.make_line(project)
        factories.make_take(line, engine="segmind", cost=0.0213, created_by=ada)
        old = factories.make_take(line, engine="segmind", cost=0.02)
        Job.objects.filter(take=old).update(created_at=MARCH)
        other = factories.make_line(factories.make_project(name="Autumn film"))
        factories.make_take(other, state=JobState.UNKNOWN, engine="segmind")
        clients = AsyncClient(), AsyncClient()
        for client, person in zip(clients, (ada, root), strict=True):
            client.force_login(person)
        return *clients, project.slug

    ada, root, slug = await sync_to_async(set_out)()

    async def table(client: AsyncClient, path: str) -> list[dict[str, str]]:
        answer = await client.get(path)
        body = b"".join([chunk async for chunk in answer])  # type: ignore[attr-defined]
        return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))

    [row] = await table(ada, f"/p/{slug}/spend/csv/")
    assert (row["by"], row["take"], row["amount"], row["charged"]) == (
        "ada", "1", "0.0213", "Charged",
    )  # fmt: skip
    assert row["project"] == "'=Skyline", "no formula"
    assert len(await table(ada, f"/p/{slug}/spend/csv/?all=1")) == 2
    rows = await table(root, "/settings/spend/csv/?all=1")
    assert [one["project"] for one in rows] == ["Autumn film", "'=Skyline", "'=Skyline"]
    assert rows[0]["charged"] == "May have been charged"


def test_the_page_asks_as_often_for_much_as_for_little(
    cast: SimpleNamespace, line: Line, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    boss, counts = signed_in(cast.administrator), []
    for _ in range(2):
        for _ in range(4):
            other = factories.make_line(factories.make_project())
            person = factories.make_user()
            factories.make_take(other, engine="segmind", cost=0.02, created_by=person)
        with django_assert_max_num_queries(16) as seen:
            boss.get("/settings/spend/")
        counts.append(len(seen))
    assert counts[0] == counts[1]


# --- budgets ---


def test_an_owner_sets_a_budget_and_takes_that_waited_go_on(
    cast: SimpleNamespace, line: Line, home: str
) -> None:
    owner = signed_in(cast.owner)
    said = owner.post(f"{home}settings/budget/", {"money-budget": "0.05"}, follow=True)
    assert "The budget is saved." in words(said)
    request_takes(cast.owner, line=line, engine="segmind", count=4)
    assert Job.objects.filter(waits="budget").count() == 2
    page = words(owner.get(f"{home}settings/"))
    assert "$0.042 of $0.05" in page
    assert "Left $0.008" in page
    assert "Waits 2 takes, about $0.042 together" in page

    owner.post(f"{home}settings/budget/", {"money-budget": ""})

    assert Project.objects.get(pk=cast.project.pk).budget is None
    assert not Job.objects.exclude(waits="").exists()
    told = Event.objects.filter(verb="budget changed").order_by("pk")
    assert [(event.data["old"], event.data["new"]) for event in told] == [
        ("no limit", "$0.05"), ("$0.05", "no limit"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("a lot", "Enter a number."),
        ("-1", "between $0 and"),
        ("2000000", "between $0 and"),
        ("0.005", "whole cents"),
        ("NaN", "Enter a number."),
        ("1e30", "between $0 and"),
    ],
)
def test_an_odd_budget_comes_back_with_its_fault(
    cast: SimpleNamespace, home: str, typed: str, said: str
) -> None:
    page = signed_in(cast.owner).post(f"{home}settings/budget/", {"money-budget": typed})
    assert page.status_code == 422
    assert said in words(page)
    assert f'value="{typed}"' in page.content.decode()
    assert Project.objects.get(pk=cast.project.pk).budget is None


def test_others_see_the_budget_and_cannot_change_it(
    cast: SimpleNamespace, line: Line, home: str
) -> None:
    set_project_budget(cast.owner, project=cast.project, budget=Decimal(5))
    for person in (cast.producer, cast.reviewer, cast.viewer):
        page = signed_in(person).get(f"{home}settings/")
        assert "$0.00 of $5.00" in words(page)
        assert "money-budget" not in page.content.decode()
        assert "An owner of the project can change it." in words(page)


def test_the_project_says_what_is_used_and_what_waits(
    cast: SimpleNamespace, line: Line, home: str
) -> None:
    owner, producer = signed_in(cast.owner), signed_in(cast.producer)
    assert "budget-mark" not in owner.get(home).content.decode()
    set_project_budget(cast.owner, project=cast.project, budget=Decimal("0.05"))
    request_takes(cast.producer, line=line, engine="segmind", count=3)

    page = owner.get(line.get_absolute_url())
    assert "1 take waits for budget , about $0.021 together." in words(page)
    assert "project’s budget of $0.05 does not cover it" in words(page)
    assert f'href="{home}settings/#budget"' in page.content.decode()
    assert "ada can raise it." in words(producer.get(line.get_absolute_url()))
    for client in (owner, producer):
        assert "$0.042 of $0.05" in words(client.get(home))
        assert "$0.042 of $0.05 used" in words(client.get("/"))


def test_the_generate_button_says_when_a_take_would_wait(cast: SimpleNamespace, line: Line) -> None:
    producer = signed_in(cast.producer)
    assert "line-room" not in producer.get(line.get_absolute_url()).content.decode()
    set_project_budget(cast.owner, project=cast.project, budget=Decimal("0.05"))
    page = producer.get(line.get_absolute_url()).content.decode()
    assert 'data-room="0.050000"' in page
    assert "Over budget" not in page
    url = f"{line.get_absolute_url()}generate/"
    typed = {"engine": "segmind", "count": "2", "seed": "", "voice": "", "text": line.text}
    changed = producer.post(url, typed, headers={"HX-Request": "true"})
    assert changed.status_code == 200
    news = producer.get(
        f"/p/{cast.project.slug}/changes/?since=0&wait=0&view=line&line={line.pk}"
    ).content.decode()
    assert 'id="line-room"' in news, "what is left comes with each change"
    assert 'data-room="0.008000"' in news
    assert "Over budget: new takes wait" in news
    assert 'id="budget-mark"' in news
