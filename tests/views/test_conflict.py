"""Two people edit one line: nobody's words are lost."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from speech.errors import BadInput
from speech.models import Line, Take
from speech.services.lines import EditConflict, Words, edit_line
from tests import factories

BASE = "Seven days on one charge."
HTMX = {"HX-Request": "true"}
KNOBS = {
    "temperature": "0.7", "min_p": "0", "top_p": "0.9", "top_k": "500",
    "repetition_penalty": "1.3", "norm_loudness": "on",
}  # fmt: skip


@pytest.fixture
def line(client: Client, cast: SimpleNamespace) -> Line:
    client.force_login(cast.producer)
    return factories.make_line(cast.project, BASE, voice=factories.make_voice())


def _edit(client: Client, line: Line, do: str = "line_edit", **words: Any) -> Any:
    headers = words.pop("headers", {})
    given = {"text": BASE, "direction": "", "revision": 1, "base": BASE, "base_direction": ""}
    url = reverse(f"speech:{do}", args=[line.project.slug, line.pk])
    return client.post(url, given | words, headers=headers)


def _now(line: Line) -> tuple[str, str]:
    line.refresh_from_db()
    return line.text, line.direction


def test_it_offers_both_changes_in_one_text(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    edit_line(cast.owner, line=line, text="Eight days on one charge.")
    response = _edit(client, line, text=BASE + " Really.", headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 409
    assert "ada changed this line while you were typing." in page
    assert "Combined: both changes kept" in page
    assert ">Eight days on one charge. Really.</textarea>" in page
    assert _now(line)[0] == "Eight days on one charge."


def test_the_combination_is_saved_without_javascript(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    edit_line(cast.owner, line=line, text="Eight days on one charge.")
    page = _edit(client, line, text=BASE + " Really.").content.decode()
    form = page[page.index('id="combine-form"') :]
    assert 'name="revision" value="2"' in form
    both = "Eight days on one charge. Really."
    response = _edit(client, line, text=both, revision=2, base="Eight days on one charge.")
    assert response.status_code == 302
    assert _now(line)[0] == both


def test_what_both_changed_has_to_be_decided_by_a_person(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    edit_line(cast.owner, line=line, text="Eight days on one charge.")
    page = _edit(client, line, text="Nine days on one charge.").content.decode()
    marked = "⟨yours: Nine⟩ ⟨theirs: Eight⟩ days on one charge."
    assert f">{marked}</textarea>" in page
    response = _edit(client, line, text=marked, revision=2, base="Eight days on one charge.")
    assert response.status_code == 422
    assert "delete the marks" in response.content.decode()
    assert marked in response.content.decode()
    with pytest.raises(BadInput):
        edit_line(cast.owner, line=line, text=marked)
    assert _now(line)[0] == "Eight days on one charge."


def test_a_refused_combination_leaves_both_texts_to_choose_from(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    edit_line(cast.owner, line=line, text="Eight days on one charge.")
    page = _edit(client, line, text="Nine days on one charge.").content.decode()
    assert "ada’s</h3>" in page
    form = page[page.index('id="combine-form"') :]
    for name, value in (("mine", "Nine days on one charge."), ("ground", BASE)):
        assert f'name="{name}" value="{value}"' in form
    marked = "⟨yours: Nine⟩ ⟨theirs: Eight⟩ days on one charge."
    again = _edit(
        client, line, text=marked, revision=2, base="Eight days on one charge.",
        mine="Nine days on one charge.", my_direction="", ground=BASE, ground_direction="",
    )  # fmt: skip
    page = again.content.decode()
    assert again.status_code == 422
    assert "delete the marks ⟨\u00a0⟩" in page[page.index('id="combined-fault"') :]
    assert f">{marked}</textarea>" in page[page.index('id="id_combined"') :]
    field = page[page.index('id="id_text"') : page.index('id="conflict"')]
    assert ">Nine days on one charge.</textarea>" in field, "what “Keep mine” saves"
    assert 'name="revision" value="2"' in field
    assert "Keep mine" in page
    assert "Use theirs" in page


def test_a_third_save_in_between_is_kept_as_well(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    edit_line(cast.owner, line=line, text="Eight days on one charge.")
    assert _edit(client, line, text=BASE + " Really.").status_code == 409
    edit_line(cast.owner, line=line, text="Yes: eight days on one charge.")
    again = _edit(
        client, line, text="Eight days on one charge. Really.", revision=2,
        base="Eight days on one charge.",
    )  # fmt: skip
    assert again.status_code == 409
    assert ">Yes: eight days on one charge. Really.</textarea>" in again.content.decode()


def test_a_change_of_the_direction_alone_is_no_conflict_with_the_text(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    edit_line(cast.owner, line=line, text=BASE, direction="Warm")
    response = _edit(client, line, text="Eight days.", headers=HTMX)
    assert response.status_code == 200
    assert _now(line) == ("Eight days.", "Warm")
    assert 'name="base_direction" value="Warm"' in response.content.decode()


def test_what_one_left_alone_stays_as_the_other_wrote_it(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    edit_line(cast.owner, line=line, text="Eight days.")
    response = _edit(client, line, direction="Calm", headers=HTMX)
    assert response.status_code == 200
    assert _now(line) == ("Eight days.", "Calm")
    assert 'name="base" value="Eight days."' in response.content.decode()


def test_two_directions_are_both_shown(cast: SimpleNamespace, line: Line) -> None:
    edit_line(cast.owner, line=line, text=BASE, direction="Warm")
    with pytest.raises(EditConflict) as caught:
        edit_line(
            cast.producer, line=line, text=BASE, direction="Cold", revision=1, base=Words(BASE, "")
        )
    assert caught.value.direction == "Warm / Cold"
    assert caught.value.combined.text == BASE


def test_no_take_is_asked_for_of_words_that_nobody_has_seen(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    edit_line(cast.owner, line=line, text="Eight days.")
    response = _edit(client, line, "generate", count=1, voice=line.voice_id, headers=HTMX, **KNOBS)
    page = response.content.decode()
    assert response.status_code == 409
    assert not Take.objects.exists()
    assert "ada changed this line meanwhile. Here it is as it is now; nothing was sent." in page
    assert ">Eight days.</textarea>" in page
    plain = _edit(client, line, "generate", count=1, voice=line.voice_id, **KNOBS)
    assert "nothing was sent" in plain.content.decode()
    assert 'name="revision" value="2"' in plain.content.decode()


def test_a_refused_take_of_words_that_both_changed_says_that_nothing_was_sent(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    edit_line(cast.owner, line=line, text="Eight days.")
    for headers in ({}, HTMX):
        asked = {"text": "Nine.", "count": 1, "voice": line.voice_id} | KNOBS
        response = _edit(client, line, "generate", headers=headers, **asked)
        assert response.status_code == 409
        assert "Nothing was sent. ada changed this line" in response.content.decode()
    assert not Take.objects.exists()


def test_a_refused_form_keeps_what_it_began_with(
    client: Client, cast: SimpleNamespace, line: Line
) -> None:
    edit_line(cast.owner, line=line, text="Eight days.")
    for headers in ({}, HTMX):
        response = _edit(client, line, "generate", text="Nine.", count=1, seed="x", headers=headers)
        page = response.content.decode()
        assert response.status_code == 422
        assert f'name="base" value="{BASE}"' in page
        assert 'name="revision" value="1"' in page
    long = _edit(client, line, text="x" * 5001, headers=HTMX).content.decode()
    assert f'name="base" value="{BASE}"' in long
