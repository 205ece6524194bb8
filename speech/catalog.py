"""Engines as pages know them: name, price, what they honour. Data only.

Rule: pages read this; the adapters in `engines/` are built only by the driver. Reason: a web
request can then never reach a network call. Price: a capability is stated here and must be true
of the adapter; `tests/engines/` holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

SOUND_TAGS: tuple[str, ...] = (
    "laugh", "chuckle", "sigh", "gasp", "cough", "clear throat", "sniff", "groan", "shush",
)  # fmt: skip
DELIVERY_TAGS: tuple[str, ...] = (
    "angry", "fear", "surprised", "whispering", "advertisement", "dramatic", "narration",
    "crying", "happy", "sarcastic",
)  # fmt: skip

SPOKEN_CHARACTERS_PER_SECOND = 14
LONGEST_TAKE_SECONDS = 40.0


@dataclass(frozen=True, kw_only=True)
class EngineCard:
    """What a person needs to know of an engine before pressing Generate. Money in US dollars."""

    key: str
    label: str
    short: str
    note: str
    price: float
    price_note: str
    typical_seconds: float
    clones: bool
    needs_public_reference: bool
    is_draft: bool


DRAFT = EngineCard(
    key="draft",
    label="Draft voice",
    short="Draft",
    note=(
        "Draft voice: a robotic stand-in for timing and script checks."
        " It does not clone the reference; it only borrows its average pitch."
        " Sounds in [brackets] are placeholders."
    ),
    price=0.0,
    price_note="free",
    typical_seconds=0.8,
    clones=False,
    needs_public_reference=False,
    is_draft=True,
)
SEGMIND = EngineCard(
    key="segmind",
    label="Chatterbox Turbo (Segmind)",
    short="Turbo",
    note="Chatterbox Turbo through Segmind. Each take is billed by Segmind.",
    price=0.021,
    price_note="about, by Segmind's model page; the exact cost is kept with each take",
    typical_seconds=13.4,
    clones=True,
    needs_public_reference=True,
    is_draft=False,
)
ENGINES: Mapping[str, EngineCard] = MappingProxyType({card.key: card for card in (DRAFT, SEGMIND)})
