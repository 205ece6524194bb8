"""Telling people what concerns them: in the studio, and by e-mail where SMTP is set up.

Rule: whoever does something is never told of it; a kind that a person switched off for the studio
or for e-mail is not written there. The e-mail is a task that reads the row, so it is sent after
the commit, and a lost message is found by a schedule. Price: a notice's sentence is kept as it
was written, so it does not follow a project that is renamed later.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F

from speech.background import enqueue
from speech.models import Notice, Project, User
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
    wanted = {person.pk: person for person in people if person.is_active}
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
