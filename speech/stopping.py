"""One bit that a process shares with every child it forks: asked to stop, or not.

Rule: long work looks at `is_asked()` between steps and ends early. Reason: django-q2 waits for a
running task without a bound, and a signal handler in its worker could interrupt a write. Price:
a process that was not armed answers no. Works across `fork` only, which is how django-q2 makes
its workers.
"""

from __future__ import annotations

import mmap

_shared: list[mmap.mmap] = []


def arm() -> None:
    """Make the bit. Call it once, before forking."""
    if not _shared:
        _shared.append(mmap.mmap(-1, 1))


def ask() -> None:
    """Say stop, to this process and to all that it forked. Safe in a signal handler."""
    if _shared:
        _shared[0][0] = 1


def is_asked() -> bool:
    return bool(_shared) and _shared[0][0] == 1
