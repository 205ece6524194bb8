"""Telling people what concerns them: in the studio, and by e-mail where SMTP is set up.

Rule: whoever does something is never told of it, nor is anybody who is not on the project (any
more); a kind that a person switched off for the studio or for e-mail is not written there. The
e-mail is a task that reads the row (`services.letters`), so it is sent after the commit, and a
lost message is found by a schedule. Price: a notice's sentence is kept as it was written, so it
does not follow a project that is renamed later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from speech.background import enqueue
from speech.models import Membership, Notice, Project, User
from speech.queries.notices import notices_of
from speech.services import mail
from speech.states import NoticeKind

SENTENCE_LIMIT = 400


def tell(
    people: Iterable[User],
    *,
    kind: NoticeKind,
    project: Project,
    actor: User | None,
    sentence: str,
    path: str,
) -> list[Notice]:
    """One notice for each active person but the actor. Call it inside a transaction.

    `path` is where the thing is to be seen; `sentence` says what happened, with names.
    """
    wanted = _who_may_know(people, project)
    if actor is not None:
        wanted.pop(actor.pk, None)
    by_mail = mail.can_mail()
    made = []
    for person in wanted.values():
        in_app = f"app:{kind}" not in person.muted
        mailed = by_mail and bool(person.email) and f"mail:{kind}" not in person.muted
        if not in_app and not mailed:
            continue
        notice = Notice.objects.create(
            person=person,
            kind=kind,
            project=project,
            actor=actor,
            sentence=sentence[:SENTENCE_LIMIT],
            path=path,
            in_app=in_app,
            mail=Notice.Mail.WAITING if mailed else Notice.Mail.NO,
        )
        made.append(notice)
        if mailed:
            enqueue("speech.tasks.mail_notice", notice.pk)
    bump(wanted)
    return made


def bump(people: Iterable[int]) -> None:
    """Wake the pages of these people (keys): what waits for them has changed."""
    ids = sorted(set(people))
    if ids:
        User.objects.filter(pk__in=ids).update(news=F("news") + 1)


@transaction.atomic
def read_notice(actor: User, *, notice: Notice) -> None:
    """`actor` has opened it; a letter that still waits is not sent. No event: it is their own."""
    unread = Notice.objects.filter(pk=notice.pk, person=actor, read_at=None)
    if unread.update(read_at=timezone.now()):
        bump([actor.pk])


@transaction.atomic
def read_answered(actor: User, *, kind: NoticeKind, path: str) -> None:
    """`actor` did what notices of this kind asked for at this path, however they came there."""
    unread = Notice.objects.filter(person=actor, kind=kind, path=path, read_at=None)
    if unread.update(read_at=timezone.now()):
        bump([actor.pk])


@transaction.atomic
def read_all(actor: User, *, up_to: int) -> None:
    """Everything that was on the page when it was drawn; what came later stays unread."""
    unread = notices_of(actor).filter(read_at=None, pk__lte=up_to).values_list("pk", flat=True)
    if Notice.objects.filter(pk__in=list(unread)).update(read_at=timezone.now()):
        bump([actor.pk])


@transaction.atomic
def choose_kinds(
    actor: User, *, app: Collection[str], letters: Collection[str] | None = None
) -> User:
    """Which kinds of notices `actor` wants in the studio and by e-mail; all others are muted.

    None leaves the e-mails as they are. What was written before stays.
    """
    person = User.objects.select_for_update().get(pk=actor.pk)
    if letters is None:
        letters = [kind for kind in NoticeKind.values if f"mail:{kind}" not in person.muted]
    person.muted = [
        *(f"app:{kind}" for kind in NoticeKind.values if kind not in app),
        *(f"mail:{kind}" for kind in NoticeKind.values if kind not in letters),
    ]
    person.save(update_fields=["muted"])
    return person


def _who_may_know(people: Iterable[User], project: Project) -> dict[int, User]:
    active = {person.pk: person for person in people if person.is_active}
    members = set(
        Membership.objects.filter(project=project, user__in=active).values_list(
            "user_id", flat=True
        )
    )
    return {pk: one for pk, one in active.items() if pk in members or one.is_superuser}
