"""Single signs: which can be seen, which are spaces or line ends, and what others stand for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LINE_END = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
BULLETS = "•‣⁃∙◘◦▪▫■□●○◆◇➢➤►▸"
_BULLET = re.compile(rf"[{BULLETS}·][ {BULLETS}·]*")

_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164"
    "\ufdd0-\ufdef\ufe00-\ufe0f\uffa0\ufff0-\ufff8\ufffc\U000e0000-\U000e0fff]"
)
"""Beside the format signs (category Cf): controls, joiners, fillers, selectors, tag signs."""
_SEEN_FORMATS = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
"""Number signs and the like: "format" by category, and yet drawn."""
_WINDOWS = {
    chr(code): bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in {0x81, 0x85, 0x8D, 0x8F, 0x90, 0x9D}
}
"""C1 controls are mostly Windows' quotes and dashes, read by somebody as Latin-1."""
_PLAIN = {
    **_WINDOWS,
    **dict.fromkeys("\u02b9\u02bb\u02bc\u02bd\u201b\u055a\u07f4\u07f5\ua78b\ua78c", "'"),
    **dict.fromkeys("\u2010\u2011\u2012\ufe63", "-"),
}
_APOSTROPHES_INSIDE = frozenset("`\u00b4\u2032")
"""Apostrophes between two letters; elsewhere a quote, an accent, a foot."""
_WIDE = re.compile("[\ufb00-\ufb06\uff01-\uff5e\U0001d400-\U0001d7ff]")
"""Ligatures, full-width and mathematical letters: the same words in other clothes."""
_JOINING = frozenset("\u200c\u200d\ufe0f")
"""Invisible signs that in some places change what others look like."""
_GAP = "\u00a0"
"""A space that stands for another sign, until it is known what stands beside it."""
_ODD = re.compile(
    "[\x00-\x09\x0b-\x1f`\x7f-\xa0\xad\xb4\xb7\u02b9-\u02bd\u034f\u0374\u055a\u0600-\u0605\u061c"
    "\u06dd\u070f\u07f4\u07f5\u0890\u0891\u08e2\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f"
    "\u2000-\u2012\u201b\u2022\u2023\u2028-\u202f\u2032\u2043\u205f-\u206f\u2219\u25a0-\u25ff"
    "\u27a2\u27a4\u2800\u3000\u3164\ua78b\ua78c\ue000-\uf8ff\ufb00-\ufb06\ufdd0-\ufdef"
    "\ufe00-\ufe0f\ufe63\ufeff\uff01-\uff5e\uffa0\ufff0-\uffff\U000110bd\U000110cd"
    "\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U0001d400-\U0001d7ff"
    "\U0001fffe\U0001ffff\U0002fffe-\U0010ffff]"
)
"""At least every sign that `clean` might change: most texts hold none and are done at once."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A text made from another; `spans` says of each character where it stood there."""

    text: str
    spans: tuple[tuple[int, int], ...]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stood in the original; `end` > `start`."""
        return self.spans[start][0], self.spans[end - 1][1]


def clean(text: str) -> str:
    """The text in signs that can be seen and read: composed (NFC), without invisible signs, with
    plain spaces, hyphens, apostrophes and line ends, and without bullets before its lines."""
    if _ODD.search(text) is None and unicodedata.is_normalized("NFC", text):
        return text.strip()
    return clean_mapped(text).text


def clean_mapped(text: str) -> Mapped:
    """What `clean` gives, and where each of its characters comes from."""
    signs = _without_bullets(seen(text))
    return Mapped("".join(one[0] for one in signs), tuple((one[1], one[2]) for one in signs))


def is_blank(text: str) -> bool:
    """Nothing can be seen of it."""
    return not clean(text)


def one_line(text: str) -> str:
    """A name, a title, a note or a search term as it is kept: on one line, without invisible
    signs; those that are seen stay as they were typed."""
    out, last = [], (0, 0)
    for sign, start, end in seen(text):
        typed = text[start:end]
        if sign.isspace():
            out.append(" ")
        elif end - start == 1 and unicodedata.category(typed) != "Cc":
            out.append(typed if (start, end) != last else "")
        else:
            out.append(sign)
        last = (start, end)
    return " ".join(unicodedata.normalize("NFC", "".join(out)).split())


def tidy(text: str) -> str:
    """A comment or a reason as it is kept: as it was typed, without blank lines around it. Empty
    where nothing can be seen."""
    lines = lines_of(text.replace("\x00", ""))
    while lines and is_blank(lines[-1]):
        lines.pop()
    while lines and is_blank(lines[0]):
        lines.pop(0)
    return "\n".join(lines).strip()


def lines_of(text: str) -> list[str]:
    """The typed lines, however they end."""
    return LINE_END.split(text)


def is_pictograph(sign: str) -> bool:
    """An emoji or a picture. Letter-like signs such as ™ and ° are none: people do say them."""
    return (sign >= "\u2190" and unicodedata.category(sign) == "So") or (
        "\U0001f3fb" <= sign <= "\U0001f3ff"
    )


Sign = tuple[str, int, int]
"""A character, and from where to where it stood in the original."""


def leans(sign: str) -> bool:
    """It becomes one with the sign before it: a mark, or the later part of a Hangul block."""
    if sign < "\u0300":
        return False
    return unicodedata.category(sign)[0] == "M" or "\u1160" <= sign <= "\u11ff"


def seen(text: str) -> list[Sign]:
    """The signs of a text that can be seen, each as the plain one that it stands for."""
    alone = list(composed([*_plain_signs(text)]))
    return list(composed([*_among_others(alone)]))


def composed(signs: list[Sign]) -> Iterator[Sign]:
    """Each letter as one with the marks upon it (NFC)."""
    for letter, start, end in letters(signs):
        for sign in unicodedata.normalize("NFC", letter):
            yield sign, start, end


def letters(signs: list[Sign]) -> list[Sign]:
    """Each letter together with the marks upon it."""
    out: list[Sign] = []
    for sign, start, end in signs:
        if out and leans(sign):
            letter, since, _ = out[-1]
            out[-1] = (letter + sign, since, end)
        else:
            out.append((sign, start, end))
    return out


def _plain_signs(text: str) -> Iterator[Sign]:
    """Whatever can be decided of a sign by itself."""
    at = 0
    while at < len(text):
        ended = LINE_END.match(text, at)
        end = ended.end() if ended else at + 1
        for sign in "\n" if ended else _plain(text[at]):
            yield sign, at, end
        at = end


def _plain(sign: str) -> str:
    """What a reader sees; empty for nothing, `_GAP` for what only keeps others apart."""
    if " " <= sign <= "~":
        return sign
    if sign in _PLAIN:
        return _PLAIN[sign]
    category = unicodedata.category(sign)
    if sign in "\t\u2800" or category in {"Zs", "Co"}:
        return _GAP
    if sign in _JOINING:
        return sign
    if (category == "Cf" and sign not in _SEEN_FORMATS) or _UNSEEN.match(sign):
        return ""
    if ord(sign) & 0xFFFE == 0xFFFE:  # the last two of each plane, never to be assigned
        return ""
    wide = _WIDE.match(sign)
    whole = unicodedata.normalize("NFKC" if wide else "NFC", sign)
    return "".join(_PLAIN.get(one, one) for one in whole)


def _among_others(signs: list[Sign]) -> Iterator[Sign]:
    """What can be decided only by the signs before and after."""
    before, in_gap = "", False
    for place, (sign, start, end) in enumerate(signs):
        shown = sign
        if sign in _JOINING or sign in _APOSTROPHES_INSIDE:
            rest = (one[0] for one in signs[place + 1 : place + 9] if one[0] not in _JOINING)
            after = next(rest, "")
            if sign in _JOINING:
                shown = sign if _joins(sign, before, after) else ""
            elif _is_of_word(before) and _is_of_word(after):
                shown = "'"
        if sign == _GAP:
            # A space that stands for another sign closes up with those around it.
            shown = "" if before in {"", " ", "\n"} else " "
            in_gap = True
        elif sign == " " and in_gap:
            shown = ""
        elif shown:
            in_gap = False
        if shown:
            yield shown, start, end
            before = shown


def _is_of_word(sign: str) -> bool:
    return sign.isalpha() or (sign != "" and leans(sign))


def _joins(sign: str, before: str, after: str) -> bool:
    """An invisible sign that changes what is seen: inside an emoji, or between the letters of a
    script that joins them."""
    if not before:
        return False
    if sign == "\ufe0f":
        return is_pictograph(before)
    if not after:
        return False
    picture = is_pictograph(before) or before == "\ufe0f"
    if picture and is_pictograph(after):
        return sign == "\u200d"
    return all(
        "\u0600" <= one <= "\u0dff" or "\u1000" <= one <= "\u109f" for one in (before, after)
    )


def _without_bullets(signs: list[Sign]) -> list[Sign]:
    """Without the bullets and blanks before a line, and without blanks at either end."""
    text = "".join(one[0] for one in signs)
    kept: list[Sign] = []
    start = 0
    for line in text.split("\n"):
        lead = len(line) - len(line.lstrip(" "))
        bullet = _BULLET.match(line, lead)
        skip = bullet.end() if bullet else 0
        kept += signs[start + skip : start + len(line) + 1]
        start += len(line) + 1
    first, last = 0, len(kept)
    while first < last and kept[first][0].isspace():
        first += 1
    while last > first and kept[last - 1][0].isspace():
        last -= 1
    return kept[first:last]
