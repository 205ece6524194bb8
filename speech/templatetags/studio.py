"""Words and numbers as pages show them."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

SHORTCUTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("K", "Space"), "Play or pause"),
    (("J", "L"), "Two seconds back, two seconds forward"),
    (("1", "–", "9"), "Play the first to ninth take on the page"),
    (("G",), "Generate takes of the selected line"),
    (("←", "→"), "On a waveform: move the position"),
    (("?",), "Show this list"),
)
"""Every shortcut, once: the dialog is drawn from it, and `static/js/keys.js` acts on it."""

SCRIPTS: tuple[str, ...] = (
    "js/studio.js",
    "js/wave-form.js",
    "js/take-player.js",
    "js/keys.js",
    "js/live-clock.js",
    "js/change-feed.js",
    "js/line-editor.js",
    "js/script-list.js",
)
"""One custom element a file; `studio.js` first, the others lean on it."""


@register.simple_tag
def scripts() -> tuple[str, ...]:
    return SCRIPTS


@register.simple_tag
def shortcuts() -> tuple[tuple[tuple[str, ...], str], ...]:
    return SHORTCUTS


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any], name: str) -> SafeString | str:
    """`aria-current` on the navigation link whose page this is."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    if match is None or match.url_name != name:
        return ""
    return format_html(' aria-current="{}"', "page")
