"""Takes side by side: one table, the differing rows marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from speech.params import TUNING
from speech.queries.staleness import plain
from speech.queries.takes import TakeCard


@dataclass(frozen=True, kw_only=True)
class Cell:
    text: str
    odd: bool
    """Not what most of the takes have."""


@dataclass(frozen=True, kw_only=True)
class Row:
    label: str
    cells: Sequence[Cell]
    differs: bool


def table(cards: Sequence[TakeCard]) -> list[Row]:
    """What the takes were asked for with, and what came out. No query."""
    asked: list[tuple[str, Callable[[TakeCard], str]]] = [
        ("Text", lambda card: card.take.text),
        ("Voice", lambda card: card.take.voice_name or "none"),
        ("Engine", lambda card: card.engine.label),
        ("Seed", lambda card: str(card.take.seed)),
    ]
    rows = [_row(label, [read(card) for card in cards]) for label, read in asked]
    rows += [
        _row(param.label, [plain(getattr(card.take, param.name)) for card in cards])
        for param in TUNING
    ]
    rows.append(_row("Length", [_measure(card.take.duration, "s") for card in cards]))
    rows.append(_row("Loudness", [_measure(card.take.lufs, "LUFS") for card in cards]))
    rows.append(_row("True peak", [_measure(card.take.true_peak, "dBTP") for card in cards]))
    return rows


def _row(label: str, texts: Sequence[str]) -> Row:
    usual = max(set(texts), key=lambda text: (texts.count(text), -texts.index(text)))
    differs = len(set(texts)) > 1
    nobody = differs and texts.count(usual) == 1
    return Row(
        label=label,
        cells=[Cell(text=text, odd=differs and (nobody or text != usual)) for text in texts],
        differs=differs,
    )


def _measure(value: float | None, unit: str) -> str:
    return "—" if value is None else f"{value:.1f} {unit}".replace("-", "−")
