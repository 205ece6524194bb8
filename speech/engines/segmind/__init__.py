"""Chatterbox Turbo through Segmind's v2 protocol, or any server that speaks it.

Rules
- One submit is one POST. What each answer means for the job is a table (`outcomes.py`); the class
  of the error says whether a person must decide. There is no idempotency key, no list of jobs and
  no cancel, so nothing in doubt is ever sent again from here.
- Addresses in answers are followed only on the configured origin; otherwise they are derived from
  the request id. Price: a provider that moves polling to another host needs a setting.
- The synchronous v1 call is not used: it holds a paid result on one open connection.
- A submit answer with an id but without its addresses is taken: the id is what was paid for.

Revisit when Segmind publishes an idempotency key, or limits for polls.
"""

from __future__ import annotations

from speech.engines.segmind.engine import Balance, SegmindEngine
from speech.engines.segmind.settings import SegmindSettings

__all__ = ["Balance", "SegmindEngine", "SegmindSettings"]
