"""The program that speaks one draft take: JSON on stdin, a WAV file and JSON on stdout.

    python -I child.py OUT.wav     reads {text, seed, params, reference_pitch_hz, reference_lufs}
                                   writes OUT.wav, and {seed, version, words, warnings, metrics}
    python -I child.py --probe     writes {version}

Exit 0 is a take; other exits are in `problems.py`, and anything else is a crash. It runs alone,
apart from the studio. This file only confines the process; `program.py` does the work.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path
from types import ModuleType

MEGABYTE = 1024 * 1024
LIMITS = (
    (resource.RLIMIT_CPU, 20),
    (resource.RLIMIT_AS, 1024 * MEGABYTE),
    (resource.RLIMIT_FSIZE, 24 * MEGABYTE),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_NOFILE, 64),
)
PARENT_DEATH_SIGNAL = 1  # prctl(2), Linux


def confine() -> None:
    """Bound what this process may use, and let it end with its parent."""
    for limit, value in LIMITS:
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):  # some systems know no limit on memory
            continue
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)


def find_parts() -> None:
    """Make `speech.engines.draft.*` importable, without the adapter.

    The package's own `__init__` loads asyncio for the adapter, a third of the time that this
    program needs to start; a bare package stands in for it here.
    """
    here = Path(__file__).resolve().parent
    sys.path.insert(0, str(here.parents[2]))
    package = ModuleType("speech.engines.draft")
    package.__path__ = [str(here)]
    sys.modules[package.__name__] = package


if __name__ == "__main__":
    confine()
    find_parts()
    # Only now: the limits bind what this loads.
    from speech.engines.draft.program import main

    code = main(sys.argv[1:])
    # Leave at once: nothing is left to close, and espeak-ng's own ending costs time.
    os._exit(code)
