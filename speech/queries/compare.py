"""Takes side by side: the lanes of a board, and one table with the differing rows marked.

Rule: the order in the address is the order on the board. Takes that cannot be heard there are
left out, and `Chosen.left_out` says which and why. Reason: a board is shared by its address, and
who opens it later must not find another board without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from speech.models import Line, Project, Take
from speech.params import TUNING
from speech.queries import takes
from speech.queries.comments import excerpt
from speech.queries.staleness import plain
from speech.queries.takes import TakeCard
from speech.text import spoken_characters

FEWEST, MOST = 2, 8


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The takes that a board can hold, and a sentence for each reason to leave others out."""

    cards: Sequence[TakeCard]
    left_out: Sequence[str]


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


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One take of a board. `key` counts from 1, as the keyboard does."""

    key: int
    card: TakeCard
    name: str
    words: str
    """Starts of the words in seconds, separated by spaces; empty where nobody knows them."""
    pace: float | None
    """Spoken characters per second."""
    without: str
    """The board's query without this lane; empty where too few would be left."""
    earlier: str
    """The board's query with this lane one place further up; empty for the first."""


@dataclass(frozen=True, kw_only=True)
class Board:
    lanes: Sequence[Lane]
    lines: Sequence[Line]
    """Those that the takes belong to, in the order of the script."""
    table: Sequence[Row]
    seconds: float
    """Length of the longest take."""
    query: str
    """The address of this board, after the question mark."""


def chosen(project: Project, asked: Sequence[str]) -> Chosen:
    """The takes of `project` that `asked` names, in its order. Two queries."""
    named = list(dict.fromkeys(asked))
    wanted = [int(raw) for raw in named if raw.isascii() and raw.isdigit() and len(raw) < 19]
    rows = takes.base().filter(project=project, pk__in=wanted, line__deleted_at=None)
    rows = rows.defer(None).defer("measured", "timings", "search_text", "job__result")
    found = sorted(rows, key=lambda take: wanted.index(take.pk))
    done = [take for take in found if take.is_done]
    left_out = [_why(take) for take in found if not take.is_done]
    if gone := len(named) - len(found):
        many = "1 take is left out: it is" if gone == 1 else f"{gone} takes are left out: they are"
        left_out.append(f"{many} not in this project, or deleted.")
    if len(done) > MOST:
        left_out.append(f"Only the first {MOST} takes are shown.")
    return Chosen(cards=takes.cards(done[:MOST]), left_out=left_out)


def board(cards: Sequence[TakeCard]) -> Board:
    """What the board of these takes draws. No query."""
    lines = {card.take.line_id: card.take.line for card in cards}
    ids = [card.take.pk for card in cards]
    return Board(
        lanes=[_lane(card, index, ids, len(lines) > 1) for index, card in enumerate(cards)],
        lines=sorted(lines.values(), key=lambda line: line.position),
        table=table(cards),
        seconds=max((card.take.duration or 0.0 for card in cards), default=0.0),
        query=_query(ids),
    )


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
    measured: list[tuple[str, Callable[[TakeCard], str]]] = [
        ("Length", lambda card: _measure(card.take.duration, "s")),
        ("Loudness", lambda card: _measure(card.take.lufs, "LUFS")),
        ("True peak", lambda card: _measure(card.take.true_peak, "dBTP")),
        ("Pace", lambda card: _measure(pace(card.take), "characters/s")),
        ("Cost", lambda card: _cost(card.take)),
    ]
    rows += [_row(label, [read(card) for card in cards]) for label, read in measured]
    # Never two alike, so a mark would say nothing.
    told: list[tuple[str, Callable[[TakeCard], str]]] = [
        ("Review", lambda card: (card.standing and card.standing.words) or "not submitted"),
        ("Comments", _comments),
        ("Asked by", lambda card: getattr(card.take.created_by, "label", "the studio")),
        ("Made", lambda card: _day(card.take.finished_at)),
    ]
    return rows + [_row(label, [read(card) for card in cards], mark=False) for label, read in told]


def pace(take: Take) -> float | None:
    """Spoken characters per second; None where nothing can be heard."""
    return spoken_characters(take.text) / take.duration if take.duration else None


def _lane(card: TakeCard, index: int, ids: Sequence[int], mixed: bool) -> Lane:
    take = card.take
    others = [pk for pk in ids if pk != take.pk]
    moved = [*others[: max(0, index - 1)], take.pk, *others[max(0, index - 1) :]]
    return Lane(
        key=index + 1,
        card=card,
        name=f"Line {take.line.position}, take {take.number}" if mixed else f"Take {take.number}",
        words=" ".join(f"{word[1]:.2f}" for word in take.words),
        pace=pace(take),
        without=_query(others) if len(others) >= FEWEST else "",
        earlier=_query(moved) if index else "",
    )


def _query(ids: Sequence[int]) -> str:
    return "&".join(f"take={pk}" for pk in ids)


def _why(take: Take) -> str:
    reason = "is not ready yet" if take.is_live else "has no sound"
    return f"Take {take.number} of line {take.line.position} is left out: it {reason}."


def _row(label: str, texts: Sequence[str], *, mark: bool = True) -> Row:
    usual = max(set(texts), key=lambda text: (texts.count(text), -texts.index(text)))
    differs = len(set(texts)) > 1
    nobody = differs and texts.count(usual) == 1
    return Row(
        label=label,
        cells=[
            Cell(text=text, odd=mark and differs and (nobody or text != usual)) for text in texts
        ],
        differs=differs,
    )


def _measure(value: float | None, unit: str) -> str:
    return "—" if value is None else f"{value:.1f} {unit}".replace("-", "−")


def _cost(take: Take) -> str:
    if take.is_draft:
        return "free"
    return "not known" if take.cost is None else f"${take.cost:.3f}"


def _comments(card: TakeCard) -> str:
    """How many, and the last one: whole threads are on the take's own page."""
    if not card.comments:
        return "—"
    last = f"{card.comments[-1].who}: {excerpt(card.comments[-1].text, 120)}"
    return last if len(card.comments) == 1 else f"{len(card.comments)} comments, last by {last}"


def _day(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%-d %b %Y, %H:%M}" if moment else "—"
