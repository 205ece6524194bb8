"""The only import of django-q2: how work is asked for.

Rule: tasks are named by dotted strings (so that nothing above this room is imported) and take
ids only; a message is a wake-up, the rows are the truth, so a lost or doubled message is
harmless. With the ORM broker a message commits with the rows; with Redis it is sent once they
are committed, and if that fails, the schedules find the work. Price: with Redis a wake-up can be
lost; then a take starts up to a minute late.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django_q.models import Schedule, Task
from django_q.tasks import async_task

logger = logging.getLogger(__name__)

DRIVER_CLUSTER = "driver"
RUN_DRIVER = "speech.tasks.run_driver"
SCHEDULES = {
    "wake the driver": ("speech.tasks.rewake_driver", 1),
    "wake waiting clips": ("speech.tasks.wake_clips", 1),
    "look at paused engines": ("speech.tasks.look_at_paused_engines", 1),
    "mail waiting notices": ("speech.tasks.mail_waiting_notices", 1),
    "wake waiting deliveries": ("speech.tasks.wake_deliveries", 1),
    "prune": ("speech.tasks.prune", 60),
}
"""Name → (task, minutes). The supervisor also wakes the driver when it sees due work."""


def enqueue(
    task: str, *ids: object, cluster: str | None = None, timeout: int | None = None
) -> None:
    """Ask for `task(*ids)`; it starts after the current transaction has committed.

    `timeout`: seconds that it may take, where that is more than the queue grants. The queue may
    then send it once more meanwhile, so the task has to see for itself that it is being done.
    """
    given = {"cluster": cluster, "timeout": timeout}
    options = {name: value for name, value in given.items() if value}
    if settings.REDIS_URL:
        transaction.on_commit(lambda: _send(task, *ids, **options), robust=True)
    else:
        async_task(task, *ids, **options)


def wake_driver() -> None:
    enqueue(RUN_DRIVER, cluster=DRIVER_CLUSTER)


def ensure_schedules() -> None:
    """Create the periodic tasks; safe to call at every start."""
    for name, (task, minutes) in SCHEDULES.items():
        Schedule.objects.update_or_create(
            name=name,
            defaults={
                "func": task,
                "schedule_type": Schedule.MINUTES,
                "minutes": minutes,
                "repeats": -1,
            },
        )


def _send(task: str, *ids: object, **options: object) -> None:
    try:
        async_task(task, *ids, **options)
    except Exception:  # noqa: BLE001 - any broker error: the schedules will find the work
        logger.warning("could not send the wake-up %s; the schedule will", task)


def forget_old_messages(before: datetime) -> None:
    """Drop finished messages: `save_limit` −1 keeps them all, since counting them on each result
    costs seven times the throughput."""
    Task.objects.filter(stopped__lt=before).delete()
