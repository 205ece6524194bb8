"""What a text says: the one place that knows signs, tags, words, sentences and how texts compare.

Rules, reasons, price:

- **A person's own text is kept as it was typed.** What a page sends to an engine is `clean(text)`:
  signs that nobody sees are left out, odd spaces, hyphens and apostrophes become plain ones, tags
  are written the one way the model knows. Reason: a soft hyphen or a bullet from a word processor
  makes the model stumble, and whoever pasted it cannot see it. The page shows what was cleaned.
  Curly quotes and long dashes stay: they are the person's, and the model knows them.
- **What comes through the API is sent as it came**, but for known tags, which are lower-cased
  (`lower_tags`): a program means what it sends.
- **Texts are compared folded** (`fold`, `search_key`): without case, accents, width, ligatures and
  invisible signs, apostrophes and dashes alike. Python does it, so that SQLite and PostgreSQL find
  the same. Price: "resume" asks for the must-say word "résumé"; asking once too often costs a tick.
- **Something to say** is a letter or digit of any script, a currency sign, or one of the signs
  that are words by themselves (`SPOKEN_SIGNS`). Punctuation, dashes, emoji and tags alone are
  nothing: the model would make up a sentence, and charge for it.

Pure; no dependencies, because the draft voice's child reads with it too. Revisit when the model
learns tags or languages.
"""

from __future__ import annotations

from speech.text.comparing import Folded, find_word, fold, search_key, without_tags
from speech.text.saying import (
    Preflight,
    bracket_notes,
    has_words,
    nothing_to_say,
    preflight,
    spoken_characters,
)
from speech.text.signs import clean, clean_mapped, is_blank, lines_of, one_line, tidy
from speech.text.splitting import cut, split_script
from speech.text.tags import TAGS, Bracket, brackets, canonical_tags, lower_tags, sent

__all__ = [
    "TAGS",
    "Bracket",
    "Folded",
    "Preflight",
    "bracket_notes",
    "brackets",
    "canonical_tags",
    "clean",
    "clean_mapped",
    "cut",
    "find_word",
    "fold",
    "has_words",
    "is_blank",
    "lines_of",
    "lower_tags",
    "nothing_to_say",
    "one_line",
    "preflight",
    "search_key",
    "sent",
    "split_script",
    "spoken_characters",
    "tidy",
    "without_tags",
]
