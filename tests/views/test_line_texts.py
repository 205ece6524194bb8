"""What a page says of a line's text before and after a take is made of it."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from speech.models import Job, Line, Take
from tests import factories

HTMX = {"HX-Request": "true"}


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    cast.project.voice = factories.make_voice()
    cast.project.save()
    return factories.make_line(cast.project)


@pytest.fixture
def producer(client: Client, cast: SimpleNamespace) -> Client:
    client.force_login(cast.producer)
    return client


def _url(name: str, line: Line) -> str:
    return reverse(f"speech:{name}", args=[line.project.slug, line.pk])


def _form(line: Line, text: str) -> dict[str, Any]:
    return {"text": text, "revision": line.revision, "direction": "", "count": "1"}


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[laugh]", "There is nothing to say in this text: only tags."),
        ("🎉", "There is nothing to say in this text: only emoji."),
        ("— …", "There is nothing to say in this text: no letter and no number."),
        ("\u200b", "Text is needed."),
    ],
)
def test_generate_says_why_nothing_was_asked_for(
    producer: Client, line: Line, text: str, why: str, headers: dict[str, str]
) -> None:
    response = producer.post(_url("generate", line), _form(line, text), headers=headers)
    assert response.status_code == 422
    page = response.content.decode()
    assert "Nothing was asked for yet." in page
    assert why in page or "no text to read" in page
    assert text in page
    assert not Take.objects.exists()


def test_a_sweep_of_nothing_is_refused(producer: Client, line: Line) -> None:
    Line.objects.update(text="[sigh] …")
    page = producer.get(_url("sweep_new", line), {"many": "3"}).content.decode()
    assert "There is nothing to say in this text" in page
    assert producer.post(_url("sweep_new", line), {"many": "3"}).status_code in {409, 422}
    assert not Take.objects.exists()


def test_the_preflight_shows_what_is_sent_and_what_to_know(producer: Client, line: Line) -> None:
    text = "Oh [LAUGH] Fern\u00adweh [sush] now"
    answer = producer.post(_url("line_edit", line), _form(line, text), headers=HTMX)
    page = producer.get(line.get_absolute_url())
    for html in (answer.content.decode(), page.content.decode()):
        preflight = html.split('id="line-preflight"')[1].split("</div>")[0]
        assert "1 invisible sign not sent (soft hyphen)." in preflight
        assert "“[sush]” is not a tag; it is read aloud. Did you mean [shush]?" in preflight
        assert 'Oh <span class="tag">laugh</span> Fernweh' in preflight
    assert Line.objects.get(pk=line.pk).text == text


def test_a_plain_text_needs_no_preflight(producer: Client, line: Line) -> None:
    html = producer.get(line.get_absolute_url()).content.decode()
    assert '<div id="line-preflight" class="preflight" data-force></div>' in html


def test_a_line_with_nothing_to_say_is_marked_in_the_script(producer: Client, line: Line) -> None:
    Line.objects.update(text="---")
    assert "Nothing to say" in producer.get(line.get_absolute_url()).content.decode()
    Line.objects.update(text="\u200b")
    assert "Empty line" in producer.get(line.get_absolute_url()).content.decode()


def test_what_the_engine_warned_of_is_on_the_card_and_on_the_take(
    producer: Client, line: Line
) -> None:
    warning = "“[giggle]” is not a tag; it is read aloud."
    take = factories.make_take(line, warnings=[warning, "The draft is quieter."])
    for url in (line.get_absolute_url(), take.get_absolute_url()):
        html = producer.get(url).content.decode()
        card = html.split(f'id="take-{take.pk}"')[1].split("</li>")[0]
        assert f"{warning} The draft is quieter." in card
    assert f"<p>{warning}</p>" in html.split(f'id="take-{take.pk}-detail"')[1]


def test_a_take_shows_what_was_typed_beside_what_was_sent(producer: Client, line: Line) -> None:
    take = factories.make_take(line, text="Oh [laugh]", line_text="Oh [LAUGH]")
    html = producer.get(take.get_absolute_url()).content.decode()
    assert '<dd class="exact">Oh [laugh]</dd>' in html
    assert '<dd class="exact">Oh [LAUGH]</dd>' in html


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("über", 2), ("UBER", 2), ("U\u0308ber", 2), ("ü\u200bber", 2), ("don't", 1), ("don’t", 1),
        ("cafe au", 1), ("wind", 0), ("%", 0), ("\u200b", 3), ("\u00a0", 3),
    ],
)  # fmt: skip
def test_a_search_finds_the_words_in_any_signs(
    producer: Client, line: Line, asked: str, found: int
) -> None:
    for text in ("Über Nacht", "u\u0308BER Tag", "Caf\u00e9\u00a0au lait don\u02bct"):
        factories.make_take(line, text=text)
    url = reverse("speech:history", args=[line.project.slug])
    html = producer.get(url, {"text": asked}).content.decode()
    assert html.count('aria-label="Take ') == found


def test_takes_of_earlier_releases_are_found_and_tell_their_warnings(line: Line) -> None:
    take = factories.make_take(line, text="ÜBER Nacht")
    Take.objects.update(search_text="")
    Job.objects.update(result={"warnings": ["Emoji and pictures are left out."]})
    editor = SimpleNamespace(connection=connection)
    for name, fill in (
        ("0012_takes_are_searched_by_folded_text", "fold_texts"),
        ("0013_takes_keep_warnings", "take_over"),
    ):
        getattr(importlib.import_module(f"speech.migrations.{name}"), fill)(apps, editor)
    take.refresh_from_db()
    assert take.search_text == "uber nacht"
    assert take.warnings == ["Emoji and pictures are left out."]


@pytest.mark.parametrize(
    ("page", "field", "more"),
    [
        ("project_settings", "name", {}),
        ("keys", "name", {"per_minute": "60", "once": "a"}),
        ("word_add", "word", {}),
    ],
)
def test_a_field_that_is_needed_says_so_where_nothing_is_seen_in_it(
    client: Client, cast: SimpleNamespace, page: str, field: str, more: dict[str, str]
) -> None:
    client.force_login(cast.owner)
    url = reverse(f"speech:{page}", args=[cast.project.slug])
    response = client.post(url, {field: "\u200b\u00a0\u3164", **more})
    assert response.status_code == 422
    assert 'class="errorlist"' in response.content.decode()


def test_a_paste_keeps_in_its_box_what_could_not_be_added(producer: Client, line: Line) -> None:
    url = reverse("speech:line_paste", args=[line.project.slug])
    endless = ("Far too long. " * 400).strip()
    response = producer.post(url, {"script": f"One.\n\n{endless}\n\nThree."})
    assert response.status_code == 422
    page = response.content.decode()
    assert "2 lines added." in page
    assert "Paragraph 2 (“Far too long." in page
    box = page.split('id="script-text"')[1].split(">", 1)[1].split("</textarea>")[0]
    assert box == endless
    producer.post(url, {"script": box, "cut": "1"})
    texts = list(line.project.lines.order_by("position").values_list("text", flat=True))
    assert texts[1:3] == ["One.", "Three."]
    assert " ".join(texts[3:]) == endless
    assert max(map(len, texts)) <= 300


def test_a_long_line_offers_to_be_cut(producer: Client, line: Line) -> None:
    url = reverse("speech:line_paste", args=[line.project.slug])
    long = ("One sentence of them. " * 40).strip()
    page = producer.post(url, {"script": f"One.\n\n{long}"}, follow=True).content.decode()
    assert "Line 3 is longer than 500 characters" in page
    made = Line.objects.get(text=long)
    page = producer.get(made.get_absolute_url()).content.decode()
    assert "Cut into 4 lines" in page
    answer = producer.post(_url("line_edit", made), _form(made, long), headers=HTMX)
    assert "Cut into 4 lines" in answer.content.decode()
    page = producer.post(_url("line_cut", made), {"revision": "1"}, follow=True).content.decode()
    assert "Line 3 is 4 lines now." in page
    assert line.project.lines.count() == 6
    assert producer.post(_url("line_cut", made), {"revision": "1"}).status_code == 409


def test_a_line_that_is_too_long_to_be_one_is_offered_as_a_script(
    producer: Client, line: Line
) -> None:
    url = reverse("speech:line_add", args=[line.project.slug])
    endless = ("Far too long. " * 400).strip()
    response = producer.post(url, {"text": endless})
    assert response.status_code == 422
    assert endless in response.content.decode()
    assert line.project.lines.count() == 1
