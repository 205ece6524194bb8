"""Whether a take still matches its line, and where it differs. Pure functions."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from speech.params import TUNING

Kind = Literal["same", "gone", "new"]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A run of words that both texts hold, or that only the take (gone) or the line (new) holds."""

    kind: Kind
    text: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing in which a take and its line differ. `then` belongs to the take."""

    what: str
    then: str
    now: str
    pieces: Sequence[Piece] = ()


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a take was made with, or what its line would be made with now."""

    text: str
    voice_id: int | None
    voice_name: str
    clip: str
    """SHA-256 of the reference clip, or its address."""
    tuning: Mapping[str, Any]


def differences(*, take: Setup, line: Setup) -> list[Difference]:
    """Text, voice and parameters in which `take` no longer matches `line`; empty when it does."""
    found: list[Difference] = []
    if take.text.strip() != line.text.strip():
        found.append(
            Difference(
                what="Text", then=take.text, now=line.text, pieces=text_pieces(take.text, line.text)
            )
        )
    if take.voice_id != line.voice_id:
        now = line.voice_name or "none"
        found.append(Difference(what="Voice", then=take.voice_name or "none", now=now))
    elif take.clip != line.clip:
        found.append(Difference(what="Voice", then="its earlier clip", now="its present clip"))
    for param in TUNING:
        then, now = take.tuning[param.name], line.tuning[param.name]
        if then != now:
            found.append(Difference(what=param.label, then=plain(then), now=plain(now)))
    return found


def text_pieces(old: str, new: str) -> list[Piece]:
    """Both texts as one, word by word."""
    a, b = re.findall(r"\s+|[^\s]+", old.strip()), re.findall(r"\s+|[^\s]+", new.strip())
    pieces: list[Piece] = []
    for op, a1, a2, b1, b2 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if op == "equal":
            pieces.append(Piece(kind="same", text="".join(a[a1:a2])))
            continue
        if a2 > a1:
            pieces.append(Piece(kind="gone", text="".join(a[a1:a2])))
        if b2 > b1:
            pieces.append(Piece(kind="new", text="".join(b[b1:b2])))
    return pieces


def plain(value: Any) -> str:
    """A parameter's value as people read it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, int | float) else str(value)
