"""Processes that end when their parent is gone.

`getppid` is looked at twice a second, in a thread of each process: portable, and true also after
kill -9, when nothing else is told. Forked children get their own thread by `register_at_fork`.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import NoReturn

PARENT = "TAKEROOM_PARENT"
"""Environment variable by which a supervisor tells a child its pid: asking `getppid` at the start
would be too late if the supervisor had died in between."""
LOOK_EVERY = 0.5


class _Family:
    leader = 0
    forker = 0


def end_with_parent() -> None:
    """From now on this process and all it forks end with the parent that started this one.

    Does nothing in a process that no supervisor started.
    """
    parent = int(os.environ.pop(PARENT, "0"))
    if not parent:
        return
    if os.getpgrp() == os.getpid():
        _Family.leader = os.getpid()
    os.register_at_fork(before=_remember_forker, after_in_child=_watch_forker)
    _watch(parent)


def end_group() -> NoReturn:
    """Kill this process, and with it its group if that is the family's own."""
    if _Family.leader and os.getpgrp() == _Family.leader:
        os.killpg(_Family.leader, signal.SIGKILL)
    os._exit(1)


def _remember_forker() -> None:
    _Family.forker = os.getpid()


def _watch_forker() -> None:
    _watch(_Family.forker)


def _watch(parent: int) -> None:
    threading.Thread(target=_wait_until_gone, args=(parent,), name="family", daemon=True).start()


def _wait_until_gone(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    end_group()
