"""What the database must be able to do, looked at whenever tables are made."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from django.core.checks import Error
from django.db import connections

OLDEST_SQLITE = (3, 33)
"""The first with `UPDATE … FROM` (August 2020); Django itself asks for less."""


def sqlite_is_new_enough(*, databases: Sequence[str] | None = None, **_: Any) -> list[Error]:
    used = any(connections[alias].vendor == "sqlite" for alias in databases or ())
    return too_old(sqlite3.sqlite_version_info) if used else []


def too_old(version: tuple[int, ...]) -> list[Error]:
    if version >= OLDEST_SQLITE:
        return []
    wanted, here = (".".join(map(str, numbers)) for numbers in (OLDEST_SQLITE, version))
    return [
        Error(
            f"SQLite {wanted} or newer is needed, and this Python brings {here}.",
            hint="Use a newer Python, or PostgreSQL by DATABASE_URL.",
            id="speech.E001",
        )
    ]
