"""What the child takes from itself before it touches a file. Linux and macOS."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

ADDRESS_SPACE = 1_500 * 1024 * 1024
LARGEST_FILE = 256 * 1024 * 1024
OPEN_FILES = 32
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def confine() -> None:
    """Bounds memory, file size and open files for good, and dumps no core."""
    for what, most in (
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue  # macOS refuses to bound the address space; the other limits still hold


def leave_network() -> bool:
    """Moves into a network of its own without a way out, where the kernel allows that.

    A second fence only: containers often forbid it, and the options in `decode` hold by
    themselves. Root gets no new user namespace: it would lose its right to write where files
    belong to other users.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    wanted = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWNET | CLONE_NEWUSER
    return bool(libc.unshare(wanted) == 0)


def allow(seconds: float) -> None:
    """Grants the next file this much processor time, and twice that by the clock.

    Whoever passes it is killed by the kernel, even when nobody is left to notice.
    """
    whole = max(1, round(seconds))
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + whole
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
    signal.alarm(2 * whole)


def rest() -> None:
    """Between files no clock runs."""
    signal.alarm(0)
