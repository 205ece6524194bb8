"""One studio for each data folder: two on one SQLite queue would take each other's messages."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class AlreadyRunning(Exception):
    """Another supervisor holds the folder; the message says which."""


def hold(file: Path) -> int:
    """A descriptor that holds the lock for as long as this process lives, however it ends."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise AlreadyRunning(
            f"A studio is already running on {file.parent} (process {holder})."
            " Stop it, or set DATA_DIR to another folder."
        ) from error
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor
