"""Tags: words in [brackets] that the model performs instead of saying them.

Rule: one parser, for pages, counting, must-say words, the draft voice and what is sent. A tag is
one of the catalog's names in square brackets, in any case and with any spaces; every other bracket
is read aloud. Of brackets in brackets the inner ones count; one that is not closed is text.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from speech.catalog import DELIVERY_TAGS, SOUND_TAGS
from speech.text.signs import clean

TAGS = frozenset((*SOUND_TAGS, *DELIVERY_TAGS))
_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_LONGEST = 60
_NEAR = 0.8
_SHORTEST_STEM = 4


@dataclass(frozen=True, kw_only=True)
class Bracket:
    """`[…]` as it was written, from `start` to `end`."""

    start: int
    end: int
    written: str
    name: str
    """The tag's own name; empty where it is no tag and is read aloud."""
    suggestion: str = ""
    """The tag that may have been meant, where it is none."""

    @property
    def is_tag(self) -> bool:
        return bool(self.name)

    @property
    def canonical(self) -> str:
        """How the model knows the tag; what was written where it is none."""
        return f"[{self.name}]" if self.name else self.written


def brackets(text: str) -> tuple[Bracket, ...]:
    """All brackets of a text, in order; `start` and `end` are places in `text`."""
    return tuple(_bracket(match) for match in _BRACKET.finditer(text)) if "[" in text else ()


def canonical_tags(text: str) -> str:
    """The text with each tag as the model knows it; other brackets stay as they are."""
    out, at = [], 0
    for one in brackets(text):
        out += [text[at : one.start], one.canonical]
        at = one.end
    return "".join([*out, text[at:]])


def lower_tags(text: str) -> str:
    """The text with its tags in lower case, and nothing else changed."""
    out, at = [], 0
    for one in brackets(text):
        out += [text[at : one.start], one.written.lower() if one.is_tag else one.written]
        at = one.end
    return "".join([*out, text[at:]])


def sent(text: str) -> str:
    """What a page sends to an engine for a line with this text."""
    return canonical_tags(clean(text))


def _bracket(match: re.Match[str]) -> Bracket:
    inside = match[1] if len(match[1]) <= _LONGEST else ""
    name = " ".join(clean(inside).lower().split())
    known = name in TAGS
    return Bracket(
        start=match.start(),
        end=match.end(),
        written=match[0],
        name=name if known else "",
        suggestion="" if known else _meant(name),
    )


def _meant(name: str) -> str:
    """The tag that `name` misses only narrowly: another form of its word, or a slip of the keys."""
    names = (*SOUND_TAGS, *DELIVERY_TAGS)
    near = difflib.get_close_matches(name, names, n=1, cutoff=_NEAR)
    if near:
        return near[0]
    for tag in names:
        stem = min(len(name), len(tag))
        if stem >= _SHORTEST_STEM and name[:stem] == tag[:stem]:
            return tag
        if sorted(name) == sorted(tag):
            return tag
    return ""
