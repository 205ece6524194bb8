"""How much may be asked of each engine: settings as data, for drivers and for pages.

Rule: what a limit is stands here; holding to it is the drivers' (`speech.jobs`). Reason: a page
that shows a limit reads the one that is kept to, and reaches no engine for it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from django.conf import settings

DRAFTS_AT_ONCE = max(1, min(4, os.cpu_count() or 1))
BREAKS_AFTER = 5
"""Refused submits in a row that open the breaker; then one probe at a time is let through…"""
BREAK_SECONDS = 30
"""…each so many seconds after the last refusal."""
RECOVERS_IN = 120.0
"""Seconds in which a halved limit grows back by its own size."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much may be asked of an engine. 0 means no limit, except for `window`."""

    window: int
    """Submissions under way at once."""
    own_window: bool = False
    """Each driver has a window of its own, because the work is done on its machine. Otherwise all
    limits hold for the drivers of all hosts together."""
    in_flight: int = 0
    submits_per_minute: int = 0
    polls_per_minute: int = 0


def limits_of(key: str) -> Limits:
    if key == "draft":
        return Limits(window=DRAFTS_AT_ONCE, own_window=True)
    return Limits(
        window=settings.SEGMIND_SUBMIT_WINDOW,
        in_flight=settings.SEGMIND_IN_FLIGHT,
        submits_per_minute=settings.SEGMIND_SUBMITS_PER_MINUTE,
        polls_per_minute=settings.SEGMIND_POLLS_PER_MINUTE,
    )


def submits_row(key: str) -> str:
    """The name of the `Allowance` that an engine's submits are drawn from."""
    return f"{key} submits"


def polls_row(key: str) -> str:
    return f"{key} polls"


def regrown(per_minute: float, *, seconds: float, limit: int) -> float:
    """What a limit that was `per_minute` when learned has grown back to `seconds` later."""
    return min(float(limit), max(per_minute, 0.001) * (1 + max(0.0, seconds) / RECOVERS_IN))
