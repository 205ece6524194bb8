from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from speech.models import EngineState, Membership, Project, StudioSettings
from speech.services.projects import archive_project
from speech.states import JobState
from tests import factories


def test_it_lists_my_projects_with_progress_and_spend(
    client: Client, cast: SimpleNamespace
) -> None:
    line = factories.make_line(cast.project)
    factories.make_line(cast.project)
    factories.make_take(line, engine="segmind", cost=0.0213)
    factories.make_take(line, state=JobState.RUNNING)
    factories.make_project(owner=cast.stranger, name="Secret")
    client.force_login(cast.viewer)
    page = client.get("/").content.decode()
    assert "0 of 2 lines approved · 1 with a finished take" in page
    assert "$0.021 spent" in page
    assert "1 take in the making" in page
    assert "Secret" not in page


def test_it_lists_archived_projects_apart(client: Client, cast: SimpleNamespace) -> None:
    archive_project(cast.owner, project=cast.project)
    client.force_login(cast.viewer)
    response = client.get("/")
    assert "1 archived project" in response.content.decode()
    assert not response.context["cards"]


def test_whoever_may_create_projects_owns_what_they_create(client: Client, db: None) -> None:
    """The setting that it starts with is shown before, and is the project's own from then on."""
    creator = factories.make_user("fay", may_create_projects=True)
    StudioSettings.objects.create(pk=1, default_budget=Decimal("12.50"))
    client.force_login(creator)
    page = client.get("/").content.decode()
    assert "Give one a name to begin." in page
    assert "starts with a budget of $12.50" in page
    response = client.post("/p/new/", {"name": "Autumn film"})
    project = Project.objects.get(name="Autumn film")
    assert response["Location"] == project.get_absolute_url()
    assert Membership.objects.get(project=project).user == creator
    assert project.budget == Decimal("12.50")


@pytest.mark.parametrize("role", ["owner", "producer", "reviewer", "viewer", "stranger"])
def test_nobody_else_creates_one_and_the_page_does_not_offer_it(
    client: Client, cast: SimpleNamespace, role: str
) -> None:
    client.force_login(getattr(cast, role))
    assert reverse("speech:project_new") not in client.get("/").content.decode()
    refused = client.post("/p/new/", {"name": "Mine"})
    assert refused.status_code == 403
    assert "Ask an administrator" in refused.content.decode()
    assert not Project.objects.filter(name="Mine").exists()


def test_a_project_without_a_name_keeps_the_page_and_says_why(
    client: Client, cast: SimpleNamespace
) -> None:
    client.force_login(cast.administrator)
    response = client.post("/p/new/", {"name": "x" * 121})
    assert response.status_code == 422
    page = response.content.decode()
    assert "at most 120 characters" in page
    assert "x" * 121 in page


def test_the_list_asks_as_often_for_many_projects_as_for_few(
    client: Client, cast: SimpleNamespace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(cast.owner)
    for _ in range(2):
        for _ in range(3):
            project = factories.make_project(owner=cast.owner)
            factories.make_take(factories.make_line(project))
        with django_assert_num_queries(14):
            client.get("/")


def test_the_project_opens_with_its_first_line(client: Client, cast: SimpleNamespace) -> None:
    client.force_login(cast.viewer)
    empty = client.get(cast.project.get_absolute_url())
    assert "Nothing to read yet" in empty.content.decode()
    factories.make_line(cast.project, text="First [laugh] of [all]")
    factories.make_line(cast.project, text="Second")
    response = client.get(cast.project.get_absolute_url())
    assert response.context["line"].text == "First [laugh] of [all]"
    page = response.content.decode()
    assert '<span class="tag">laugh</span>' in page
    assert 'class="tag unknown"' in page
    assert "id_temperature" not in page


def test_a_viewer_sees_no_button_that_would_be_refused(
    client: Client, cast: SimpleNamespace
) -> None:
    line = factories.make_line(cast.project)
    factories.make_take(line)
    factories.make_take(line, state=JobState.FAILED)
    client.force_login(cast.viewer)
    page = client.get(line.get_absolute_url()).content.decode()
    own = reverse("speech:sign_out")
    forms = [part.split('"')[0] for part in page.split('<form method="post" action="')[1:]]
    assert forms == [own]


def test_the_studio_asks_as_often_with_many_lines_and_takes_as_with_few(
    client: Client, cast: SimpleNamespace, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(cast.owner)
    line = factories.make_line(cast.project)
    counts = []
    for _ in range(2):
        for _ in range(4):
            factories.make_take(factories.make_line(cast.project))
            factories.make_take(line, created_by=cast.owner)
        with django_assert_max_num_queries(22) as seen:
            client.get(line.get_absolute_url())
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_paused_engine_and_takes_in_doubt_are_said(
    client: Client, cast: SimpleNamespace, settings: object
) -> None:
    line = factories.make_line(cast.project)
    for _ in range(2):
        factories.make_take(line, state=JobState.UNKNOWN, engine="segmind")
    state = EngineState.objects.create(key="segmind", pause_sentence="The key was refused.")
    EngineState.objects.filter(pk=state.pk).update(paused_at=cast.project.created_at)
    settings.SEGMIND_API_KEY = "a-key"  # type: ignore[attr-defined]
    client.force_login(cast.owner)
    page = client.get(line.get_absolute_url()).content.decode()
    assert "The key was refused." in page
    assert "<b>2 takes may have been charged</b>, about $0.042 together" in page
    assert "Submit 2 again" in page


@pytest.mark.parametrize("name", ["project", "history", "changes", "compare"])
def test_a_stranger_finds_nothing(client: Client, cast: SimpleNamespace, name: str) -> None:
    client.force_login(cast.stranger)
    assert client.get(reverse(f"speech:{name}", args=[cast.project.slug])).status_code == 404


@pytest.mark.parametrize("path", ["lines/add/", "lines/paste/", "lines/1/edit/", "nowhere/paste/"])
def test_a_reload_of_what_only_takes_a_form_shows_the_page_above(
    client: Client, cast: SimpleNamespace, path: str
) -> None:
    client.force_login(cast.producer)
    here = f"{cast.project.get_absolute_url()}{path}"
    assert client.get(here).status_code in {404, 405}
    page = client.get(here, headers={"Accept": "text/html,*/*"})
    if path == "nowhere/paste/":
        assert page.status_code == 404
    else:
        above = f"{cast.project.get_absolute_url()}{'lines/1/' if '1' in path else ''}"
        assert (page.status_code, page["Location"]) == (302, above)
