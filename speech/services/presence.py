"""Coming to a project's page, staying on it, and leaving it.

Rule: presence moves neither the project's version nor its last activity and is no event: the
watcher reads it for itself. A page says at its arrival which line it has open; while it stays, its
feed writes at most every `WRITE_EVERY`. Reason: two windows of one person would otherwise take
turns for ever. Price: one row a person, so the line shown is that of the page opened last.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from speech.models import Presence, Project, User
from speech.queries.presence import FRESH

WRITE_EVERY = timedelta(seconds=15)
GRACE = timedelta(seconds=3)
"""Whoever left is gone after this: a reload, or a second window, takes it back before."""


def arrive(actor: User, *, project: Project, line_id: int | None = None) -> None:
    """A page was opened or came back into view, on this line if on any."""
    if line_id and not project.lines.filter(pk=line_id, deleted_at=None).exists():
        line_id = None
    values = {"line_id": line_id, "seen_at": timezone.now()}
    mine = Presence.objects.filter(project=project, user=actor)
    if mine.update(**values):
        return
    try:
        with transaction.atomic():
            Presence.objects.create(project=project, user=actor, **values)
    except IntegrityError:
        mine.update(**values)  # another page of theirs was opened at the same moment


def stay(
    actor: User, *, project: Project, seen_at: datetime | None, line_id: int | None = None
) -> bool:
    """A page asks on; `seen_at` is when its person was last seen here, None where that has aged.

    True if the person had to arrive anew.
    """
    now = timezone.now()
    if seen_at is None:
        arrive(actor, project=project, line_id=line_id)
        return True
    if seen_at <= now - WRITE_EVERY:
        Presence.objects.filter(project=project, user=actor).update(seen_at=now)
    return False


def leave(actor: User, *, project: Project) -> None:
    """The page was closed, hidden or left."""
    Presence.objects.filter(project=project, user=actor).update(
        seen_at=timezone.now() - FRESH + GRACE
    )
