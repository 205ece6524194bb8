"""A text as the draft voice reads it: clauses to say, sounds to make, and how.

What is read is the text as `speech.text.clean` makes it, with spaces for what still cannot be read
aloud; `Script.origin` leads back to the text as it was sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from speech.catalog import SOUND_TAGS
from speech.text import bracket_notes, brackets, clean_mapped
from speech.text.saying import is_said
from speech.text.signs import Mapped, is_pictograph
from speech.text.splitting import ABBREVIATION

CLAUSE_END = re.compile(r"[.!?…,;:]+[\"'”’)\]]*(?=\s|$)|\s*[—―]+|\s[–-]+(?=\s)|\n+")
PAUSES = ((",", 0.18), (";:", 0.26), ("—―–-", 0.22), (".!?…", 0.4), ("\n", 0.55))


@dataclass(frozen=True, kw_only=True)
class Clause:
    """`start` to `end` of what is read, in the manner of `delivery` ("" is plain); pause in s."""

    start: int
    end: int
    text: str
    delivery: str
    pause: float


@dataclass(frozen=True, kw_only=True)
class Sound:
    """One of the sound tags."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Script:
    parts: tuple[Clause | Sound, ...]
    warnings: tuple[str, ...]
    read: Mapped

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of what is read stands in the text as it was sent."""
        return self.read.origin(start, end)


def read(text: str) -> Script:
    """What is to be said and sounded, in order, and what the writer should know."""
    seen = clean_mapped(text)
    plain = "".join(map(_readable, seen.text))
    warnings = ["Emoji and pictures are left out."] if any(map(is_pictograph, seen.text)) else []
    warnings += bracket_notes(seen.text)
    parts: list[Clause | Sound] = []
    delivery = ""
    since = 0
    for one in brackets(plain):
        if not one.is_tag:
            continue
        if one.written.lower() != one.canonical:
            spelt = f"Turbo knows “{one.written}” as “{one.canonical}”; write it that way."
            warnings.append(spelt)
        parts += _clauses(plain, since, one.start, delivery)
        since = one.end
        if one.name in SOUND_TAGS:
            parts.append(Sound(name=one.name, start=one.start, end=one.end))
        else:
            delivery = one.name
    parts += _clauses(plain, since, len(plain), delivery)
    return Script(parts=tuple(parts), warnings=tuple(dict.fromkeys(warnings)), read=seen)


def _clauses(text: str, start: int, end: int, delivery: str) -> Iterator[Clause]:
    for first, last in _spans(text, start, end):
        piece = text[first:last]
        spoken = piece if any(map(is_said, piece)) else ""
        if not spoken and not piece.strip():
            continue
        yield Clause(start=first, end=last, text=spoken, delivery=delivery, pause=_pause(piece))


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    since = start
    for match in CLAUSE_END.finditer(text, start, end):
        if ABBREVIATION.search(text[since : match.end()]) and match.end() < end:
            continue
        yield since, match.end()
        since = match.end()
    if since < end:
        yield since, end


def _pause(piece: str) -> float:
    """Seconds of silence after `piece`, by the strongest mark at its end."""
    tail = piece[len(piece.rstrip("\n .!?…,;:—―–-\"'”’)]")) :]
    return max((length for marks, length in PAUSES if set(marks) & set(tail)), default=0.08)


def _readable(character: str) -> str:
    """`character`, or a space for what espeak-ng would take as a command or cannot read: it uses
    unassigned code points for marks of its own."""
    unsafe = unicodedata.category(character) in {"Cs", "Cn", "Cf"}
    joiner = character in "\ufe0f\u20e3"
    return " " if unsafe or joiner or is_pictograph(character) else character
