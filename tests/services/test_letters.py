"""Notices by e-mail: once, together, and to nobody who should not get them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail as outbox
from django.utils import timezone
from pytest_django import Settings

from speech import tasks
from speech.models import Membership, Notice, User
from speech.services.letters import MOST_TRIES
from speech.services.notices import read_notice, tell
from speech.states import NoticeKind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mail(cast: SimpleNamespace, settings: Settings) -> None:
    settings.EMAIL_CONFIGURED, settings.PUBLIC_URL = True, "https://studio.example.com"
    cast.viewer.email = "dot@example.com"
    cast.viewer.save()


def say(cast: SimpleNamespace, sentence: str = "Ada mentions you on line 1.") -> Notice:
    [notice] = tell(
        [cast.viewer], kind=NoticeKind.MENTION, project=cast.project, actor=cast.owner,
        sentence=sentence, path="/takes/7/#comment-3",
    )  # fmt: skip
    return notice


def later(minutes: float) -> None:
    for notice in Notice.objects.all():
        notice.created_at -= timedelta(minutes=minutes)
        notice.save()


def states() -> list[str]:
    return [notice.mail for notice in Notice.objects.order_by("id")]


def test_a_letter_has_the_sentence_and_where_it_leads(cast: SimpleNamespace) -> None:
    notice = say(cast)
    tasks.mail_notice(notice.pk)
    [letter] = outbox.outbox
    assert letter.to == ["dot@example.com"]
    assert letter.subject == "Ada mentions you on line 1."
    assert "https://studio.example.com/takes/7/#comment-3" in letter.body
    assert "https://studio.example.com/account/#notices" in letter.body


def test_it_goes_once_however_often_it_is_asked_for(cast: SimpleNamespace) -> None:
    notice = say(cast)
    tasks.mail_notice(notice.pk)
    tasks.mail_notice(notice.pk)
    tasks.mail_waiting_notices()
    assert len(outbox.outbox) == 1
    assert states() == ["sent"]


def test_many_within_a_short_time_come_as_one_letter(cast: SimpleNamespace) -> None:
    tasks.mail_notice(say(cast, "The first.").pk)
    for sentence in ("The second.", "The third."):
        tasks.mail_notice(say(cast, sentence).pk)
    assert len(outbox.outbox) == 1
    later(3)
    tasks.mail_waiting_notices()
    assert [letter.subject for letter in outbox.outbox] == ["The first.", "Takeroom: 2 notices"]
    assert "The second." in outbox.outbox[1].body
    assert "The third." in outbox.outbox[1].body


def test_what_was_read_in_the_studio_is_not_mailed(cast: SimpleNamespace) -> None:
    notice = say(cast)
    read_notice(cast.viewer, notice=notice)
    tasks.mail_notice(notice.pk)
    assert not outbox.outbox
    assert states() == ["no"]


def _removed(person: User) -> None:
    Membership.objects.filter(user=person).delete()


def _deactivated(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def _without_address(person: User) -> None:
    User.objects.filter(pk=person.pk).update(email="")


@pytest.mark.parametrize("leave", [_removed, _deactivated, _without_address])
def test_whoever_left_gets_nothing_more(
    cast: SimpleNamespace, leave: Callable[[User], None]
) -> None:
    notice = say(cast)
    leave(cast.viewer)
    tasks.mail_notice(notice.pk)
    assert not outbox.outbox
    assert states() == ["no"]


def test_a_refused_letter_is_tried_again_and_given_up_in_the_end(
    cast: SimpleNamespace, settings: Settings
) -> None:
    notice = say(cast)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    tasks.mail_notice(notice.pk)
    assert states() == ["waiting"]
    tasks.mail_waiting_notices()
    assert Notice.objects.get().mail_tries == 1, "not at once again"
    for _ in range(MOST_TRIES - 1):
        later(60)
        tasks.mail_waiting_notices()
    assert states() == ["failed"]
    later(600)
    tasks.mail_waiting_notices()
    assert Notice.objects.get().mail_tries == MOST_TRIES


def test_a_letter_that_was_refused_goes_once_the_server_is_back(
    cast: SimpleNamespace, settings: Settings
) -> None:
    notice = say(cast)
    good = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    tasks.mail_notice(notice.pk)
    settings.EMAIL_BACKEND = good
    Notice.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    tasks.mail_waiting_notices()
    assert len(outbox.outbox) == 1
    assert states() == ["sent"]


def test_a_long_sentence_makes_a_subject_of_one_short_line(cast: SimpleNamespace) -> None:
    tasks.mail_notice(say(cast, "Ada writes:\n" + "word " * 60).pk)
    [letter] = outbox.outbox
    assert "\n" not in letter.subject
    assert len(letter.subject) <= 120
