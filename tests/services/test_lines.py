from __future__ import annotations

from types import SimpleNamespace

import pytest

from speech.errors import BadInput, ParamErrors
from speech.models import Event, Line
from speech.services.lines import (
    LINE_LIMIT,
    EditConflict,
    add_line,
    delete_line,
    edit_line,
    move_line,
    restore_line,
    set_line_setup,
)
from speech.services.scripts import paste_script
from speech.text import split_script
from tests import factories

pytestmark = pytest.mark.django_db


def texts(cast: SimpleNamespace) -> list[str]:
    lines = Line.objects.filter(project=cast.project, deleted_at=None).order_by("position")
    assert [line.position for line in lines] == list(range(1, len(lines) + 1))
    return [line.text for line in lines]


def test_lines_are_added_at_the_end_or_after_another(cast: SimpleNamespace) -> None:
    first = add_line(cast.owner, project=cast.project, text="one")
    add_line(cast.owner, project=cast.project, text="three")
    add_line(cast.owner, project=cast.project, text="two", after=first)
    assert texts(cast) == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("to", "expected"),
    [(1, "cabd"), (2, "acbd"), (4, "abdc"), (99, "abdc"), (-3, "cabd")],
)
def test_a_line_is_moved_and_the_others_close_up(
    cast: SimpleNamespace, to: int, expected: str
) -> None:
    lines = {letter: factories.make_line(cast.project, letter) for letter in "abcd"}
    move_line(cast.owner, line=lines["c"], to=to)
    assert "".join(texts(cast)) == expected


def test_deleting_is_undone_to_where_the_line_stood(cast: SimpleNamespace) -> None:
    lines = {letter: factories.make_line(cast.project, letter) for letter in "abcd"}
    gone = delete_line(cast.owner, line=lines["b"])
    assert "".join(texts(cast)) == "acd"
    restore_line(cast.owner, line=gone)
    assert "".join(texts(cast)) == "abcd"


def test_two_people_editing_lose_nothing(cast: SimpleNamespace) -> None:
    line = factories.make_line(cast.project, "as it was")
    edit_line(cast.owner, line=line, text="what Ada wrote", revision=1)

    with pytest.raises(EditConflict) as caught:
        edit_line(cast.producer, line=line, text="what Bea wrote", revision=1)

    assert (caught.value.mine, caught.value.theirs) == ("what Bea wrote", "what Ada wrote")
    assert Line.objects.get(pk=line.pk).text == "what Ada wrote"
    kept = edit_line(
        cast.producer, line=line, text="what Bea wrote", revision=caught.value.revision
    )
    assert kept.text == "what Bea wrote"


def test_saving_the_same_words_again_changes_nothing(cast: SimpleNamespace) -> None:
    line = factories.make_line(cast.project, "same")
    before = cast.project.version
    edit_line(cast.owner, line=line, text="same", revision=1)
    cast.project.refresh_from_db()
    assert cast.project.version == before
    assert not Event.objects.filter(verb="line edited").exists()


def test_a_line_keeps_only_what_differs_from_its_project(cast: SimpleNamespace) -> None:
    cast.project.defaults = {"temperature": 0.9}
    cast.project.save()
    line = factories.make_line(cast.project)
    line = set_line_setup(
        cast.owner, line=line, tuning={"temperature": "0.9", "top_p": "0.5", "top_k": ""},
        voice=None, pinned_seed=99,
    )  # fmt: skip
    assert line.params == {"top_p": 0.5}
    assert line.pinned_seed == 99


def test_wrong_knobs_and_pauses_are_refused_in_words(cast: SimpleNamespace) -> None:
    line = factories.make_line(cast.project)
    with pytest.raises(ParamErrors, match="Temperature"):
        set_line_setup(
            cast.owner, line=line, tuning={"temperature": 9}, voice=None, pinned_seed=None
        )
    with pytest.raises(BadInput, match="30 seconds"):
        set_line_setup(
            cast.owner, line=line, tuning={}, voice=None, pinned_seed=None, pause_after=31
        )


@pytest.mark.parametrize(
    ("script", "lines"),
    [
        ("one\ntwo\nthree", ["one", "two", "three"]),
        ("first\nwrapped\n\nsecond", ["first wrapped", "second"]),
        ("  a  \r\n\r\n\r\n b\tc ", ["a", "b c"]),
        ("\ufeffone\rtwo", ["\ufeffone", "two"]),
        (" \n \n", []),
    ],
)
def test_a_script_becomes_lines(script: str, lines: list[str]) -> None:
    assert [text.lstrip("\ufeff") for text in split_script(script)] == [
        text.lstrip("\ufeff") for text in lines
    ]


def test_a_pasted_script_is_appended_in_order(cast: SimpleNamespace) -> None:
    factories.make_line(cast.project, "zero")
    paste_script(cast.owner, project=cast.project, script="one\ntwo")
    assert texts(cast) == ["zero", "one", "two"]


def test_an_empty_or_endless_script_is_refused(cast: SimpleNamespace) -> None:
    with pytest.raises(BadInput, match="no text"):
        paste_script(cast.owner, project=cast.project, script=" \n ")
    with pytest.raises(BadInput, match="at most 200"):
        paste_script(cast.owner, project=cast.project, script="a\n" * 201)
    with pytest.raises(BadInput, match="characters"):
        add_line(cast.owner, project=cast.project, text="a" * (LINE_LIMIT + 1))
