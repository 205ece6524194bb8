"""A text of which nothing can be seen is no name, no consent, no reason and no comment."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from speech.errors import BadInput
from speech.models import Comment, Project, Voice
from speech.services import (
    accounts,
    comments,
    guests,
    keys,
    listening,
    must_say,
    projects,
    reviews,
    voices,
)
from tests import factories

pytestmark = pytest.mark.django_db
BLANKS = (
    "",
    " \u00a0\n",
    "\u200b",
    "\u2060\ufeff",
    "\u3164",
    "\u00ad\u00ad",
    "\u202e",
    "\x85\u2028",
)


def _voice(cast: SimpleNamespace, **words: str) -> Voice:
    given: dict[str, Any] = {
        "name": "Amara",
        "consent_by": "Amara O.",
        "consent_for": "All of it",
        **words,
    }
    return voices.add_voice(cast.owner, source_url="https://a.example/b.wav", **given)


def _take(cast: SimpleNamespace) -> Any:
    return factories.make_reviewable_take(cast.project)


def _guest(cast: SimpleNamespace, **words: str) -> Comment:
    issued = guests.make_guest_link(cast.owner, take=_take(cast), label="Zoe", days=7)
    given: dict[str, Any] = {"name": "Zoe", "text": "Fine", **words}
    return guests.write_as_guest(issued.link, **given)


def _test(cast: SimpleNamespace, title: str) -> Any:
    takes = [_take(cast), _take(cast)]
    test = listening.make_test(cast.owner, project=cast.project, takes=[one.pk for one in takes])
    return listening.send_test(cast.owner, test=test, title=title)


NEEDED: dict[str, Callable[[SimpleNamespace, str], object]] = {
    "project": lambda cast, text: projects.create_project(cast.administrator, name=text),
    "new name": lambda cast, text: projects.rename_project(
        cast.owner, project=cast.project, name=text
    ),
    "key": lambda cast, text: keys.make_key(cast.owner, project=cast.project, name=text),
    "voice": lambda cast, text: _voice(cast, name=text),
    "consent": lambda cast, text: _voice(cast, consent_by=text),
    "consent for": lambda cast, text: _voice(cast, consent_for=text),
    "guest link": lambda cast, text: guests.make_guest_link(
        cast.owner, take=_take(cast), label=text, days=7
    ),
    "guest": lambda cast, text: _guest(cast, name=text),
    "guest's comment": lambda cast, text: _guest(cast, text=text),
    "comment": lambda cast, text: comments.write_comment(cast.owner, take=_take(cast), text=text),
    "reason": lambda cast, text: reviews.ask_changes(cast.reviewer, take=_take(cast), reason=text),
    "title": _test,
    "must-say word": lambda cast, text: must_say.add_word(
        cast.owner, project=cast.project, word=text
    ),
}


@pytest.mark.parametrize("text", BLANKS, ids=ascii)
@pytest.mark.parametrize("what", NEEDED)
def test_what_cannot_be_seen_is_missing(cast: SimpleNamespace, what: str, text: str) -> None:
    with pytest.raises(BadInput):
        NEEDED[what](cast, text)


def test_what_is_kept_shows_what_it_is(cast: SimpleNamespace) -> None:
    made = projects.create_project(cast.administrator, name="\ufeffSky\u00adline\u202e  ＡＢ\u00a0")
    assert Project.objects.get(pk=made.pk).name == "Skyline ＡＢ"
    note = comments.write_comment(
        cast.owner, take=_take(cast), text="\u200b\n👩\u200d🚀 ok\r\n\u3164"
    )
    assert note.text == "👩\u200d🚀 ok"
    person = accounts.edit_account(cast.owner, username="ada", shown_name="\u200b", email="")
    assert person.label == "ada"


def test_one_word_is_not_listed_twice_in_other_signs(cast: SimpleNamespace) -> None:
    must_say.add_word(cast.owner, project=cast.project, word="Über-Café")
    for word in ("über\u2011cafe\u0301", "U\u0308BER-CAFÉ", "Über\u200b-Café"):
        with pytest.raises(BadInput, match="on the list already"):
            must_say.add_word(cast.owner, project=cast.project, word=word)
