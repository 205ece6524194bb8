"""What the pages of review draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from speech.models import MustSay
from speech.queries.deciding import stretches
from speech.queries.script import TAG
from speech.templatetags.studio import tagged

register = template.Library()


@register.filter
def of(found: Mapping[int, Any] | None, key: int) -> Any:
    """`deciding|of:take.pk`"""
    return found.get(key) if found else None


@register.filter
def said_right(text: str, words: Iterable[MustSay]) -> SafeString:
    """Text with its tags as chips, and the words that have to be said right underlined."""
    words, out, at = list(words), [], 0
    for match in TAG.finditer(text):
        out += [_underlined(text[at : match.start()], words), tagged(match[0])]
        at = match.end()
    out.append(_underlined(text[at:], words))
    return mark_safe("".join(out))  # noqa: S308 - every piece was escaped


def _underlined(text: str, words: list[MustSay]) -> str:
    return "".join(
        format_html('<u class="must" title="{}">{}</u>', one.word.respelling, one.text)
        if one.word
        else conditional_escape(one.text)
        for one in stretches(text, words)
    )
