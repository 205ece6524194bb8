"""Places where a test lets the process die as by kill -9; nothing at all otherwise.

Rule: `reach` is called where a crash would be the most expensive. A test names a folder in
`TAKEROOM_FAILPOINTS` and puts a file there: `answered@3` kills whichever process reaches
"answered" the third time, and disarms itself by that. Reason: between two lines of code nobody
can aim a kill from outside. Price: a name and one comparison on the way of each take.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

FOLDER = os.environ.get("TAKEROOM_FAILPOINTS", "")


def reach(name: str) -> None:
    """Die here, if a test has armed this place."""
    if FOLDER:
        _count_down(Path(FOLDER), name)


def _count_down(folder: Path, name: str) -> None:
    for armed in folder.glob(f"{name}@*"):
        left = int(armed.name.rpartition("@")[2]) - 1
        try:
            if left:
                armed.rename(folder / f"{name}@{left}")
            else:
                armed.unlink()
        except FileNotFoundError:  # another process was faster
            continue
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
