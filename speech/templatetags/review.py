"""What the pages of review draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from speech.models import MustSay
from speech.queries.deciding import stretches
from speech.templatetags.studio import tagged

register = template.Library()


@register.filter
def of(found: Mapping[int, Any] | None, key: int) -> Any:
    """`deciding|of:take.pk`"""
    return found.get(key) if found else None


@register.filter
def said_right(text: str, words: Iterable[MustSay]) -> SafeString:
    """Text with its tags as chips, and the words that have to be said right underlined."""
    out: list[str] = []
    for one in stretches(text, words):
        if one.word:
            out.append(
                format_html('<u class="must" title="{}">{}</u>', one.word.respelling, one.text)
            )
        else:
            out.append(tagged(one.text))
    return mark_safe("".join(out))  # noqa: S308 - every piece was escaped
