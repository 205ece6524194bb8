"""Engines by key, built from Django's settings: the one file here that knows Django."""

from __future__ import annotations

import os

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
    )


def window(key: str) -> int:
    """How many submissions of this engine may be under way at once in one driver."""
    return DRAFTS_AT_ONCE if key == "draft" else settings.SEGMIND_SUBMIT_WINDOW
