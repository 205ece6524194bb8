"""What the page of a line says of its approval."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from speech.models import Line, Project, Take
from speech.services.lines import edit_line
from speech.services.reviews import approve, ask_review
from tests import factories

HTMX = {"HX-Request": "true"}
TEXT = "Fernweh boils in ninety seconds."


@pytest.fixture
def take(client: Client, cast: SimpleNamespace) -> Take:
    client.force_login(cast.owner)
    made = factories.make_reviewable_take(cast.project, TEXT)
    approve(cast.reviewer, take=made)
    return made


def _page(client: Client, line: Line) -> str:
    page = client.get(line.get_absolute_url()).content.decode()
    return page[page.index('id="line-approval"') : page.index('id="line-text"')]


def test_a_fallen_approval_is_explained_with_what_changed(
    client: Client, cast: SimpleNamespace, take: Take
) -> None:
    version = Project.objects.values_list("version", flat=True).get(pk=cast.project.pk)
    edit_line(cast.producer, line=take.line, text="Fernweh boils in sixty seconds.")
    said = _page(client, take.line)
    assert f'The approval of <a href="{take.get_absolute_url()}#review">take 1</a> fell' in said
    assert "after a change by bea" in said
    assert "The line’s text was changed." in said
    assert "<del>ninety</del><ins>sixty</ins>" in said
    assert "again as it was approved" not in said
    asked: dict[str, str | int] = {"since": version, "view": "line", "line": take.line_id}
    url = reverse("speech:changes", args=[cast.project.slug])
    assert "after a change by bea" in client.get(url, asked, headers=HTMX).content.decode()


def test_a_line_that_is_again_as_approved_is_put_to_review_with_one_press(
    client: Client, cast: SimpleNamespace, take: Take
) -> None:
    edit_line(cast.producer, line=take.line, text="Something else.")
    edit_line(cast.producer, line=take.line, text=TEXT)
    said = _page(client, take.line)
    assert "The line is again as it was approved; ask for review again." in said
    assert f'action="{reverse("speech:review_ask", args=[take.pk])}"' in said
    assert client.post(reverse("speech:review_ask", args=[take.pk])).status_code == 302
    assert "fell" not in _page(client, take.line), "it waits"


def test_only_who_edits_is_offered_to_ask_again(
    client: Client, cast: SimpleNamespace, take: Take
) -> None:
    edit_line(cast.producer, line=take.line, text="Something else.")
    edit_line(cast.producer, line=take.line, text=TEXT)
    client.force_login(cast.viewer)
    assert "Ask for review again" not in _page(client, take.line)


def test_a_review_that_stopped_is_no_approval_that_fell(
    client: Client, cast: SimpleNamespace
) -> None:
    client.force_login(cast.owner)
    waiting = factories.make_reviewable_take(cast.project, TEXT)
    ask_review(cast.producer, take=waiting)
    edit_line(cast.producer, line=waiting.line, text="Something else.")
    assert "fell" not in _page(client, waiting.line)
