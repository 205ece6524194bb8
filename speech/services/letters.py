"""Notices by e-mail.

Rule: a letter takes every notice that waits for one person. Each is claimed by a conditional
UPDATE to `sent` before the letter goes out, and set back where the mail server refuses it: so two
tasks never send one notice twice. The first goes out at once; those that follow within `QUIET`
are held for one letter together. Price: a worker killed while it talks to the mail server loses
that letter (the notice is still in the studio).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from speech.access import projects_of
from speech.models import Notice, User
from speech.services import mail

QUIET = timedelta(minutes=2)
MOST_TRIES = 6
"""The waits between them double: about an hour in all."""
MOST_AT_ONCE = 40
SUBJECT_LIMIT = 120


def send_letter(notice_id: int) -> bool:
    """The letter that this notice asks for, with all else that waits for its person."""
    person_id = Notice.objects.filter(pk=notice_id, mail=Notice.Mail.WAITING).values_list(
        "person_id", flat=True
    )
    return any(_send_to(pk) for pk in person_id)


def send_waiting() -> int:
    """How many letters went out: those held back, refused before, or lost on the way."""
    waiting = Notice.objects.filter(mail=Notice.Mail.WAITING)
    people = waiting.order_by().values_list("person_id", flat=True).distinct()
    return sum(_send_to(pk) for pk in list(people))


def _send_to(person_id: int) -> bool:
    person = User.objects.get(pk=person_id)
    waiting = Notice.objects.filter(person=person, mail=Notice.Mail.WAITING)
    _drop_what_nobody_needs(person)
    now = timezone.now()
    due = [one for one in waiting.order_by("id")[:MOST_AT_ONCE] if _is_due(one, now)]
    if not due or _had_one_just_now(person, now):
        return False
    claimed = [one for one in due if _claim(one)]
    if not claimed:
        return False
    if mail.send(person.email, subject=_subject(claimed), text=_text(person, claimed)):
        return True
    for one in claimed:
        given_up = one.mail_tries + 1 >= MOST_TRIES
        state = Notice.Mail.FAILED if given_up else Notice.Mail.WAITING
        Notice.objects.filter(pk=one.pk).update(mail=state)
    return False


def _drop_what_nobody_needs(person: User) -> None:
    """Read meanwhile, or not theirs to know any more."""
    waiting = Notice.objects.filter(person=person, mail=Notice.Mail.WAITING)
    if not person.is_active or not person.email or not mail.can_mail():
        waiting.update(mail=Notice.Mail.NO)
        return
    waiting.exclude(read_at=None).update(mail=Notice.Mail.NO)
    known = list(projects_of(person).values_list("pk", flat=True))
    waiting.exclude(project__in=known).update(mail=Notice.Mail.NO)


def _is_due(notice: Notice, now: datetime) -> bool:
    return now >= notice.created_at + timedelta(minutes=2**notice.mail_tries - 1)


def _had_one_just_now(person: User, now: datetime) -> bool:
    sent = Notice.objects.filter(person=person, mail=Notice.Mail.SENT)
    return sent.filter(created_at__gt=now - QUIET).exists()


def _claim(notice: Notice) -> bool:
    waiting = Notice.objects.filter(
        pk=notice.pk, mail=Notice.Mail.WAITING, mail_tries=notice.mail_tries
    )
    return bool(waiting.update(mail=Notice.Mail.SENT, mail_tries=notice.mail_tries + 1))


def _subject(notices: list[Notice]) -> str:
    if len(notices) > 1:
        return f"Takeroom: {len(notices)} notices"
    words = " ".join(notices[0].sentence.split())
    return words if len(words) <= SUBJECT_LIMIT else words[: SUBJECT_LIMIT - 1].rstrip() + "…"


def _text(person: User, notices: list[Notice]) -> str:
    told = "\n\n".join(f"{one.sentence}\n{mail.absolute(one.path)}" for one in notices)
    account = mail.absolute(reverse("speech:account") + "#notices")
    return (
        f"Hello {person.label},\n\n{told}\n\n"
        f"--\nWhich of these letters you get is set in your account:\n{account}\n"
    )
