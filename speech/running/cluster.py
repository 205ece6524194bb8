"""The process of one django-q2 cluster, with a stop that has a bound.

Its own signal handler would wait for a running task, inside the handler, without a bound. Here a
signal only sets a flag; the main thread then asks the cluster to end, and after
`STOP_SECONDS` kills its tree. The rows make that safe.

Only this process hears SIGTERM: what it forks has it blocked. Reason: a service manager may send
it to the whole group at once, and django-q2's processes would die of it in the middle of a
submission, which then is in doubt for good. Price: the guard ends an overdue worker by SIGTERM too,
so each worker has a thread that waits for it.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.db import connection, connections
from django.utils import timezone
from django_q.cluster import Cluster
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signals import post_spawn

from speech import stopping
from speech.background import DRIVER_CLUSTER, wake_driver
from speech.running import family

logger = logging.getLogger(__name__)

STOP_SECONDS = 3.5
TOLD_TOGETHER = 1.0
"""Seconds within which the main process says so if it was asked to stop as well."""
CLUSTERS = ("default", "driver")


def environment(cluster: str) -> dict[str, str]:
    """What django-q2 and the settings must find in the environment *before* they are imported."""
    name = "" if cluster == "default" else cluster
    return {"TAKEROOM_ROLE": "worker", "Q_CLUSTER_NAME": name}


def ensure_environment(cluster: str, *, manage: Path) -> None:
    """Start this process anew under the right environment, unless it has it already."""
    needed = environment(cluster)
    if all(os.environ.get(name, "") == value for name, value in needed.items()):
        return
    os.execve(  # noqa: S606 - ourselves
        sys.executable,
        [sys.executable, str(manage), "worker", cluster],
        {**os.environ, **needed},
    )


def run() -> int:
    """Work until SIGTERM or SIGINT. Returns the exit status."""
    family.end_with_parent()
    stopping.arm()
    _release_messages()
    if Conf.CLUSTER_NAME == DRIVER_CLUSTER:
        # What a killed predecessor was at, its wake-up lost or not; with nothing to do it costs
        # half a second.
        wake_driver()
    connections.close_all()  # a connection must not be shared with forked children
    cluster = Cluster()
    asked = _Asked()
    # After Cluster(), which installs handlers of its own.
    signal.signal(signal.SIGTERM, asked)
    signal.signal(signal.SIGINT, asked)
    with _heard_by_this_process_only():
        cluster.start()
    while not asked.yes:
        if not cluster.sentinel.is_alive():
            logger.error("the cluster %s lost its guard", Conf.CLUSTER_NAME)
            family.end_group()
        time.sleep(0.1)
    stopping.ask()
    cluster.stop_event.set()
    cluster.sentinel.join(timeout=STOP_SECONDS)
    if cluster.sentinel.is_alive():
        cluster.sentinel.kill()  # in case no supervisor made us a group; its children follow
        family.end_group()
    return 0


@contextmanager
def _heard_by_this_process_only() -> Iterator[None]:
    """Block SIGTERM in all that is forked inside, and in all that they fork."""
    post_spawn.connect(_obey_the_guard)  # sent in each new worker
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def _obey_the_guard(**_: object) -> None:
    threading.Thread(target=_end_if_meant, name="guard", daemon=True).start()


def _end_if_meant() -> None:
    """End this worker when SIGTERM was for it alone: it has overrun its time. Where all were told,
    the cluster is ending, and this worker with it."""
    signal.sigwait({signal.SIGTERM})
    deadline = time.monotonic() + TOLD_TOGETHER
    while time.monotonic() < deadline:
        if stopping.is_asked():
            return
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGKILL)


class _Asked:
    """A signal handler that does nothing but remember."""

    yes = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.yes = True


def _release_messages() -> None:
    """Give back what a killed predecessor held, or it would wait for `retry` to run out.

    Only on SQLite: there nobody but this host works on the queue, and its supervisor has ended
    the whole predecessor before it starts us.
    """
    if settings.REDIS_URL or connection.vendor != "sqlite":
        return
    OrmQ.objects.filter(key=Conf.CLUSTER_NAME, lock__gt=timezone.now()).update(lock=timezone.now())
