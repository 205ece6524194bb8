"""Engines by key, built from Django's settings: the one file here that knows Django."""

from __future__ import annotations

import os
from dataclasses import dataclass

from django.conf import settings

from speech.engines.base import Engine
from speech.engines.draft import DraftEngine
from speech.engines.segmind import SegmindEngine, SegmindSettings

DRAFTS_AT_ONCE = max(1, min(4, os.cpu_count() or 1))


def configured() -> tuple[str, ...]:
    """Keys of the engines that can be used, the default first."""
    return ("segmind", "draft") if settings.SEGMIND_API_KEY else ("draft",)


def build(key: str) -> Engine:
    """A new engine; it belongs to one event loop. KeyError for one that is not configured."""
    if key == "draft":
        return DraftEngine(workdir=settings.WORK_DIR / "draft", parallel=DRAFTS_AT_ONCE)
    if key == "segmind" and settings.SEGMIND_API_KEY:
        return SegmindEngine(segmind_settings())
    raise KeyError(key)


def segmind_settings() -> SegmindSettings:
    return SegmindSettings(
        api_key=settings.SEGMIND_API_KEY,
        base_url=settings.SEGMIND_BASE_URL,
        upload_url=settings.SEGMIND_UPLOAD_URL,
        trusted_hosts=tuple(settings.SEGMIND_TRUSTED_HOSTS),
        post_connections=max(16, min(settings.SEGMIND_SUBMIT_WINDOW, 200)),
    )


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


def limits(key: str) -> Limits:
    if key == "draft":
        return Limits(window=DRAFTS_AT_ONCE, own_window=True)
    return Limits(
        window=settings.SEGMIND_SUBMIT_WINDOW,
        in_flight=settings.SEGMIND_IN_FLIGHT,
        submits_per_minute=settings.SEGMIND_SUBMITS_PER_MINUTE,
        polls_per_minute=settings.SEGMIND_POLLS_PER_MINUTE,
    )
