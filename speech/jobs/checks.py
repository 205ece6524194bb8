"""The test call of an engine: costs nothing, asked for by an administrator, made by a task."""

from __future__ import annotations

import asyncio

from django.utils import timezone

from speech.engines import draft, registry
from speech.engines.segmind import SegmindEngine
from speech.errors import EngineError
from speech.jobs import standing
from speech.models import EngineState


def check_engine(key: str) -> None:
    """Ask the engine how it is and write the sentence down."""
    left: float | None = None
    try:
        if key == "draft":
            sentence, ok = draft.available() or "The draft voice speaks.", not draft.available()
        else:
            left = asyncio.run(_credits())
            sentence, ok = f"Segmind answered: ${left:,.2f} left.", True
    except EngineError as error:
        sentence, ok = error.sentence, False
    except KeyError:
        sentence, ok = "This engine is not configured.", False
    now = timezone.now()
    found = {"checked_at": now, "check_sentence": sentence, "check_ok": ok}
    EngineState.objects.update_or_create(key=key, defaults=found)
    if left is not None:
        standing.remember_credits(key, left)


async def _credits() -> float:
    engine = registry.build("segmind")
    assert isinstance(engine, SegmindEngine)
    try:
        balance = await engine.balance()
    finally:
        await engine.aclose()
    return balance.credits + balance.free_credits
