"""A line, its voice, and takes that could be approved."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from speech.models import Notice, Review, Take
from speech.services import lines
from speech.states import ReviewState
from tests import factories


def set_stage(cast: SimpleNamespace) -> SimpleNamespace:
    voice = factories.make_voice()
    cast.project.voice = voice
    cast.project.save()
    line = factories.make_line(cast.project, "Fernweh boils in ninety seconds.")

    def take(**more: Any) -> Take:
        usual = {"engine": "segmind", "voice": voice, "created_by": cast.producer}
        usual |= {"reference_sha256": voice.sha256, "reference_url": voice.source_url}
        return factories.make_take(line, **(usual | more))

    return SimpleNamespace(cast=cast, line=line, voice=voice, take=take, project=cast.project)


def state(take: Take) -> str:
    review = Review.objects.filter(take=take).first()
    return review.state if review else ReviewState.NONE


def told(person: Any) -> list[str]:
    return list(Notice.objects.filter(person=person).order_by("id").values_list("kind", flat=True))


def change_text(stage: SimpleNamespace) -> None:
    lines.edit_line(stage.cast.producer, line=stage.line, text="Fernweh boils in a minute.")
