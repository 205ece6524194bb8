"""An approval falls with what it was about."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from speech.models import Event, Line, Review
from speech.services import lines, projects, reviews, takes, voices
from speech.states import ReviewState
from tests import factories
from tests.services.review_stage import change_text, state, told

R = ReviewState


def change_params(stage: SimpleNamespace) -> None:
    lines.set_line_setup(
        stage.cast.producer, line=stage.line, tuning={"temperature": 1.3}, voice=None,
        pinned_seed=None,
    )  # fmt: skip


def change_voice(stage: SimpleNamespace) -> None:
    lines.set_line_setup(
        stage.cast.producer, line=stage.line, tuning={}, pinned_seed=None,
        voice=factories.make_voice("Ben", sha256="b" * 64),
    )  # fmt: skip


def change_defaults(stage: SimpleNamespace) -> None:
    projects.set_project_defaults(
        stage.cast.owner, project=stage.project, tuning={"top_p": 0.5}, voice=stage.voice
    )


def change_voice_params(stage: SimpleNamespace) -> None:
    voices.edit_voice(
        stage.cast.owner, voice=stage.voice, name="Amara", consent_by="A", consent_for="All",
        tuning={"temperature": 0.4},
    )  # fmt: skip


def delete_the_voice(stage: SimpleNamespace) -> None:
    voices.delete_voice(stage.cast.owner, voice=stage.voice)


def choose_another(stage: SimpleNamespace) -> None:
    takes.choose_take(stage.cast.producer, take=stage.take(), on=True)


def choose_none(stage: SimpleNamespace) -> None:
    takes.choose_take(stage.cast.producer, take=stage.line.takes.get(), on=False)


def archive(stage: SimpleNamespace) -> None:
    takes.archive_take(stage.cast.producer, take=stage.line.takes.get(), on=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (change_text, "text was changed"),
        (change_params, "Temperature: 0.7 → 1.3"),
        (change_voice, "Voice: Amara → Ben"),
        (change_defaults, "→ 0.5"),
        (change_voice_params, "0.7 → 0.4"),
        (delete_the_voice, "Voice"),
        (choose_another, "take 1 → take 2"),
        (choose_none, "take 1 → none"),
        (archive, "archived"),
    ],
)
def test_an_approval_falls_with_what_it_was_about(
    stage: SimpleNamespace, change: Any, words: str
) -> None:
    take = stage.take()
    reviews.ask_review(stage.cast.producer, take=take)
    reviews.approve(stage.cast.reviewer, take=take)
    change(stage)
    review = Review.objects.get(take=take)
    assert review.state == R.NONE
    assert review.fell_from == R.APPROVED
    assert words in review.fell_why
    assert review.fell_changes
    assert not reviews.still_holds(review)
    assert told(stage.cast.reviewer) == ["review_asked", "approval_fell"]
    event = Event.objects.get(verb="approval fell")
    assert (event.data["old"], event.data["new"]) == (R.APPROVED, R.NONE)


def test_what_changes_nothing_lets_nothing_fall(stage: SimpleNamespace) -> None:
    take = stage.take()
    reviews.approve(stage.cast.reviewer, take=take)
    lines.edit_line(stage.cast.producer, line=stage.line, text=stage.line.text, direction="Warm")
    lines.move_line(stage.cast.producer, line=stage.line, to=1)
    projects.rename_project(stage.cast.owner, project=stage.project, name="Kettle")
    projects.set_project_defaults(
        stage.cast.owner, project=stage.project, tuning={}, voice=stage.voice
    )
    lines.delete_line(stage.cast.producer, line=stage.line)
    lines.restore_line(stage.cast.producer, line=Line.objects.get(pk=stage.line.pk))
    assert state(take) == R.APPROVED
    assert reviews.still_holds(Review.objects.get(take=take))


def test_what_waits_is_stopped_by_a_change_too(stage: SimpleNamespace) -> None:
    take = stage.take()
    reviews.ask_review(stage.cast.owner, take=take)
    change_text(stage)
    assert state(take) == R.NONE
    assert told(stage.cast.owner) == ["approval_fell"]


def test_a_fallen_approval_comes_back_only_by_being_given_again(stage: SimpleNamespace) -> None:
    take, text = stage.take(), stage.line.text
    reviews.approve(stage.cast.reviewer, take=take)
    change_text(stage)
    lines.edit_line(stage.cast.producer, line=stage.line, text=text)
    assert state(take) == R.NONE
    reviews.approve(stage.cast.reviewer, take=take)
    assert state(take) == R.APPROVED
    assert not Review.objects.get(take=take).fell
