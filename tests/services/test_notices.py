from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pytest_django import Settings

from speech.models import Membership, Notice, User
from speech.queries.notices import notice_page, unread_count
from speech.services.notices import choose_kinds, read_all, read_notice, tell
from speech.states import NoticeKind

pytestmark = pytest.mark.django_db


def say(cast: SimpleNamespace, *people: User, **more: Any) -> list[Notice]:
    given = {
        "kind": NoticeKind.MENTION,
        "project": cast.project,
        "actor": cast.owner,
        "sentence": "Ada mentions you on line 1.",
        "path": cast.project.get_absolute_url(),
    }
    return tell(people, **(given | more))


def news(person: User) -> int:
    return User.objects.values_list("news", flat=True).get(pk=person.pk)


def test_it_tells_everybody_once_but_whoever_did_it(cast: SimpleNamespace) -> None:
    made = say(cast, cast.owner, cast.viewer, cast.reviewer, cast.viewer)
    assert {notice.person for notice in made} == {cast.viewer, cast.reviewer}
    assert unread_count(cast.viewer) == 1
    assert (news(cast.viewer), news(cast.owner)) == (1, 0)


def test_it_tells_nobody_who_is_not_on_the_project_any_more(cast: SimpleNamespace) -> None:
    say(cast, cast.viewer)
    Membership.objects.filter(user=cast.viewer).delete()
    cast.reviewer.is_active = False
    cast.reviewer.save()
    assert say(cast, cast.viewer, cast.reviewer, cast.stranger) == []
    assert unread_count(cast.viewer) == 0, "what was told before went with the right to know it"
    assert say(cast, cast.administrator)


def test_a_kind_that_was_switched_off_is_not_told(
    cast: SimpleNamespace, settings: Settings
) -> None:
    settings.EMAIL_CONFIGURED, settings.PUBLIC_URL = True, "https://studio.example.com"
    for person in (cast.viewer, cast.reviewer):
        person.email = f"{person.username}@example.com"
        person.save()
    others = [kind for kind in NoticeKind.values if kind != NoticeKind.MENTION]
    viewer = choose_kinds(cast.viewer, app=others, letters=[NoticeKind.MENTION])
    reviewer = choose_kinds(cast.reviewer, app=[], letters=[])
    [only_mailed] = say(cast, viewer, reviewer)
    assert (only_mailed.person, only_mailed.in_app, only_mailed.mail) == (viewer, False, "waiting")
    assert unread_count(viewer) == 0
    [shown] = say(cast, viewer, reviewer, kind=NoticeKind.DECISION)
    assert (shown.in_app, shown.mail) == (True, "no")


def test_without_the_e_mail_column_the_choice_for_letters_stays(cast: SimpleNamespace) -> None:
    chosen = choose_kinds(cast.viewer, app=NoticeKind.values, letters=[NoticeKind.DECISION])
    again = choose_kinds(chosen, app=[], letters=None)
    assert f"mail:{NoticeKind.DECISION}" not in again.muted
    assert f"mail:{NoticeKind.MENTION}" in again.muted
    assert f"app:{NoticeKind.MENTION}" in again.muted


def test_reading_one_or_all_leaves_what_came_later(cast: SimpleNamespace) -> None:
    first, second, third = (say(cast, cast.viewer)[0] for _ in range(3))
    read_notice(cast.viewer, notice=first)
    assert unread_count(cast.viewer) == 2
    read_all(cast.viewer, up_to=second.pk)
    assert [n.pk for n in notice_page(cast.viewer).notices if not n.read_at] == [third.pk]
    before = news(cast.viewer)
    read_notice(cast.viewer, notice=first)
    assert news(cast.viewer) == before, "nothing changed, so nobody is woken"


def test_nobody_reads_the_notices_of_somebody_else(cast: SimpleNamespace) -> None:
    [notice] = say(cast, cast.viewer)
    read_notice(cast.reviewer, notice=notice)
    assert unread_count(cast.viewer) == 1
    assert not notice_page(cast.reviewer).notices


def test_a_page_of_notices_asks_once_however_many_there_are(
    cast: SimpleNamespace, django_assert_num_queries: Any
) -> None:
    for _ in range(32):
        say(cast, cast.viewer)
    with django_assert_num_queries(1):
        page = notice_page(cast.viewer)
        assert [notice.project.name for notice in page.notices] == ["Skyline"] * 30
    rest = notice_page(cast.viewer, before=page.older)
    assert (len(rest.notices), rest.older) == (2, None)
