"""Texts beside each other: what counts as the same word, and what a search finds."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from speech.text.signs import Sign, letters, seen
from speech.text.tags import brackets

_DROPPED = re.compile("[\u0300-\u036f\u200c\u200d\ufe0f]")
"""Accents, and what only joins letters or pictures."""
_SIGNS = {
    **dict.fromkeys("`\u00b4\u02c8\u2018\u2019\u201a\u2032\u2035\u2039\u203a\uff40", "'"),
    **dict.fromkeys("\u00ab\u00bb\u201c\u201d\u201e\u201f\u2033\u2036\u301d\u301e\u301f", '"'),
    "\u2212": "-",
}
_AROUND = " .,:;!?…\"'“”„‘’()[]{}<>«»™®©℠-–—"
"""What may stand around a word without being part of it."""
_GAP = r"[\s-]+"


@dataclass(frozen=True, slots=True)
class Folded:
    """A text as it is compared. `spans`: where each character stood; `of_words`: whether it is
    part of one (a footnote's number or ™ is none)."""

    text: str
    spans: tuple[tuple[int, int], ...]
    of_words: tuple[bool, ...]

    def is_inside(self, at: int) -> bool:
        """Whether a word goes on over the place before `text[at]`."""
        if not 0 < at < len(self.text) or not (self.of_words[at - 1] and self.of_words[at]):
            return False
        return not (_needs_no_space(self.text[at - 1]) or _needs_no_space(self.text[at]))


def fold(text: str) -> Folded:
    """The text without case, accents, width and invisible signs; apostrophes, quotes and dashes
    alike."""
    folded: list[Sign] = []
    of_words: list[bool] = []
    for letter, start, end in letters(seen(text)):
        made = _folded(letter)
        folded += [(one, start, end) for one in made]
        of_words += [_is_of_word(letter)] * len(made)
    return Folded(
        "".join(one[0] for one in folded),
        tuple((one[1], one[2]) for one in folded),
        tuple(of_words),
    )


def search_key(text: str) -> str:
    """What is stored to be searched, and what a search term becomes."""
    return " ".join(fold(text).text.split())


def without_tags(text: str) -> str:
    """The text with spaces in the place of its tags; every other place stays true."""
    for one in brackets(text):
        if one.is_tag:
            text = f"{text[: one.start]}{' ' * (one.end - one.start)}{text[one.end :]}"
    return text


def find_word(word: str, said: Folded) -> list[tuple[int, int]]:
    """Where `word` is said: whole, from where to where in the text that `said` was folded from.
    Hyphens and spaces inside it stand for each other."""
    bare = "".join(one[0] for one in seen(word)).strip(_AROUND)
    parts = [part for part in re.split(_GAP, fold(bare).text) if part]
    if not parts:
        return []
    pattern = re.compile(f"(?=({_GAP.join(map(re.escape, parts))}))")
    return [
        (said.spans[start][0], said.spans[end - 1][1])
        for start, end in (match.span(1) for match in pattern.finditer(said.text))
        if not said.is_inside(start) and not said.is_inside(end)
    ]


def _folded(letter: str) -> str:
    if letter.isascii():
        return _SIGNS.get(letter, letter.lower())
    if letter in _SIGNS:
        return _SIGNS[letter]
    if unicodedata.category(letter[0]) == "Pd":
        return "-"
    bare = _DROPPED.sub("", unicodedata.normalize("NFKD", letter)).casefold()
    return unicodedata.normalize("NFC", _DROPPED.sub("", unicodedata.normalize("NFKD", bare)))


def _is_of_word(letter: str) -> bool:
    """Part of a word: a letter or digit, and none that is set above or below the line."""
    category = unicodedata.category(letter[0])
    if category[0] not in "LNM":
        return False
    return not unicodedata.decomposition(letter[0]).startswith(("<super>", "<sub>"))


def _needs_no_space(sign: str) -> bool:
    """Of a script that writes words without spaces between them, or endings onto them."""
    return (
        "\u0e00" <= sign <= "\u0eff"
        or "\u1000" <= sign <= "\u11ff"
        or "\u1780" <= sign <= "\u17ff"
        or "\u2e80" <= sign <= "\ud7ff"
        or "\uf900" <= sign <= "\ufaff"
        or "\U00020000" <= sign <= "\U0003fffd"
    )
