"""Tables as CSV that Excel and others open as they are meant.

UTF-8 with a byte order mark, commas, CRLF. A text that begins with a sign which spreadsheets
calculate from (= + - @, their wide forms, tab, line break) gets an apostrophe in front, and so
does one that begins with an apostrophe: taking one leading apostrophe away always gives back the
exact text. Numbers are written as numbers, so that they can be calculated with.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

BYTE_ORDER_MARK = "\ufeff"
GUARD = "'"
_GUARDED = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", GUARD)

Cell = str | float | int | bool | datetime | None


def table(heads: Iterable[str], rows: Iterable[Iterable[Cell]]) -> bytes:
    """A whole table, as it is kept in a file."""
    lines = [BYTE_ORDER_MARK, line(heads), *(line(row) for row in rows)]
    return "".join(lines).encode()


def line(cells: Iterable[Cell]) -> str:
    """One row, with its line end."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow([_written(cell) for cell in cells])
    return out.getvalue()


def guarded(text: str) -> str:
    """`text`, so that no spreadsheet takes it for a formula."""
    return GUARD + text if text.startswith(_GUARDED) else text


def exact(text: str) -> str:
    """The text that `guarded` was given."""
    return text.removeprefix(GUARD)


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "on" if cell else "off"
        case int():
            return str(cell)
        case float():
            return f"{cell:.10g}"
        case datetime():
            return timezone.localtime(cell).isoformat(timespec="seconds")
        case _:
            return guarded(str(cell))
