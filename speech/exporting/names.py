"""Names of files that every system can hold: lower-case ASCII letters, digits and hyphens."""

from __future__ import annotations

from django.utils.text import slugify

from speech.text import clean, without_tags

WORDS_LIMIT = 48


def sound_name(*, position: int, last: int, text: str) -> str:
    """Such as `04-seven-days-on-one-charge.flac`, counted with as many digits as `last` has."""
    digits = max(2, len(str(last)))
    return f"{position:0{digits}}-{words(text) or 'line'}.flac"


def words(text: str) -> str:
    """The first words of a text; empty where no Latin letter or digit is left of it."""
    plain = slugify(clean(without_tags(text))).replace("_", "-").strip("-")
    if len(plain) <= WORDS_LIMIT:
        return plain
    return plain[: WORDS_LIMIT + 1].rpartition("-")[0] or plain[:WORDS_LIMIT]


def package_name(*, slug: str, number: int) -> str:
    """Name of a delivery's folder, and with `.zip` of its file."""
    return f"{slug}-delivery-{number:02}"
