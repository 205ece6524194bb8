"""Looking at an engine by a call that costs nothing, in a task: because an administrator asked, or
to find out whether paused submissions can go on."""

from __future__ import annotations

import asyncio

from django.utils import timezone

from speech.catalog import ENGINES
from speech.engines import draft, registry
from speech.engines.segmind import SegmindEngine
from speech.errors import EngineError
from speech.jobs import standing
from speech.models import EngineState
from speech.pauses import LOOKED_AT, MOST_RESUMES
from speech.queries.engines import resumes_lately
from speech.services.engines import resume_by_itself


def check_engine(key: str) -> float | None:
    """Ask the engine how it is and write the sentence down; what its account has left, if that
    is known now."""
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
    except ValueError as error:  # names the setting that is wrong, never the key
        sentence, ok = str(error), False
    now = timezone.now()
    found = {"checked_at": now, "check_sentence": sentence, "check_ok": ok}
    EngineState.objects.update_or_create(key=key, defaults=found)
    if left is not None:
        standing.remember_credits(key, left)
    return left


def look_at_paused_engines() -> list[str]:
    """Let submissions go on where the account works again and covers a take; to which engines.

    One that was let go on so often within the hour, and stopped each time, waits longer.
    """
    resumed = []
    for state in EngineState.objects.exclude(paused_at=None).filter(pause_code__in=LOOKED_AT):
        if resumes_lately(state.key) >= MOST_RESUMES:
            continue
        left = check_engine(state.key)
        covered = left is not None and left >= ENGINES[state.key].price
        if covered and resume_by_itself(state=state):
            resumed.append(state.key)
    return resumed


async def _credits() -> float:
    engine = registry.build("segmind")
    assert isinstance(engine, SegmindEngine)
    try:
        balance = await engine.balance()
    finally:
        await engine.aclose()
    return balance.credits + balance.free_credits
