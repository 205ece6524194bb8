from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from speech.queries import script
from speech.services import lines, reviews
from speech.states import JobState
from speech.text import spoken_characters
from tests import factories


@pytest.mark.parametrize(
    ("text", "many"),
    [
        ("", 0),
        ("Seven days.", 11),
        ("Seven [chuckle] days.", 11),
        ("[whispering] Seven\n days.", 11),
        ("Seven [LAUGH] days.", 11),
        ("[trumpet]", 9),
    ],
)
def test_only_known_tags_are_not_spoken(text: str, many: int) -> None:
    assert spoken_characters(text) == many
    assert script.expected_seconds(text) == many / 14


def _row(project: Any) -> script.LineRow:
    (row,) = script.line_rows(project, script.live_lines(project))
    return row


def test_a_row_says_how_far_its_line_is(cast: SimpleNamespace) -> None:
    line = factories.make_line(cast.project)
    assert _row(cast.project).state == "No take yet"
    failed = factories.make_take(line, state=JobState.FAILED)
    assert _row(cast.project).state == "Take 1 failed"
    take = factories.make_take(line, duration=3.5)
    assert (_row(cast.project).state, _row(cast.project).seconds) == ("Take 2 to hear", 3.5)
    line.chosen_take = take
    line.save()
    assert (_row(cast.project).state, _row(cast.project).tone) == ("Take 2 in use", "ok")
    line.text += " Now."
    line.save()
    assert _row(cast.project).state == "Take 2 in use, text changed"
    assert _row(cast.project).tone == "warn"
    factories.make_take(line, state=JobState.RUNNING)
    assert _row(cast.project).state == "1 in the making"
    failed.delete()


def test_an_unknown_take_is_a_warning_until_it_is_settled(cast: SimpleNamespace) -> None:
    line = factories.make_line(cast.project)
    take = factories.make_take(line, state=JobState.UNKNOWN, engine="segmind")
    assert _row(cast.project).state == "May have been charged"
    doubt = script.in_doubt(cast.project)
    assert doubt.count == 1
    assert doubt.cost == pytest.approx(0.021)
    assert take.job is not None
    take.job.settled = "dismissed"
    take.job.save()
    assert script.in_doubt(cast.project).count == 0
    assert _row(cast.project).state != "May have been charged"


def test_a_row_says_what_the_reviewers_said(cast: SimpleNamespace) -> None:
    take = factories.make_reviewable_take(cast.project)
    said = []

    def look() -> None:
        row = _row(cast.project)
        said.append((row.sign, row.state))

    reviews.ask_review(cast.producer, take=take)
    look()
    reviews.ask_changes(cast.reviewer, take=take, reason="Slower.")
    look()
    again = factories.make_reviewable_take(cast.project, line=take.line)
    look()
    reviews.approve(cast.reviewer, take=again)
    look()
    lines.edit_line(cast.producer, line=take.line, text="Other words.")
    look()
    factories.make_take(take.line, state=JobState.RUNNING)
    look()
    assert said == [
        ("◔", "Take 1 waits for review"),
        ("!", "Changes asked to take 1"),
        ("●", "Take 2 to hear"),
        ("✓", "Take 2 approved"),
        ("↯", "Approval of take 2 fell"),
        ("◔", "1 in the making"),
    ]
