"""What a line is read with; pages and services read the same rule."""

from __future__ import annotations

from speech.queries.tuning import effective_tuning, effective_voice, inherited_tuning

__all__ = ["effective_tuning", "effective_voice", "inherited_tuning"]
