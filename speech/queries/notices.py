"""What concerns one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from speech.models import Notice, User

PAGE_SIZE = 30


@dataclass(frozen=True, kw_only=True)
class NoticePage:
    notices: Sequence[Notice]
    older: int | None
    """Ask for those before this key; None on the last page."""


def notices_of(user: User) -> QuerySet[Notice]:
    """What `user` may see in the studio: nothing of projects that they are no longer on."""
    shown = Notice.objects.filter(person=user, in_app=True)
    return shown if user.is_superuser else shown.filter(project__memberships__user=user)


def unread_count(user: User) -> int:
    """One query."""
    return notices_of(user).filter(read_at=None).count()


def notice_page(user: User, *, before: int | None = None) -> NoticePage:
    """Newest first. One query."""
    found = notices_of(user).select_related("actor", "project")
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.order_by("-id")[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    return NoticePage(notices=shown, older=shown[-1].pk if len(rows) > PAGE_SIZE else None)
