from __future__ import annotations

import os
import socket
import uuid
from datetime import timedelta

from django.db.models import F, QuerySet
from django.db.models.functions import Now

from speech.models import DriverLease


class LeaseLost(Exception):
    """This driver was presumed dead; its rows belong to others now. Stop at once."""


class Lease:
    """A driver's sign of life. Times are the database's, so that hosts need not agree on theirs."""

    def __init__(self, *, seconds: float) -> None:
        self.owner = uuid.uuid4().hex
        self.seconds = seconds

    def acquire(self) -> None:
        DriverLease.objects.filter(until__lt=Now() - timedelta(hours=1)).delete()
        DriverLease.objects.create(
            owner=self.owner,
            host=socket.gethostname()[:120],
            pid=os.getpid(),
            until=Now() + timedelta(seconds=self.seconds),
        )

    def renew(self) -> None:
        """Renew, or raise `LeaseLost`. Call it first in each writing transaction: its row lock
        keeps everybody from adopting our rows until the transaction is over."""
        alive = DriverLease.objects.filter(owner=self.owner, until__gt=Now())
        if not alive.update(until=Now() + timedelta(seconds=self.seconds)):
            raise LeaseLost

    def release(self) -> None:
        DriverLease.objects.filter(owner=self.owner).delete()


def lock_dead_owners() -> frozenset[str]:
    """Push expired leases out for good, under their row locks, and say whose they were.

    An owner that wakes up now finds its lease expired, and no write of its slips in while its
    rows are adopted. One that holds its row's lock is in the middle of a write: it may yet turn
    out to be alive, and nobody waits for it.
    """
    expired = DriverLease.objects.filter(until__lte=Now()).select_for_update(skip_locked=True)
    dead = frozenset(expired.values_list("owner", flat=True))
    DriverLease.objects.filter(owner__in=dead).update(until=F("until") - timedelta(seconds=1))
    return dead


def live_owners() -> list[str]:
    return list(DriverLease.objects.filter(until__gt=Now()).values_list("owner", flat=True))


def other_owners(dead: frozenset[str]) -> QuerySet[DriverLease, str]:
    """Owners of leases that are not `dead`: alive, or not to be told for now.

    Not a list: as a subquery it is read in the same moment as the rows that it is used on, so
    that a driver which appears between two statements is never taken for a dead one.
    """
    return DriverLease.objects.exclude(owner__in=dead).values_list("owner", flat=True)


def any_alive() -> bool:
    return DriverLease.objects.filter(until__gt=Now()).exists()


def count_alive() -> int:
    return DriverLease.objects.filter(until__gt=Now()).count()
