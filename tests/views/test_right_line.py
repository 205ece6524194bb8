"""What was drawn for one line makes and charges nothing on another."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from speech.models import Job, Line, Take
from speech.services.comments import write_comment
from speech.states import JobState
from tests import factories
from tests.upstream.client import KEY
from tests.views.test_sweeps import CHOICE

HTMX = {"HX-Request": "true"}
SAID = "drawn for another line, so nothing was made and nothing was charged"


@pytest.fixture
def lines(cast: SimpleNamespace, settings: Settings) -> list[Line]:
    settings.SEGMIND_API_KEY = KEY
    cast.project.voice = factories.make_voice()
    cast.project.save()
    return [factories.make_line(cast.project, text=f"Line {one}.") for one in ("one", "two")]


@pytest.fixture
def producer(client: Client, cast: SimpleNamespace) -> Client:
    client.force_login(cast.producer)
    return client


def generate(line: Line) -> str:
    return reverse("speech:generate", args=[line.project.slug, line.pk])


def test_a_form_of_another_line_makes_nothing(producer: Client, lines: list[Line]) -> None:
    mine, other = lines
    for extra in ({"line": str(other.pk)}, {"line": [str(mine.pk), str(other.pk)]}):
        sent = {"text": mine.text, "count": "3", **extra}
        page = producer.post(generate(mine), sent)
        assert page.status_code == 409
        assert SAID in page.content.decode()
        assert "Line one." in page.content.decode(), "the page shows the line that it is of"
        headers = {**HTMX, "HX-Current-URL": f"http://testserver{other.get_absolute_url()}"}
        part = producer.post(generate(mine), sent, headers=headers)
        assert part.status_code == 409
        assert SAID in part.content.decode()
        assert f'"path": "{other.get_absolute_url()}"' in part["HX-Location"]
    assert not Take.objects.exists()
    assert producer.post(generate(mine), {"text": mine.text, "line": mine.pk}).status_code == 302
    assert Take.objects.get().line == mine


@pytest.mark.parametrize("name", ["again", "tweak", "answers"])
def test_nothing_of_another_line_is_repeated_tweaked_or_answered(
    producer: Client, lines: list[Line], cast: SimpleNamespace, name: str
) -> None:
    mine, other = lines
    take = factories.make_take(other)
    comment = write_comment(cast.reviewer, take=take, text="Slower.")
    given = comment.pk if name == "answers" else take.pk
    answer = producer.post(generate(mine), {"text": mine.text, name: given})
    assert answer.status_code == 409
    assert SAID in answer.content.decode()
    assert Take.objects.count() == 1


def test_a_sweep_of_another_line_makes_nothing(producer: Client, lines: list[Line]) -> None:
    mine, other = lines
    address = reverse("speech:sweep_new", args=[mine.project.slug, mine.pk])
    page = producer.get(address).content.decode()
    assert f'name="line" value="{mine.pk}"' in page
    answer = producer.post(address, {**CHOICE, "line": other.pk, "counted": "24 segmind"})
    assert answer.status_code == 409
    assert SAID in answer.content.decode()
    assert not Take.objects.exists()


@pytest.mark.parametrize(
    ("action", "state"), [("again", JobState.UNKNOWN), ("retry", JobState.FAILED)]
)
def test_a_take_of_another_line_is_not_paid_for_again(
    producer: Client, lines: list[Line], action: str, state: JobState
) -> None:
    mine, other = lines
    take = factories.make_take(mine, state=state, engine="segmind")
    page = producer.get(mine.get_absolute_url()).content.decode()
    assert f'/takes/{take.pk}/{action}/" name="line" value="{mine.pk}"' in page
    before = list(Job.objects.values())
    address = f"/takes/{take.pk}/{action}/"
    answer = producer.post(address, {"line": other.pk}, headers=HTMX)
    assert answer.status_code == 409
    assert SAID in answer.content.decode()
    assert list(Job.objects.values()) == before


def test_words_and_setup_of_another_line_are_not_saved(producer: Client, lines: list[Line]) -> None:
    mine, other = lines
    for name in ("line_edit", "line_setup"):
        address = reverse(f"speech:{name}", args=[mine.project.slug, mine.pk])
        sent = {"line": other.pk, "text": "Changed.", "temperature": "1.5"}
        assert producer.post(address, sent).status_code == 409
    mine.refresh_from_db()
    assert mine.text == "Line one."


def test_every_part_of_the_form_says_its_line(producer: Client, lines: list[Line]) -> None:
    page = producer.get(lines[1].get_absolute_url()).content.decode()
    said = page.count(f'name="line" value="{lines[1].pk}"')
    assert said == 2, "the setup, and the words that were begun with"
    assert f'name="line" value="{lines[0].pk}"' not in page
