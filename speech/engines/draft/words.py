"""From espeak-ng's word events to the words a caption shows.

An event names a place inside a word and the moment it starts; it may come several times for one
word ("1984"), point at the space after it, or be missing where two short words were joined.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Timed = tuple[int, int, int, int]
"""Position, length (characters), start, end (samples)."""

TOKEN = re.compile(r"\S+")
OPENING = "\"'“‘([{<«¿¡"


def place(text: str, events: Sequence[tuple[int, int]], length: int) -> list[Timed]:
    """The words of `text`, timed by its events (character, sample) over `length` samples."""
    tokens = [match.span() for match in TOKEN.finditer(text)]
    starts: dict[int, int] = {}
    current = 0
    for position, sample in events:
        # An event never leads back: positions inside numbers and signs are only roughly right.
        while current + 1 < len(tokens) and tokens[current + 1][0] <= position:
            current += 1
        starts.setdefault(current, min(max(sample, 0), length))
    if not starts:
        return []
    heard = sorted(starts)
    words: list[Timed] = []
    for place_in_row, first in enumerate(heard):
        last = place_in_row + 1 == len(heard)
        group = _group(text, tokens, first, len(tokens) if last else heard[place_in_row + 1])
        begin = max(starts[first], words[-1][3] if words else 0)
        end = length if last else max(begin, starts[heard[place_in_row + 1]])
        words += _share(group, begin, end)
    return words


def _group(
    text: str, tokens: Sequence[tuple[int, int]], first: int, until: int
) -> list[tuple[int, int]]:
    """The token of an event and those after it that got none but are surely words."""
    group = [_bare(text, *tokens[first])]
    for start, end in tokens[first + 1 : until]:
        if any(character.isalnum() for character in text[start:end]):
            group.append(_bare(text, start, end))
    return group


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """A token without the quotes and brackets that open it."""
    bare = start
    while bare < end - 1 and text[bare] in OPENING:
        bare += 1
    return bare, end


def _share(group: Sequence[tuple[int, int]], begin: int, end: int) -> list[Timed]:
    """The samples from `begin` to `end`, dealt out to the words of a group by their letters."""
    letters = sum(stop - start for start, stop in group)
    words: list[Timed] = []
    done = 0
    for start, stop in group:
        since = begin + (end - begin) * done // letters
        done += stop - start
        words.append((start, stop - start, since, begin + (end - begin) * done // letters))
    return words
