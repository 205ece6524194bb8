"""Two texts that grew from one, as one text. Pure functions.

Rule: word by word, against the text that both began with; what only one of them changed is taken
over, what both changed differently is kept twice, between marks that cannot be saved. Reason:
nobody's words may be lost, and nothing may be decided for people. Price: two changes that lie side
by side are both kept, and may not make sense together; so a person reads it before it is saved.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

MARKED = re.compile(r"⟨(?:yours|theirs):")
MOST_WORDS = 1200
"""Beyond this, comparing could take a second; then both texts are kept whole."""


@dataclass(frozen=True, kw_only=True)
class Combined:
    text: str
    clean: bool
    """No mark in it: the two changes do not touch each other."""


@dataclass(frozen=True, kw_only=True)
class _Word:
    word: str
    gap: str
    """The white space before it."""


@dataclass(frozen=True, kw_only=True)
class _Change:
    """Words `start` to `stop` of the base became `words`."""

    start: int
    stop: int
    words: Sequence[_Word]

    def touches(self, start: int, stop: int) -> bool:
        if self.start == self.stop and start == stop:
            return self.start == start
        return self.start < stop and start < self.stop


def combine(base: str | None, mine: str, theirs: str) -> Combined:
    """Both changes of `base`; None where nobody knows what both began with."""
    ours, others = _words(mine), _words(theirs)
    if max(len(ours), len(others)) > MOST_WORDS:
        return Combined(text=f"{_marks(ours, others)}", clean=False)
    ground = _shared(ours, others) if base is None else _words(base)[:MOST_WORDS]
    left, right = _changes(ground, ours), _changes(ground, others)
    out: list[str] = []
    clean, at = True, 0
    kept = {index: word for source in (others, ours) for index, word in _kept(ground, source)}
    while left or right:
        start, stop, a, b = _next(left, right)
        out += (_plain(kept.get(i, ground[i])) for i in range(at, start))
        one, other = _result(ground, start, stop, a), _result(ground, start, stop, b)
        if not a or not b or _same(one, other):
            out += (_plain(word) for word in (one if a else other))
        else:
            out.append(" " + _marks(one, other))
            clean = False
        at = stop
    out += (_plain(kept.get(i, ground[i])) for i in range(at, len(ground)))
    return Combined(text="".join(out).strip(), clean=clean)


def _words(text: str) -> list[_Word]:
    return [_Word(gap=gap, word=word) for gap, word in re.findall(r"(\s*)(\S+)", text)]


def _plain(word: _Word) -> str:
    return (word.gap or " ") + word.word


def _opcodes(old: Sequence[_Word], new: Sequence[_Word]) -> list[tuple[str, int, int, int, int]]:
    a, b = [one.word for one in old], [one.word for one in new]
    return list(difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes())


def _changes(old: Sequence[_Word], new: Sequence[_Word]) -> list[_Change]:
    return [
        _Change(start=a1, stop=a2, words=new[b1:b2])
        for op, a1, a2, b1, b2 in _opcodes(old, new)
        if op != "equal"
    ]


def _kept(old: Sequence[_Word], new: Sequence[_Word]) -> list[tuple[int, _Word]]:
    """Words that stayed, where the white space before them changed."""
    return [
        (a1 + index, new[b1 + index])
        for op, a1, a2, b1, _ in _opcodes(old, new)
        if op == "equal"
        for index in range(a2 - a1)
        if new[b1 + index].gap != old[a1 + index].gap
    ]


def _shared(one: Sequence[_Word], other: Sequence[_Word]) -> list[_Word]:
    return [
        word for op, a1, a2, _, _ in _opcodes(one, other) if op == "equal" for word in one[a1:a2]
    ]


def _next(
    left: list[_Change], right: list[_Change]
) -> tuple[int, int, list[_Change], list[_Change]]:
    """The first stretch of the base that is changed, and the changes of either side in it."""
    first = min((side[0] for side in (left, right) if side), key=lambda c: (c.start, c.stop))
    start, stop = first.start, first.stop
    taken: tuple[list[_Change], list[_Change]] = ([], [])
    grown = True
    while grown:
        grown = False
        for side, mine in ((left, taken[0]), (right, taken[1])):
            while side and (side[0] is first or side[0].touches(start, stop)):
                mine.append(side.pop(0))
                stop = max(stop, mine[-1].stop)
                grown = True
    return start, stop, *taken


def _result(
    ground: Sequence[_Word], start: int, stop: int, changes: Sequence[_Change]
) -> list[_Word]:
    """What one side made of this stretch."""
    out: list[_Word] = []
    at = start
    for change in changes:
        out += [*ground[at : change.start], *change.words]
        at = change.stop
    return [*out, *ground[at:stop]]


def _same(one: Sequence[_Word], other: Sequence[_Word]) -> bool:
    return [word.word for word in one] == [word.word for word in other]


def _marks(mine: Sequence[_Word], theirs: Sequence[_Word]) -> str:
    def text(words: Sequence[_Word]) -> str:
        return "".join(_plain(word) for word in words).strip() or "–"

    return f"⟨yours: {text(mine)}⟩ ⟨theirs: {text(theirs)}⟩"
