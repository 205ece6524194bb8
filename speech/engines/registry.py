"""Engines by key, built from Django's settings: the one file here that knows Django."""

from __future__ import annotations

from django.conf import settings

from speech.engines.base import Engine
from speech.engines.draft import DraftEngine
from speech.engines.segmind import SegmindEngine, SegmindSettings
from speech.limits import DRAFTS_AT_ONCE


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
