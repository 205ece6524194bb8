from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client

from speech import tasks
from speech.models import Delivery
from tests import factories
from tests.exporting.approved import approved_take


def _page(client: Client, cast: SimpleNamespace) -> str:
    answer = client.get(f"/p/{cast.project.slug}/deliveries/")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def url(cast: SimpleNamespace) -> str:
    return f"/p/{cast.project.slug}/deliveries/"


def test_it_shows_what_would_go_out_and_what_is_missing_before_anything_is_made(
    client: Client, cast: SimpleNamespace
) -> None:
    approved_take(cast, "Seven days.")
    line = factories.make_line(cast.project, "Nobody <made> this.")
    client.force_login(cast.producer)
    page = _page(client, cast)
    assert "Make the delivery (1 of 2 lines)" in page
    assert f'href="/p/{cast.project.slug}/lines/{line.pk}/">Line 2</a>' in page
    assert "Nobody &lt;made&gt; this." in page
    assert "nobody has made a take of it yet" in page


def test_a_producer_makes_one_and_everybody_sees_it(
    client: Client, cast: SimpleNamespace, url: str
) -> None:
    approved_take(cast, "Seven days.")
    client.force_login(cast.producer)
    answer = client.post(f"{url}make/", follow=True)
    page = answer.content.decode()
    assert "You may leave this page." in page
    assert "Make the delivery" not in page[page.index("<main") :]
    assert '<progress max="1" value="0"' in page
    again = client.post(f"{url}make/", follow=True).content.decode()
    assert "Delivery 1 is still being made" in again
    tasks.make_delivery(Delivery.objects.get().pk)
    client.force_login(cast.viewer)
    page = _page(client, cast)
    assert "✓ Ready" in page
    assert Delivery.objects.get().sha256 in page
    assert f'href="{url}1/download/"' in page
    assert "Producers and owners make deliveries" in page
    assert "Throw the file away" not in page


def test_with_nothing_approved_it_says_how_to_get_there(
    client: Client, cast: SimpleNamespace, url: str
) -> None:
    client.force_login(cast.owner)
    assert "The script has no lines yet" in _page(client, cast)
    factories.make_line(cast.project)
    page = _page(client, cast)
    assert "<button" not in page[page.index('id="outlook"') : page.index("Made so far")]
    assert "once it is approved" in page
    assert "Approve a take first" in client.post(f"{url}make/", follow=True).content.decode()


def test_news_bring_progress_and_the_end_of_it(
    client: Client, cast: SimpleNamespace, url: str
) -> None:
    approved_take(cast, "Seven days.")
    client.force_login(cast.owner)
    client.post(f"{url}make/")
    feed = f"/p/{cast.project.slug}/changes/"
    query: dict[str, str | int] = {"view": "deliveries", "since": 0, "wait": 0}
    html = client.get(feed, query).content.decode()
    assert 'id="outlook"' in html
    assert 'data-live data-text="Delivery 1: 0 of 1"' in html
    tasks.make_delivery(Delivery.objects.get().pk)
    html = client.get(feed, query).content.decode()
    assert 'data-text="✓ Delivery 1 is ready"' in html
    assert "Make the delivery (all 1 line)" in html


def test_only_an_owner_throws_a_file_away_and_only_when_sure(
    client: Client, cast: SimpleNamespace, url: str
) -> None:
    delivery = factories.make_delivery(cast.project)
    client.force_login(cast.owner)
    assert "Say that you are sure" in client.post(f"{url}1/remove/", follow=True).content.decode()
    page = client.post(f"{url}1/remove/", {"sure": "1"}, follow=True).content.decode()
    assert "File thrown away" in page
    assert delivery.sha256 in page
    assert client.get(f"{url}1/download/").status_code == 404


def test_a_failed_one_says_why(client: Client, cast: SimpleNamespace) -> None:
    factories.make_delivery(cast.project, state="failed", file="", error="The disk was full.")
    client.force_login(cast.viewer)
    page = _page(client, cast)
    assert "! Failed" in page
    assert "The disk was full." in page


def test_numbers_are_those_of_the_project(client: Client, cast: SimpleNamespace, url: str) -> None:
    factories.make_delivery(factories.make_project(owner=cast.stranger))
    client.force_login(cast.owner)
    assert client.get(f"{url}1/download/").status_code == 404
    assert client.post(f"{url}1/remove/", {"sure": "1"}).status_code == 404


@pytest.mark.django_db(transaction=True)
async def test_the_file_is_sent_whole_or_in_parts(
    async_client: AsyncClient, cast: SimpleNamespace, url: str
) -> None:
    await async_client.aforce_login(cast.viewer)
    delivery = await sync_to_async(factories.make_delivery)(cast.project)
    whole: Any = await async_client.get(f"{url}1/download/")
    body = b"".join([piece async for piece in whole.streaming_content])
    assert body == b"PK and then some"
    assert whole["Content-Type"] == "application/zip"
    assert whole["ETag"] == f'"{delivery.sha256}"'
    name = f"{cast.project.slug}-delivery-01.zip"
    assert whole["Content-Disposition"] == f'attachment; filename="{name}"'
    some: Any = await async_client.get(f"{url}1/download/", headers={"Range": "bytes=0-1"})
    assert some.status_code == 206
    assert b"".join([piece async for piece in some.streaming_content]) == b"PK"
