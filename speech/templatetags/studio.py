"""Words and numbers as pages show them."""

from __future__ import annotations

import functools
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from speech.models import Line
from speech.params import TEXT_WARNED_OVER
from speech.queries import tuning
from speech.queries.script import expected_seconds
from speech.text import Bracket, Preflight, brackets, cut, is_blank
from speech.text import preflight as text_preflight
from speech.text import sent as sent_text

register = template.Library()

SHORTCUTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("K", "Space"), "Play or pause"),
    (("J", "L"), "Two seconds back, two seconds forward"),
    (("1", "–", "9"), "Play the first to ninth take on the page"),
    (("C",), "Comment at the position of the player"),
    (("A",), "In review: approve, or go to the first word that is not confirmed yet"),
    (("X",), "In review: ask for changes"),
    (("N",), "In review: the next take"),
    (("G",), "Generate takes of the selected line"),
    (("←", "→"), "On a waveform: move the position. On a comparison board: one word or second"),
    (("1", "–", "8"), "On a comparison board: hear that take. In a blind test also A to H"),
    (("R",), "On a comparison board: rotate through the takes"),
    (("O",), "On a comparison board: loop"),
    (("B",), "On a comparison board: hear these takes unnamed, and vote"),
    (("[", "]"), "On a comparison board: loop from here, loop to here"),
    (("?",), "Show this list"),
)
"""Every shortcut, once: the dialog is drawn from it, and `static/js/keys.js` acts on it."""

SCRIPTS: tuple[str, ...] = (
    "js/studio.js",
    "js/loading.js",
    "js/messages.js",
    "js/drawing.js",
    "js/wave-form.js",
    "js/take-player.js",
    "js/board-sound.js",
    "js/board-wave.js",
    "js/board-ruler.js",
    "js/board-face.js",
    "js/board.js",
    "js/ballot.js",
    "js/mention-box.js",
    "js/comment-form.js",
    "js/comment-list.js",
    "js/review-item.js",
    "js/keys.js",
    "js/live-clock.js",
    "js/change-feed.js",
    "js/tab-title.js",
    "js/notices.js",
    "js/people-here.js",
    "js/line-editor.js",
    "js/script-list.js",
    "js/sweep-plan.js",
)
"""One custom element a file; `studio.js` first, the others lean on it."""


@register.simple_tag
def scripts() -> tuple[str, ...]:
    return SCRIPTS


@register.simple_tag
def shortcuts() -> tuple[tuple[tuple[str, ...], str], ...]:
    return SHORTCUTS


@register.simple_tag
@functools.cache
def icon(name: str) -> SafeString:
    """One sign of `img/icons.svg`. A tag, and remembered: a page draws some four hundred, and as
    an included file they took a sixth of its time."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def line_actions(line: Line, url: str) -> SafeString:
    """Move and delete a line, as buttons of the form `order`; a tag, since a script has many."""
    return format_html(
        _LINE_ACTIONS,
        pk=line.pk,
        at=line.position,
        before=line.position - 1,
        after=line.position + 1,
        url=url,
        grip=icon("grip"),
        up=icon("up"),
        down=icon("down"),
        trash=icon("trash"),
    )


_LINE_ACTIONS = (
    '<div class="ln-acts"><span class="grip js-only" data-grip title="Drag to reorder"'
    ' aria-hidden="true">{grip}</span>'
    '<button type="submit" form="order" formaction="{url}move/" class="btn quiet sm icon-only"'
    ' id="line-{pk}-up" name="to" value="{before}" data-step="-1"'
    ' aria-label="Move line {at} up">{up}</button>'
    '<button type="submit" form="order" formaction="{url}move/" class="btn quiet sm icon-only"'
    ' id="line-{pk}-down" name="to" value="{after}" data-step="1"'
    ' aria-label="Move line {at} down">{down}</button>'
    '<button type="submit" form="order" formaction="{url}delete/"'
    ' class="btn quiet sm icon-only" aria-label="Delete line {at}">{trash}</button></div>'
)


@register.simple_tag
def at(name: str, *args: int | str) -> str:
    """What `url` gives for one or two arguments, remembered: a page of cards and rows asks for
    some two hundred addresses, and resolving each took a tenth of its time."""
    return _pattern(name, len(args)).format(*args)


@functools.cache
def _pattern(name: str, count: int) -> str:
    stand_ins: list[str | int] = [10**17 + 1] if count == 1 else ["stand-in-for-a-slug", 10**17 + 1]
    url = reverse(f"speech:{name}", args=stand_ins)
    for place, stand_in in enumerate(stand_ins):
        url = url.replace(str(stand_in), f"{{{place}}}")
    return url


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any], *names: str) -> SafeString | str:
    """`aria-current` on the navigation link whose page this is, by the names of its addresses."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    if match is None or match.url_name not in names:
        return ""
    return format_html(' aria-current="{}"', "page")


def tag_chip(bracket: Bracket) -> SafeString:
    if bracket.is_tag:
        return format_html('<span class="tag">{}</span>', bracket.name)
    meant = f". Did you mean [{bracket.suggestion}]?" if bracket.suggestion else ""
    return format_html(
        '<span class="tag unknown" title="Not a tag: read aloud{}">{}</span>',
        meant,
        bracket.written,
    )


@register.filter
def tagged(text: str) -> SafeString:
    """Text with its tags as chips; a bracket that the model would read aloud is marked."""
    out, at = [], 0
    for one in brackets(text):
        out += [conditional_escape(text[at : one.start]), tag_chip(one)]
        at = one.end
    out.append(conditional_escape(text[at:]))
    return mark_safe("".join(out))  # noqa: S308 - every piece was escaped above


@register.filter
def setup_mark(line: Line) -> str:
    return tuning.setup_mark(line)


@register.filter
def seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"


@register.filter
def clock(value: float | None) -> str:
    """0:04.6"""
    value = value or 0.0
    return f"{int(value // 60)}:{value % 60:04.1f}"


@register.filter
def expected(text: str) -> float:
    """Seconds the text should take, estimated."""
    return expected_seconds(text)


@register.filter
def preflight(text: str | None) -> Preflight:
    """What would be sent of a typed text, and what to know of it."""
    return text_preflight(text or "")


@register.filter
def sent(text: str) -> str:
    return sent_text(text)


@register.filter
def sent_length(text: str | None) -> int:
    """Characters of what would be sent."""
    return len(sent_text(text or ""))


@register.filter
def pieces(text: str) -> int:
    """Into how many lines a text can be cut that is too long for one take."""
    return len(cut(text, most=TEXT_WARNED_OVER)) if len(text) > TEXT_WARNED_OVER else 1


@register.filter
def has_text(text: str | None) -> bool:
    return not is_blank(text or "")


@register.filter
def money(value: float | Decimal | None) -> str:
    """US dollars; fractions of a cent where there are any."""
    if value is None:
        return ""
    size = abs(float(value))
    sign = "−" if value < 0 else ""
    return sign + (f"${size:,.2f}" if round(size, 2) == round(size, 4) else f"${size:,.3f}")


@register.filter
def about(value: float | Decimal) -> str:
    """An estimate in US dollars, as the Generate button says it: "about $0.021", "about $0.08"."""
    return f"about {money(value if value < 0.05 else round(float(value), 2))}"


@register.filter
def span(value: float) -> str:
    """A stretch of time for people: 20 s, 4 min, 1 h 20 min."""
    if value < 90:
        return f"{max(5, 5 * round(value / 5))} s"
    minutes = round(value / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


@register.filter
def decibels(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}".replace("-", "−")


@register.filter
def ago(moment: datetime | None) -> str:
    """Just now, 4 min ago, 3 h ago, yesterday, then the date."""
    if moment is None:
        return ""
    passed = (timezone.now() - moment).total_seconds()
    if passed < 60:
        return "just now"
    if passed < 3600:
        return f"{int(passed // 60)} min ago"
    if passed < 86_400:
        return f"{int(passed // 3600)} h ago"
    if passed < 2 * 86_400:
        return "yesterday"
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b}" + (
        "" if local.year == timezone.now().year else f" {local.year}"
    )


@register.filter
def plural(count: int, word: str) -> str:
    """`3|plural:"take"` is "3 takes"."""
    return f"{count:,} {word}" + ("" if count == 1 else "s")


@register.filter
def waited(seconds: float | None) -> str:
    """12 s, 4 min, 3 h, 2 days."""
    seconds = max(0.0, seconds or 0.0)
    for unit, size in (("day", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size * (2 if unit == "day" else 1):
            count = int(seconds // size)
            return f"{count} {unit}{'s' if unit == 'day' else ''}"
    return f"{int(seconds)} s"
