from __future__ import annotations

import csv
import io
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client

from speech.exporting import sheets
from speech.models import Project
from speech.services.events import log
from speech.services.lines import add_line, edit_line
from speech.services.members import remove_member
from speech.services.projects import rename_project
from tests import factories


def _page(client: Client, project: Project, **query: Any) -> str:
    answer = client.get(f"/p/{project.slug}/activity/", query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_viewer_reads_who_did_what_with_what_differed(
    client: Client, cast: SimpleNamespace
) -> None:
    line = add_line(cast.producer, project=cast.project, text="Seven days <on> one charge.")
    edit_line(cast.producer, line=line, text="Seven nights <on> one charge.")
    client.force_login(cast.viewer)
    page = _page(client, cast.project)
    assert page.index("edited") < page.index("added")
    assert '<del><span class="sr">removed: </span>days</del>' in page
    assert "&lt;on&gt;" in page
    assert f'<a class="link" href="/p/{cast.project.slug}/lines/{line.pk}/">line 1</a>' in page


def test_it_offers_no_way_to_change_anything(client: Client, cast: SimpleNamespace) -> None:
    log(cast.owner, "project renamed", project=cast.project, old="A", new="B")
    client.force_login(cast.administrator)
    page = _page(client, cast.project)
    forms = page[page.index("<main") :].count("<form")
    assert forms == 1, "the filter alone"


def test_it_filters_and_keeps_the_filter_on_older_pages(
    client: Client, cast: SimpleNamespace
) -> None:
    for number in range(60):
        rename_project(cast.owner, project=cast.project, name=f"Name {number}")
    add_line(cast.reviewer, project=cast.project, text="Mine.")
    client.force_login(cast.viewer)
    assert _page(client, cast.project, person=cast.reviewer.pk).count('class="event"') == 1
    first = _page(client, cast.project, person=cast.owner.pk, kind="project")
    assert first.count('class="event"') == 50
    assert f"person={cast.owner.pk}&amp;kind=project&amp;before=" in first
    page = _page(client, cast.project, kind="nonsense")
    assert "Select a valid choice" in page
    assert page.count('class="event"') == 50


def test_somebody_who_has_left_is_still_found(client: Client, cast: SimpleNamespace) -> None:
    add_line(cast.producer, project=cast.project, text="Mine.")
    remove_member(cast.owner, member=cast.project.memberships.get(user=cast.producer))
    client.force_login(cast.viewer)
    page = _page(client, cast.project, person=cast.producer.pk)
    assert page.count('class="event"') == 1
    assert "Select a valid choice" in _page(client, cast.project, person=cast.stranger.pk)


def test_new_entries_are_brought_by_the_feed_as_the_filter_wants_them(
    client: Client, cast: SimpleNamespace
) -> None:
    old = log(cast.owner, "project renamed", project=cast.project, old="A", new="B")
    version = cast.project.version
    line = add_line(cast.owner, project=cast.project, text="New.")
    client.force_login(cast.viewer)
    query = {"view": "activity", "since": version, "after": old.pk, "wait": 0}
    url = f"/p/{cast.project.slug}/changes/"
    html = client.get(url, query).content.decode()
    assert f'data-pk="{old.pk}"' not in html
    assert html.count('data-into="events"') == 1
    assert f"/lines/{line.pk}/" in html
    assert "event-" not in client.get(url, {**query, "kind": "people"}).content.decode()


# --- as a table ---


@pytest.fixture
async def reader(async_client: AsyncClient, cast: SimpleNamespace) -> AsyncClient:
    await async_client.aforce_login(cast.viewer)
    return async_client


async def _table(reader: AsyncClient, url: str) -> tuple[bytes, list[dict[str, str]]]:
    answer: Any = await reader.get(url)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    body = b"".join([piece async for piece in answer.streaming_content])
    text = body.decode("utf-8-sig")
    return body, list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.django_db(transaction=True)
async def test_the_table_holds_every_event_with_old_and_new(
    reader: AsyncClient, cast: SimpleNamespace
) -> None:
    @sync_to_async
    def happen() -> None:
        line = add_line(cast.owner, project=cast.project, text="=SUM(A1)")
        edit_line(cast.owner, line=line, text='@"Sale", today\nonly')
        for number in range(1200):
            log(cast.reviewer, "project renamed", project=cast.project, old=number, new=-number)
        factories.make_project(owner=cast.viewer)

    await happen()
    body, rows = await _table(reader, f"/p/{cast.project.slug}/activity/csv/")
    assert body.startswith(b"\xef\xbb\xbfwho,what,when,target,old,new\r\n")
    assert len(rows) == 1202
    edited, added = rows[-2:]
    assert edited["who"] == "ada"
    assert edited["what"] == "ada edited line 1"
    assert edited["target"] == "line 1"
    assert edited["old"] == "'=SUM(A1)"
    assert sheets.exact(edited["new"]) == '@"Sale", today\nonly'
    assert added["when"].endswith("+00:00")
    assert "T" in added["when"]
    assert rows[0]["old"] == "Name: 1199"
    _, some = await _table(
        reader, f"/p/{cast.project.slug}/activity/csv/?person={cast.owner.pk}&kind=lines"
    )
    assert len(some) == 2


@pytest.mark.parametrize(
    "text", ["=1+1", "+49 30", "-5", "@home", "\tx", "'quoted'", "＝1", "plain", "", "\r\n="]
)
def test_a_guarded_cell_gives_its_exact_text_back(text: str) -> None:
    guarded = sheets.guarded(text)
    assert sheets.exact(guarded) == text
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))


def test_numbers_stay_numbers() -> None:
    assert sheets.line(["-20.5", -20.5, 0.0213, 3, None, True]) == "'-20.5,-20.5,0.0213,3,,on\r\n"
