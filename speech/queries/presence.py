"""Who is in a project now.

Rule: a person counts as there until `FRESH` has passed since a page of theirs last asked for
news; ages are judged by the reader, so nobody has to clean up for somebody to be gone. Reason: a
browser that crashed says no goodbye. Price: then it takes three quarters of a minute to be seen.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from speech.models import Presence, Project, User

FRESH = timedelta(seconds=45)
"""More than one long poll takes, at the end of which a page asks again."""
SHOWN = 4
"""Faces in the header; the others are counted."""


@dataclass(frozen=True, kw_only=True)
class Glance:
    """Marks by which a page knows that who is here has changed, without their names."""

    mark: str
    """Of the others: what the page shows."""
    mark_of_all: str
    """The watcher's, with oneself: it does not know who asks."""
    own_seen_at: datetime | None
    """When one was last here oneself; None where that has aged."""


@dataclass(frozen=True, kw_only=True)
class Here:
    """The others in a project, as a page shows them."""

    others: Sequence[Presence]
    mark: str

    @property
    def faces(self) -> Sequence[Presence]:
        return self.others[:SHOWN]

    @property
    def more(self) -> Sequence[Presence]:
        return self.others[SHOWN:]


def here(project: Project, viewer: User) -> Here:
    """Who is in `project`, as `viewer` sees it. One query."""
    rows = _fresh(Presence.objects.filter(project=project)).exclude(user=viewer)
    others = list(rows.select_related("user", "line").order_by("user__username"))
    return Here(others=others, mark=_mark((row.user_id, row.line_id) for row in others))


def glance(project: Project, viewer: User) -> Glance:
    """Whether anything is new about who is in `project`. One small query, for each long poll."""
    rows = list(
        _fresh(Presence.objects.filter(project=project)).values_list(
            "user_id", "line_id", "seen_at"
        )
    )
    return Glance(
        mark=_mark((person, line) for person, line, _ in rows if person != viewer.pk),
        mark_of_all=_mark((person, line) for person, line, _ in rows),
        own_seen_at=next((seen for person, _, seen in rows if person == viewer.pk), None),
    )


def marks(projects: set[int]) -> dict[int, int | str]:
    """For each project a short word that changes when somebody comes, goes, or opens another
    line. One query."""
    found: dict[int, list[tuple[int, int | None]]] = {pk: [] for pk in projects}
    rows = _fresh(Presence.objects.filter(project__in=projects))
    for project, person, line in rows.values_list("project_id", "user_id", "line_id"):
        found[project].append((person, line))
    return {pk: _mark(pairs) for pk, pairs in found.items()}


def _fresh(rows: QuerySet[Presence]) -> QuerySet[Presence]:
    return rows.filter(seen_at__gt=timezone.now() - FRESH, user__is_active=True)


def _mark(pairs: Iterable[tuple[int, int | None]]) -> str:
    text = " ".join(f"{person}:{line or 0}" for person, line in sorted(pairs, key=str))
    return f"{zlib.crc32(text.encode()):08x}"
