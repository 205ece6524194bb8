"""Limits per minute that hold for all drivers together: turns drawn in advance from one row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from speech.limits import regrown
from speech.models import Allowance

LOWEST_SHARE = 1 / 64
ONE_STORM = 5.0
"""Seconds in which all answers "too much" belong to requests that were under way together."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """`per_minute` as set; 0 means none. `burst`: turns that may be saved up."""

    name: str
    per_minute: int
    burst: int


@dataclass(frozen=True, kw_only=True)
class Draw:
    """`granted` turns; where there were none, the seconds until there is one."""

    granted: int
    wait: float
    per_minute: float
    """The limit as it stands now: lower than the setting for some time after a 429."""


@transaction.atomic
def draw(limit: Limit, want: int) -> Draw:
    """Take up to `want` turns. Costs one UPDATE; nothing where there is no limit."""
    if not limit.per_minute:
        return Draw(granted=want, wait=0.0, per_minute=60_000)
    row, now = _row(limit)
    _refill(row, limit, now)
    granted = max(0, min(want, int(row.turns)))
    row.turns -= granted
    row.save()
    wait = 0.0 if granted else max(0.01, (1 - row.turns) * 60 / row.per_minute)
    return Draw(granted=granted, wait=wait, per_minute=row.per_minute)


@transaction.atomic
def halve(limit: Limit) -> None:
    """The provider said that it was too much. A storm of such answers halves the limit once."""
    if not limit.per_minute:
        return
    row, now = _row(limit)
    _refill(row, limit, now)
    if row.halved_at is None or (now - row.halved_at).total_seconds() >= ONE_STORM:
        row.per_minute = max(limit.per_minute * LOWEST_SHARE, row.per_minute / 2)
        row.halved_at = now
    row.turns = min(row.turns, 0.0)
    row.save()


def _row(limit: Limit) -> tuple[Allowance, datetime]:
    """The limit's row, locked, and the database's time: hosts need not agree on theirs."""
    mine = Allowance.objects.select_for_update().annotate(now=Now()).filter(name=limit.name)
    found = mine.first()
    if found is None:
        new = {"turns": limit.burst, "per_minute": limit.per_minute, "at": Now()}
        Allowance.objects.get_or_create(name=limit.name, defaults=new)
        found = mine.get()
    return found, found.now


def _refill(row: Allowance, limit: Limit, now: datetime) -> None:
    passed = max(0.0, (now - row.at).total_seconds())
    row.per_minute = regrown(row.per_minute, seconds=passed, limit=limit.per_minute)
    row.turns = min(float(limit.burst), row.turns + passed * row.per_minute / 60)
    row.at = now
