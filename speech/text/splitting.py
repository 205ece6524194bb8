"""A script into lines, and a long line into shorter ones."""

from __future__ import annotations

import re

from speech.text.signs import is_blank, lines_of

ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'“‘])(?:mr|mrs|ms|dr|prof|st|jr|sr|vs|no|etc|e\.g|i\.e|approx|[a-z])\.$",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|[。！？]+[」』”’)]*|\n+")
_CLAUSE_END = re.compile(r"[,;:]+[\"'”’)]*(?=\s)|\s[–—-](?=\s)|—+|[、，；]+")
_WORD_END = re.compile(r"\s+(?![^\[\]]*\])")
"""Not inside a bracket: a tag is not torn."""


def split_script(script: str) -> list[str]:
    """The lines of a script. Blank lines separate paragraphs if there are any; a paragraph's own
    line breaks are then wrapping. Without blank lines each typed line stands for itself. A line of
    which nothing can be seen is blank, however many signs it has."""
    typed = lines_of(script)
    blank = [is_blank(line) for line in typed]
    first = next((at for at, none in enumerate(blank) if not none), len(typed))
    last = max((at for at, none in enumerate(blank) if not none), default=-1)
    paragraphs: list[list[str]] = [[]]
    one_each = not any(blank[first : last + 1])
    for line, none in zip(typed[first : last + 1], blank[first : last + 1], strict=True):
        if none or (one_each and paragraphs[-1]):
            paragraphs.append([])
        if not none:
            paragraphs[-1].append(line)
    joined = (" ".join(" ".join(one).replace("\ufeff", "").split()) for one in paragraphs if one)
    return [text for text in joined if text]


def cut(text: str, *, most: int) -> list[str]:
    """The text in pieces of at most `most` characters: as few as that takes, cut at the ends of
    sentences; a sentence that is longer is cut at a clause, else between two words."""
    if len(text.strip()) <= most:
        return [text.strip()]
    pieces: list[str] = []
    for sentence in _cut_at(text, _SENTENCE_END):
        for part in _fitting(sentence, most):
            joined = f"{pieces[-1]} {part}" if pieces else part
            if pieces and len(joined) <= most:
                pieces[-1] = joined
            else:
                pieces.append(part)
    return pieces


def _fitting(sentence: str, most: int) -> list[str]:
    for ends in (_CLAUSE_END, _WORD_END):
        if len(sentence) <= most:
            return [sentence]
        parts = _cut_at(sentence, ends)
        if len(parts) > 1:
            return [piece for part in _packed(parts, most) for piece in _fitting(part, most)]
    if len(sentence) <= most:
        return [sentence]
    return [sentence[at : at + most] for at in range(0, len(sentence), most)]


def _packed(parts: list[str], most: int) -> list[str]:
    out: list[str] = []
    for part in parts:
        if out and len(out[-1]) + 1 + len(part) <= most:
            out[-1] = f"{out[-1]} {part}"
        else:
            out.append(part)
    return out


def _cut_at(text: str, ends: re.Pattern[str]) -> list[str]:
    out, since = [], 0
    for match in ends.finditer(text):
        if ABBREVIATION.search(text[since : match.end()]):
            continue
        out.append(text[since : match.end()].strip())
        since = match.end()
    return [piece for piece in [*out, text[since:].strip()] if piece]
