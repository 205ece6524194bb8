"""Whole scripts, and long lines cut into shorter ones."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from speech.errors import BadInput, WrongState
from speech.models import Event, Line
from speech.services.lines import LINE_LIMIT
from speech.services.scripts import cut_line, paste_script
from tests import factories

pytestmark = pytest.mark.django_db
LONG = "This sentence is one of many. " * 30


def texts(cast: SimpleNamespace) -> list[str]:
    lines = Line.objects.filter(project=cast.project, deleted_at=None).order_by("position")
    assert [line.position for line in lines] == list(range(1, len(lines) + 1))
    return [line.text for line in lines]


def test_a_paragraph_that_no_line_holds_is_named_and_the_rest_is_taken(
    cast: SimpleNamespace,
) -> None:
    endless = "Far too long. " * 400
    pasted = paste_script(
        cast.owner, project=cast.project, script=f"One.\n\n{endless}\n\n\u00a0\n\nThree."
    )
    assert texts(cast) == ["One.", "Three."]
    [refused] = pasted.refused
    assert (refused.number, refused.text) == (2, endless.strip())
    assert "Paragraph 2 (“Far too long. Far too long." in pasted.fault
    assert f"a line holds at most {LINE_LIMIT:,}" in pasted.fault


def test_a_paste_of_nothing_but_that_adds_nothing(cast: SimpleNamespace) -> None:
    pasted = paste_script(cast.owner, project=cast.project, script="x" * (LINE_LIMIT + 1))
    assert pasted.fault.startswith("Paragraph 1")
    assert texts(cast) == []
    assert not Event.objects.filter(verb="script pasted").exists()


def test_long_paragraphs_are_cut_where_that_is_asked_for(cast: SimpleNamespace) -> None:
    script = f"Short.\n\n{'Far too long. ' * 400}\n\n{LONG}"
    pasted = paste_script(cast.owner, project=cast.project, script=script, cut_long=True)
    assert pasted.fault == ""
    assert pasted.too_long == []
    assert all(len(text) <= 300 and text.endswith(".") for text in texts(cast))
    assert " ".join(texts(cast)) == " ".join(script.split())


def test_what_is_not_cut_is_told_to_be_too_long(cast: SimpleNamespace) -> None:
    pasted = paste_script(cast.owner, project=cast.project, script=f"Short.\n\n{LONG}")
    assert [line.position for line in pasted.too_long] == [2]
    assert texts(cast)[1] == LONG.strip()


def test_a_cut_script_too_is_no_longer_than_a_script_may_be(cast: SimpleNamespace) -> None:
    with pytest.raises(BadInput, match="at most 200"):
        paste_script(cast.owner, project=cast.project, script=LONG * 80, cut_long=True)
    assert texts(cast) == []


def test_a_long_line_is_cut_in_its_place_and_read_as_before(cast: SimpleNamespace) -> None:
    voice = factories.make_voice()
    factories.make_line(cast.project, "Before.")
    line = factories.make_line(
        cast.project, LONG, direction="Calm", voice=voice, params={"top_p": 0.5}, pause_after=2.0
    )
    factories.make_line(cast.project, "After.")
    made = cut_line(cast.owner, line=line, revision=line.revision)
    assert len(made) == 3
    assert made[0].pk == line.pk
    assert texts(cast) == ["Before.", *(one.text for one in made), "After."]
    assert " ".join(one.text for one in made) == LONG.strip()
    assert {(one.direction, one.voice_id, one.params["top_p"]) for one in made} == {
        ("Calm", voice.pk, 0.5)
    }
    assert [one.pause_after for one in made] == [0.4, 0.4, 2.0]
    verbs = list(Event.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["line edited", "line cut"]


def test_a_line_that_is_short_or_was_changed_is_not_cut(cast: SimpleNamespace) -> None:
    line = factories.make_line(cast.project, "Short.")
    with pytest.raises(WrongState, match="short enough"):
        cut_line(cast.owner, line=line)
    long = factories.make_line(cast.project, LONG, revision=4)
    with pytest.raises(WrongState, match="changed meanwhile"):
        cut_line(cast.owner, line=long, revision=3)
    assert len(texts(cast)) == 2
