"""A word that must be said right is asked for, in whatever signs its line is typed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from speech.errors import BadInput
from speech.services import reviews
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Fernweh", "The Fern\u00adweh boils."),
        ("Fernweh", "The F\u200bernweh boils."),
        ("Fernweh", "The [Fernweh] boils."),
        ("Fernweh", "The Ｆｅｒｎｗｅｈ boils."),
        ("Fernweh", "The Fernweh™ boils."),
        ("Fern-Weh", "The Fern\u2011Weh boils."),
        ("Fernweh's", "The Fernweh\u02bcs lid."),
        ("office", "The o\ufb03ce."),
        ("Café", "The CAFE\u0301."),
    ],
)
def test_no_line_is_approved_without_its_word(cast: SimpleNamespace, word: str, text: str) -> None:
    cast.project.must_say.create(word=word)
    take = factories.make_reviewable_take(cast.project, text)
    with pytest.raises(BadInput, match="Confirm first"):
        reviews.approve(cast.reviewer, take=take)
    assert reviews.approve(cast.reviewer, take=take, heard=[word]).state == "approved"


def test_a_word_in_a_tag_is_not_said(cast: SimpleNamespace) -> None:
    cast.project.must_say.create(word="laugh")
    take = factories.make_reviewable_take(cast.project, "[LAUGH] Seven days.")
    assert reviews.approve(cast.reviewer, take=take).state == "approved"
