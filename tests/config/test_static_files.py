from __future__ import annotations

from http import HTTPStatus

import pytest
from django.conf import settings
from django.test import AsyncClient, Client
from django.utils.module_loading import import_string

ASSET = "/static/css/takeroom.css"


async def test_it_serves_a_static_file_without_a_warning_under_asgi(
    async_client: AsyncClient,
) -> None:
    answer = await async_client.get(ASSET)
    assert answer.status_code == HTTPStatus.OK
    assert answer["content-type"].startswith("text/css")
    assert not answer.streaming
    assert answer.content


async def test_it_answers_not_modified(async_client: AsyncClient) -> None:
    first = await async_client.get(ASSET)
    again = await async_client.get(ASSET, headers={"if-none-match": first["etag"]})
    assert again.status_code == HTTPStatus.NOT_MODIFIED
    assert again.content == b""


@pytest.mark.parametrize("name", settings.MIDDLEWARE)
def test_it_stands_among_middleware_that_gives_no_request_a_thread(name: str) -> None:
    assert import_string(name).async_capable


def test_it_refuses_to_leave_its_folder(client: Client) -> None:
    answer = client.get("/static/../config/settings.py")
    assert answer.status_code != HTTPStatus.OK


def test_it_refuses_to_post(client: Client) -> None:
    assert client.post(ASSET).status_code == HTTPStatus.METHOD_NOT_ALLOWED
