"""A text as the draft voice reads it: clauses to say, sounds to make, and how.

Positions are character offsets in the text as it was sent. What cannot be read aloud is replaced
by spaces of the same length, so that every offset stays true.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from speech.catalog import DELIVERY_TAGS, SOUND_TAGS, TAG_ALIASES

BRACKETS = re.compile(r"\[([^\[\]]{1,40})\]")
CLAUSE_END = re.compile(r"[.!?…,;:]+[\"'”’)\]]*(?=\s|$)|\s*[—―]+|\s[–-]+(?=\s)|\n+")
ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'“‘])(?:mr|mrs|ms|dr|prof|st|jr|sr|vs|no|etc|e\.g|i\.e|approx|[a-z])\.$",
    re.IGNORECASE,
)
PAUSES = ((",", 0.18), (";:", 0.26), ("—―–-", 0.22), (".!?…", 0.4), ("\n", 0.55))


@dataclass(frozen=True, kw_only=True)
class Clause:
    """Text from `start` to `end`, said in the manner of `delivery` ("" is plain); pause in s."""

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


def read(text: str) -> Script:
    """What is to be said and sounded, in order, and what the writer should know."""
    warnings: list[str] = []
    plain = "".join(map(_readable, text))
    if any(_is_pictograph(character) for character in text):
        warnings.append("Emoji and pictures are left out.")
    parts: list[Clause | Sound] = []
    delivery = ""
    since = 0
    for match in BRACKETS.finditer(plain):
        spelt = " ".join(match[1].split())
        name = TAG_ALIASES.get(spelt.lower(), spelt.lower())
        if name not in SOUND_TAGS and name not in DELIVERY_TAGS:
            warnings.append(f"“[{spelt}]” is not a tag; it is read aloud.")
            continue
        if match[1] != name:
            warnings.append(f"Turbo knows “[{match[1]}]” as “[{name}]”; write it that way.")
        parts += _clauses(plain, since, match.start(), delivery)
        since = match.end()
        if name in SOUND_TAGS:
            parts.append(Sound(name=name, start=match.start(), end=match.end()))
        else:
            delivery = name
    parts += _clauses(plain, since, len(plain), delivery)
    return Script(parts=tuple(parts), warnings=tuple(dict.fromkeys(warnings)))


def _clauses(text: str, start: int, end: int, delivery: str) -> Iterator[Clause]:
    for first, last in _spans(text, start, end):
        piece = text[first:last]
        spoken = piece if any(_is_sayable(character) for character in piece) else ""
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


def _is_sayable(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNS"


def _is_pictograph(character: str) -> bool:
    # Letter-like signs such as ™ and ° stay: people do say them.
    return (unicodedata.category(character) == "So" and character >= "\u2190") or (
        "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def _readable(character: str) -> str:
    """`character`, or a space for what espeak-ng would take as a command or cannot read.

    Control characters carry its embedded commands, and it uses private and unassigned code
    points for marks of its own.
    """
    if character in "\n\t":
        return character
    unsafe = unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"}
    joiner = character in "\u200d\ufe0e\ufe0f\u20e3"
    return " " if unsafe or joiner or _is_pictograph(character) else character
