"""The engine under test, short of patience, against the real server process."""

from __future__ import annotations

import contextlib
import json
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from speech.engines.answers import Timeouts
from speech.engines.base import SpeechRequest
from speech.engines.segmind import SegmindEngine, SegmindSettings
from tests.upstream.client import KEY, Upstream

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "segmind"
HASTY = Timeouts(connect=0.5, pool=0.3, write=1, read=0.5, total=1.4)
REQUEST = SpeechRequest(
    ref="t1",
    text="Welcome back.",
    seed=7,
    params={},
    reference_url="https://voices.example/narrator.mp3",
)


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


def hasty(base_url: str, **more: Any) -> SegmindSettings:
    return SegmindSettings(
        api_key=KEY, base_url=base_url, post_timeouts=HASTY, get_timeouts=HASTY, **more
    )


@pytest.fixture
async def engine(upstream: Upstream) -> AsyncIterator[SegmindEngine]:
    running = SegmindEngine(hasty(upstream.url))
    yield running
    await running.aclose()


@pytest.fixture
def tells_no_key(caplog: pytest.LogCaptureFixture) -> Callable[[BaseException], None]:
    """Fails if the key is anywhere in an error, in what hangs on it, or in the log."""
    caplog.set_level(logging.DEBUG)

    def check(error: BaseException) -> None:
        seen: BaseException | None = error
        while seen is not None:
            held = [str(seen), repr(seen), repr(seen.args), repr(vars(seen))]
            with contextlib.suppress(AttributeError, RuntimeError):
                held.append(repr(seen.request.headers.raw))  # type: ignore[attr-defined]
            assert not any(KEY in text for text in held)
            seen = seen.__cause__ or seen.__context__
        assert KEY not in "".join(traceback.format_exception(error))
        assert KEY not in caplog.text

    return check
