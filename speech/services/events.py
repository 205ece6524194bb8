from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F
from django.utils import timezone

from speech.models import Event, Line, Project, Take, User


def log(
    actor: User | None, verb: str, *, project: Project | None = None, target: str = "", **data: Any
) -> Event:
    """Write down who did what. `data` holds plain values; never keys."""
    return Event.objects.create(actor=actor, verb=verb, project=project, target=target, data=data)


def touch(project_id: int, *, takes: Iterable[int] = (), lines: Iterable[int] = ()) -> int:
    """Move the project's version and stamp the rows that changed; the change feed reads both.

    Call it last in a transaction: the row lock on the project orders concurrent writers, so a
    reader that has seen version N has seen every row stamped up to N.
    """
    Project.objects.filter(pk=project_id).update(version=F("version") + 1, active_at=timezone.now())
    version = Project.objects.values_list("version", flat=True).get(pk=project_id)
    take_ids, line_ids = list(takes), list(lines)
    if take_ids:
        Take.objects.filter(pk__in=take_ids).update(version=version)
    if line_ids:
        Line.objects.filter(pk__in=line_ids).update(version=version)
    return version
