"""What of a text is said, and what whoever wrote it should know before a take is made."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from speech.text.comparing import without_tags
from speech.text.signs import clean, is_blank, is_pictograph
from speech.text.tags import brackets, canonical_tags

SPOKEN_SIGNS = frozenset("&%‰@°§№℃℉")
"""Words by themselves, as the currency signs are. A row of + or = or # is a divider, not a word."""
_EMOJI_OF_LETTERS = re.compile("[0-9#*]\ufe0f?\u20e3|\u2139\ufe0f")
_SAID = frozenset({"Lu", "Ll", "Lt", "Lo", "Nd", "Nl", "No", "Sc"})
_NAMED = 4
"""So many kinds of invisible signs are named."""
_UNNAMED = {"\ufeff": "byte order mark", "\t": "tab"}


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """A line's text before it is sent."""

    sent: str
    """Exactly what an engine would get."""
    is_changed: bool
    """It is not what was typed, sign for sign."""
    refusal: str
    """Why no take can be made of it; empty if one can, and for a blank text."""
    notes: tuple[str, ...]


def has_words(text: str) -> bool:
    """Whether anything in it is said aloud: a letter, a digit, or a sign that is a word."""
    bare = clean(_EMOJI_OF_LETTERS.sub(" ", without_tags(text)))
    return any(is_said(sign) for sign in bare)


def is_said(sign: str) -> bool:
    """Whether this sign is said by itself."""
    return sign in SPOKEN_SIGNS or unicodedata.category(sign) in _SAID


def nothing_to_say(text: str) -> str:
    """Why no take can be made of this text, in a sentence; empty where there is something to say.
    Without words the model makes up a sentence of its own, and charges for it."""
    if has_words(text):
        return ""
    if is_blank(text):
        return "There is no text to read."
    bare = clean(_EMOJI_OF_LETTERS.sub("", without_tags(text)))
    if is_blank(without_tags(text)):
        only = "only tags"
    elif all(is_pictograph(sign) or sign in " \n\u200d\ufe0f" for sign in bare):
        only = "only emoji"
    else:
        only = "no letter and no number"
    return f"There is nothing to say in this text: {only}. Add words to it."


def spoken_characters(text: str) -> int:
    """Characters that are said; tags count nothing."""
    return len(" ".join(clean(without_tags(text)).split()))


def bracket_notes(text: str) -> Iterator[str]:
    """A sentence for each bracket that is read aloud."""
    rest = text
    for one in reversed(brackets(text)):
        rest = rest[: one.start] + rest[one.end :]
    for one in brackets(text):
        if not one.is_tag:
            meant = f" Did you mean [{one.suggestion}]?" if one.suggestion else ""
            yield f"“{_short(one.written)}” is not a tag; it is read aloud.{meant}"
    if "[" in rest or "]" in rest:
        yield ("A square bracket has no partner, so it is no tag; what stands there is read aloud.")


def preflight(text: str) -> Preflight:
    """What would be sent of a line, and what to know of it. Nothing is refused here."""
    seen = clean(text)
    notes = [*_left_out(text), *bracket_notes(seen)]
    if any(map(is_pictograph, seen)):
        notes.append("Emoji are not words: the model may make a noise of them.")
    out = canonical_tags(seen)
    return Preflight(
        sent=out,
        is_changed=out != text.replace("\r\n", "\n").strip(" \n"),
        refusal="" if is_blank(text) else nothing_to_say(text),
        notes=tuple(dict.fromkeys(notes)),
    )


def _left_out(text: str) -> Iterator[str]:
    """Which invisible signs are not sent."""
    kept = clean(text)
    gone: dict[str, int] = {}
    for sign in text:
        if sign in kept or sign.isspace() or unicodedata.category(sign) == "Co":
            continue
        if is_blank(sign):
            gone[_name(sign)] = gone.get(_name(sign), 0) + 1
    if gone:
        total = sum(gone.values())
        names = ", ".join(list(gone)[:_NAMED]) + (" and others" if len(gone) > _NAMED else "")
        yield f"{total} invisible sign{'' if total == 1 else 's'} not sent ({names})."


def _name(sign: str) -> str:
    return _UNNAMED.get(sign) or unicodedata.name(sign, "control character").lower()


def _short(written: str) -> str:
    flat = " ".join(written.split())
    return flat if len(flat) <= 40 else f"{flat[:38]}…]"
