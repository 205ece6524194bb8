"""The papers of a delivery: manifest, what is not in it, and a word on both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from speech.catalog import ENGINES
from speech.exporting import sheets
from speech.models import Delivery
from speech.params import TUNING
from speech.queries.deliveries import Ready, approvals

MANIFEST, LEFT_OUT, README = "manifest.csv", "not-included.csv", "README.txt"
_BEFORE = ("number", "file", "text", "take", "voice", "seed")
_AFTER = (
    "engine", "engine version", "duration s", "loudness LUFS", "true peak dBTP", "sha256",
    "approved by", "approved at", "cost USD",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A line that went in, and the name of its file."""

    name: str
    ready: Ready


def manifest(packed: Iterable[Packed]) -> bytes:
    heads = (*_BEFORE, *(param.name for param in TUNING), *_AFTER)
    return sheets.table(heads, (_row(one) for one in packed))


def left_out(missing: Iterable[Mapping[str, Any]]) -> bytes:
    rows = ((one["line"], one["text"], one["why"]) for one in missing)
    return sheets.table(("number", "text", "why"), rows)


def readme(
    delivery: Delivery, *, packed: Sequence[Packed], missing: Sequence[Mapping[str, Any]]
) -> bytes:
    """Plain text with CRLF, so that it opens as it is meant everywhere."""
    project, by = delivery.project, delivery.asked_by
    made = timezone.localtime(delivery.created_at)
    seconds = sum(one.ready.take.duration or 0.0 for one in packed)
    engines = sorted({ENGINES[one.ready.take.engine].label for one in packed})
    total = len(packed) + len(missing)
    lines = [
        f"{project.name}: delivery {delivery.number}",
        f"Asked for {made:%d %B %Y, %H:%M %Z} by {by.label if by else 'somebody'} in Takeroom.",
        "",
        f"{len(packed)} of {total} lines are in it, {seconds:.1f} seconds of sound. Each was"
        " approved as it is here;",
        "its text, voice, parameters and hash were compared again when this file was made.",
        "",
        f"These voices are synthetic: every sound in here was made by a machine"
        f" ({', '.join(engines)}).",
        "Say so wherever the law or your partners ask for it.",
        "",
        f"{MANIFEST}: one row for each file, with text, voice, seed, parameters, hash, who approved"
        " it and what it cost.",
    ]
    if missing:
        lines.append(f"{LEFT_OUT}: the lines that are not in it, and why.")
    lines += [
        "The tables are UTF-8. A cell that would be taken for a formula has one apostrophe (') in"
        " front, and so",
        "has a text that begins with one: take one leading apostrophe away for the exact text.",
        "",
    ]
    lines += [f"Line {one['line']} is not included: {one['why']}." for one in missing]
    return "\r\n".join([*lines, ""]).encode()


def _row(packed: Packed) -> tuple[sheets.Cell, ...]:
    ready = packed.ready
    take, decisions = ready.take, approvals(ready.review)
    return (
        ready.line.position,
        packed.name,
        take.text,
        take.number,
        take.voice_name,
        take.seed_used or take.seed,
        *(getattr(take, param.name) for param in TUNING),
        ENGINES[take.engine].label,
        take.engine_version,
        take.duration,
        take.lufs,
        take.true_peak,
        take.sha256,
        "; ".join(one.by.label if one.by else "somebody" for one in decisions),
        max(one.at for one in decisions),
        take.cost,
    )
