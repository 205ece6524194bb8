from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client
from django.urls import reverse

from speech.models import Line, Project, User
from speech.queries.changes import Watcher, mark_of, versions_of
from speech.queries.presence import here
from speech.services.lines import delete_line, edit_line
from speech.services.notices import tell
from speech.services.takes import star_take
from speech.states import JobState, NoticeKind, Role
from tests import factories


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    return factories.make_line(cast.project)


def _ask(client: Client, project: Project, since: int, **query: Any) -> Any:
    url = reverse("speech:changes", args=[project.slug])
    return client.get(url, {"since": since, **query}, headers={"HX-Request": "true"})


def _version(project: Project) -> int:
    return Project.objects.values_list("version", flat=True).get(pk=project.pk)


def test_it_brings_only_what_changed(client: Client, cast: SimpleNamespace, line: Line) -> None:
    client.force_login(cast.viewer)
    quiet = factories.make_take(line)
    loud = factories.make_take(line)
    other = factories.make_line(cast.project)
    before = _version(cast.project)
    star_take(cast.owner, take=loud, on=True)
    response = _ask(client, cast.project, before, view="line", line=line.pk)
    page = response.content.decode()
    assert response.headers["X-Changes"] == str(before + 1)
    assert f'id="take-{loud.pk}"' in page
    assert f'id="take-{quiet.pk}"' not in page
    assert f'id="line-{line.pk}"' not in page
    edit_line(cast.owner, line=other, text="Another text.")
    page = _ask(client, cast.project, before + 1, view="line", line=line.pk).content.decode()
    assert f'id="line-{other.pk}"' in page
    assert 'id="line-text"' not in page
    assert f'id="take-{loud.pk}"' not in page


def test_an_edit_of_the_open_line_brings_its_text_and_what_went_stale(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    client.force_login(cast.producer)
    take = factories.make_take(line)
    before = _version(cast.project)
    edit_line(cast.owner, line=line, text="Eight days on one charge.")
    page = _ask(client, cast.project, before, view="line", line=line.pk).content.decode()
    assert 'id="line-text"' in page
    assert "Eight days on one charge." in page
    assert f'id="take-{take.pk}-stale"' in page
    assert f'<li id="take-{take.pk}"' not in page


def test_a_deleted_line_is_said_to_be_gone(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    client.force_login(cast.viewer)
    before = _version(cast.project)
    delete_line(cast.owner, line=line)
    page = _ask(client, cast.project, before, view="line", line=line.pk).content.decode()
    assert f'<li id="line-{line.pk}" data-gone></li>' in page


def test_a_list_of_takes_hears_of_those_it_shows(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    client.force_login(cast.viewer)
    shown, hidden = factories.make_take(line), factories.make_take(line)
    foreign = factories.make_take(factories.make_line(factories.make_project(name="Other")))
    before = _version(cast.project)
    for take in (shown, hidden):
        star_take(cast.owner, take=take, on=True)
    ids = f"{shown.pk},{foreign.pk},x"
    page = _ask(client, cast.project, before, view="history", takes=ids).content.decode()
    assert f'id="take-{shown.pk}"' in page
    assert f'id="take-{hidden.pk}"' not in page
    assert f'id="take-{foreign.pk}"' not in page


@pytest.mark.django_db(transaction=True)
async def test_it_waits_until_something_happens() -> None:
    owner, project, line = await sync_to_async(_a_project)()
    client = AsyncClient()
    await client.aforce_login(owner)
    take = await sync_to_async(factories.make_take)(line, state=JobState.DONE)
    url = reverse("speech:changes", args=[project.slug])
    since = await sync_to_async(_version)(project)
    asked = asyncio.create_task(
        client.get(url, query_params={"since": since, "view": "line", "line": line.pk})
    )
    done, _ = await asyncio.wait({asked}, timeout=0.6)
    assert not done
    await sync_to_async(star_take)(owner, take=take, on=True)
    response = await asyncio.wait_for(asked, 10)
    assert response.status_code == 200
    assert f'id="take-{take.pk}"' in response.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["changes", "my_changes"])
async def test_a_page_that_was_open_tells_nothing_to_somebody_switched_off(name: str) -> None:
    owner, project, line = await sync_to_async(_a_project)()
    person = await sync_to_async(factories.make_user)("zoe", is_superuser=True)
    client = AsyncClient()
    await client.aforce_login(person)
    take = await sync_to_async(factories.make_take)(line, state=JobState.DONE)
    url = reverse(f"speech:{name}", args=[project.slug] if name == "changes" else [])
    since = await sync_to_async(_version)(project)
    every = mark_of(await sync_to_async(versions_of)(person))
    asked = asyncio.create_task(client.get(url, query_params={"since": since, "all": every}))
    done, _ = await asyncio.wait({asked}, timeout=0.6)
    assert not done
    await User.objects.filter(pk=person.pk).aupdate(is_active=False)
    await sync_to_async(star_take)(owner, take=take, on=True)
    assert (await asyncio.wait_for(asked, 10)).status_code == 404


@pytest.mark.django_db(transaction=True)
async def test_it_answers_with_nothing_when_nothing_happens() -> None:
    owner, project, _ = await sync_to_async(_a_project)()
    client = AsyncClient()
    await client.aforce_login(owner)
    response = await client.get(
        reverse("speech:changes", args=[project.slug]), query_params={"since": 99, "wait": 1}
    )
    assert response.status_code == 204


@pytest.mark.django_db(transaction=True)
async def test_one_watcher_wakes_only_those_whose_project_moved() -> None:
    _, project, _ = await sync_to_async(_a_project)()
    _, still, _ = await sync_to_async(_a_project)()
    watcher = Watcher()
    moved, waiting, gone = await asyncio.gather(
        watcher.wait({("project", project.pk): -1}, seconds=10),
        watcher.wait({("project", still.pk): still.version}, seconds=0.7),
        watcher.wait({("project", 10**9): 5}, seconds=10),
    )
    assert (moved, waiting, gone) == (True, False, True)
    assert watcher._task is not None
    await asyncio.wait_for(watcher._task, 10)


@pytest.mark.django_db(transaction=True)
async def test_somebody_who_comes_is_seen_without_moving_the_project() -> None:
    owner, project, line = await sync_to_async(_a_project)()
    guest = await sync_to_async(factories.make_user)("bea")
    await sync_to_async(factories.add_member)(project, guest, Role.VIEWER)
    url = reverse("speech:changes", args=[project.slug])
    first, second = AsyncClient(), AsyncClient()
    await first.aforce_login(owner)
    await second.aforce_login(guest)
    nobody = (await sync_to_async(here)(project, owner)).mark
    asked = asyncio.create_task(
        first.get(url, query_params={"since": 99, "here": nobody, "arrive": 1})
    )
    done, _ = await asyncio.wait({asked}, timeout=0.9)
    assert not done, "oneself is no news"
    came = await second.get(
        url, query_params={"since": 99, "here": nobody, "arrive": 1, "line": line.pk}
    )
    assert f'title="{owner.label} is here"' in came.content.decode()
    response = await asyncio.wait_for(asked, 5)
    page = response.content.decode()
    assert 'title="bea, on line 1"' in page
    assert 'id="line-' not in page
    assert response.headers["X-Here"] not in {"", nobody}
    assert await sync_to_async(_version)(project) == 0
    gone = asyncio.create_task(
        first.get(url, query_params={"since": 99, "here": response.headers["X-Here"]})
    )
    await second.post(reverse("speech:presence_leave", args=[project.slug]), {"beacon": "1"})
    page = (await asyncio.wait_for(gone, 8)).content.decode()
    assert 'id="people-here"' in page
    assert "bea" not in page


@pytest.mark.django_db(transaction=True)
async def test_any_page_hears_what_concerns_its_person() -> None:
    owner, project, _ = await sync_to_async(_a_project)()
    client = AsyncClient()
    await client.aforce_login(owner)
    for url in (reverse("speech:my_changes"), reverse("speech:changes", args=[project.slug])):
        news = await sync_to_async(_news)(owner)
        asked = asyncio.create_task(client.get(url, query_params={"since": 99, "news": news}))
        done, _ = await asyncio.wait({asked}, timeout=0.6)
        assert not done
        await sync_to_async(tell)(
            [owner], kind=NoticeKind.MENTION, project=project, actor=None,
            sentence="Bea mentions you.", path=f"/p/{project.slug}/",
        )  # fmt: skip
        response = await asyncio.wait_for(asked, 5)
        assert response.headers["X-News"] == str(news + 1)
        assert f'data-news="{news + 1}" data-unread="' in response.content.decode()


def test_a_page_of_many_projects_hears_of_each_of_them(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    client.force_login(cast.viewer)
    url = reverse("speech:my_changes")
    quiet: dict[str, Any] = {
        "view": "projects",
        "wait": 0,
        "all": mark_of(versions_of(cast.viewer)),
    }
    assert client.get(url, quiet).status_code == 204
    foreign = factories.make_line(factories.make_project(name="Other"))
    edit_line(cast.owner, line=foreign, text="Nobody here may know.")
    assert client.get(url, quiet).status_code == 204
    edit_line(cast.owner, line=line, text="Eight days.")
    response = client.get(url, quiet)
    assert 'id="project-cards"' in response.content.decode()
    assert response.headers["X-All"] == mark_of(versions_of(cast.viewer))
    assert client.get(url, {**quiet, "all": response.headers["X-All"]}).status_code == 204


def _news(user: User) -> int:
    return User.objects.values_list("news", flat=True).get(pk=user.pk)


def _a_project() -> tuple[Any, Project, Line]:
    owner = factories.make_user()
    project = factories.make_project(owner=owner)
    return owner, project, factories.make_line(project)
