"""Is the studio working? Asked by `/healthz` and by the supervisor's watchdog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Min
from django.db.models.functions import Now
from django.utils import timezone

from speech.models import DriverLease, Heartbeat, Job, Voice
from speech.states import CLIP_LIVE

DEFAULT = "default"
DRIVER = "driver"
HANDING_OVER = 5.0
"""Seconds that may lie between a driver's last heartbeat and the next slice's lease."""
SILENT_AFTER = 240.0
"""Seconds without the default cluster's heartbeat. Its tick is due each minute, noticed within
30 s, and may wait for a task that uses up its 90 s."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What was seen at one moment. Ages are in seconds; None means that there is none."""

    database: bool
    due_jobs: int = 0
    oldest_due: float | None = None
    driver_alive: bool = False
    driver_leased: bool = False
    heartbeats: Mapping[str, float] = field(default_factory=dict)
    clips_waiting: int = 0

    def driver_stalled(self, *, up: float) -> bool:
        """Due work and no driver. `up`: seconds since the asking process began, as a grace."""
        waited = min(self.oldest_due or 0.0, up)
        return waited > settings.STALL_SECONDS and not self.driver_alive

    @property
    def driver_asleep(self) -> bool:
        """No driver right now, nor one that has just handed over to the next slice."""
        just_now = self.heartbeats.get(DRIVER, float("inf")) < HANDING_OVER
        return not self.driver_leased and not just_now

    def default_silent(self, *, up: float) -> bool:
        return min(self.heartbeats.get(DEFAULT, float("inf")), up) > SILENT_AFTER

    def problems(self, *, up: float) -> list[str]:
        """What is wrong, as sentences; empty when all is well."""
        if not self.database:
            return ["The database does not answer."]
        found = []
        if self.driver_stalled(up=up):
            found.append(
                f"{self.due_jobs} takes are due and none is moving;"
                f" the oldest has waited {self.oldest_due:.0f} s."
            )
        if self.clips_waiting and self.default_silent(up=up):
            found.append(f"{self.clips_waiting} voice clips wait and no worker is alive.")
        return found


def snapshot() -> Snapshot:
    """A few small queries. Never raises for a database that is away."""
    try:
        now = timezone.now()
        due = Job.objects.due(now).order_by()
        oldest = due.aggregate(at=Min("due_at"))["at"]
        heartbeats = {
            name: max(0.0, (now - at).total_seconds())
            for name, at in Heartbeat.objects.values_list("name", "at")
        }
        leased = DriverLease.objects.filter(until__gt=Now()).exists()
        return Snapshot(
            database=True,
            due_jobs=due.count() if oldest else 0,
            oldest_due=(now - oldest).total_seconds() if oldest else None,
            driver_alive=leased or heartbeats.get(DRIVER, float("inf")) < settings.STALL_SECONDS,
            driver_leased=leased,
            heartbeats=heartbeats,
            clips_waiting=Voice.objects.filter(state__in=CLIP_LIVE, due_at__lte=now).count(),
        )
    except DatabaseError:
        return Snapshot(database=False)
