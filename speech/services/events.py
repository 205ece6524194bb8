from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F
from django.utils import timezone

from speech.models import Event, Line, Project, Take, User
from speech.queries.verbs import kind_of


def log(
    actor: User | None, verb: str, *, project: Project | None = None, target: str = "", **data: Any
) -> Event:
    """Write down who did what, for ever.

    `target` names a row by key ("line 12", "take 7", "person 3"). `data` holds plain values, never
    secrets: `old` and `new` say what differed (texts, values, or mappings of the same names, see
    `moved`), other names are used by the verb's sentence in `speech.queries.verbs`.
    """
    event = entry(
        actor, verb, project_id=project.pk if project else None, target=target,
        line_id=_line_of(target), **data,
    )  # fmt: skip
    event.save()
    return event


def entry(
    actor: User | None,
    verb: str,
    *,
    project_id: int | None,
    target: str,
    line_id: int | None,
    **data: Any,
) -> Event:
    """What `log` writes down, for a caller that knows the line and writes many at once."""
    return Event(
        actor=actor,
        verb=verb,
        kind=kind_of(verb),
        project_id=project_id,
        target=target,
        about_line=line_id,
        data=data,
    )


def moved(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`old` and `new` for `log`, with only what differs; empty when nothing does."""
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    if not names:
        return {}
    return {
        "old": {name: old.get(name) for name in names},
        "new": {name: new.get(name) for name in names},
    }


def _line_of(target: str) -> int | None:
    what, _, key = target.partition(" ")
    if what == "line" and key.isdigit():
        return int(key)
    if what == "take" and key.isdigit():
        return Take.objects.filter(pk=int(key)).values_list("line_id", flat=True).first()
    return None


def hold(*project_ids: int) -> None:
    """Lock these projects until the transaction ends.

    Whoever changes rows of a project that others may change too holds it first, since `touch`
    will lock it last: two that lock the same rows in another order wait for each other for ever,
    and PostgreSQL ends one of them.
    """
    held = Project.objects.select_for_update(no_key=True).filter(pk__in=project_ids)
    list(held.order_by("pk").values_list("pk", flat=True))


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
