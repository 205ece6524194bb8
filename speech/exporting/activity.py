"""A project's activity as a table, written while it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from asgiref.sync import sync_to_async

from speech.exporting import sheets
from speech.models import Project
from speech.queries import activity
from speech.queries.changes import release_connections

BATCH = 500
HEADS = ("who", "what", "when", "target", "old", "new")


async def table(project: Project, wanted: Mapping[str, Any]) -> AsyncIterator[bytes]:
    """The rows that `wanted` lets through, newest first, some hundred at a time. No database
    connection is held between them."""
    yield (sheets.BYTE_ORDER_MARK + sheets.line(HEADS)).encode()
    read = sync_to_async(_batch)
    before: int | None = None
    while True:
        page = await read(project, wanted, before)
        yield "".join(_row(entry) for entry in page.entries).encode()
        before = page.older
        if before is None:
            return


def _batch(project: Project, wanted: Mapping[str, Any], before: int | None) -> activity.Page:
    try:
        return activity.page(project, wanted, before=before, size=BATCH)
    finally:
        release_connections()


def _row(entry: activity.Entry) -> str:
    return sheets.line((entry.who, entry.sentence, entry.at, entry.target, entry.then, entry.now))
