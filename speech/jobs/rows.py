"""Many rows, each with values of its own, in one UPDATE.

Rule: `UPDATE … FROM (VALUES …)`, one for the rows that change the same columns. Reason: a statement
for each row lets go of the interpreter's lock each time and waits to get it back, which took a busy
driver longer than the writing; the ORM's `bulk_update` spells out every cell as an expression.
Price: SQL by hand, in the one spelling that SQLite and PostgreSQL share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import Field, Model

MOST_AT_ONCE = 50
"""Rows in a statement: well below the number of parameters that SQLite takes."""


def update_each(model: type[Model], rows: Mapping[int, Mapping[str, Any]]) -> None:
    """Write `rows`: primary key → column name → value. Plain values only, no expressions; keys
    that are not there are passed over."""
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for pk, values in rows.items():
        if values:
            alike[tuple(values)].append(pk)
    for names, pks in alike.items():
        fields = [_field(model, "pk"), *(_field(model, name) for name in names)]
        for start in range(0, len(pks), MOST_AT_ONCE):
            some = [(pk, rows[pk]) for pk in pks[start : start + MOST_AT_ONCE]]
            cells = [
                field.get_db_prep_save(value, connection=connection)
                for pk, values in some
                for field, value in zip(fields, (pk, *values.values()), strict=True)
            ]
            with connection.cursor() as cursor:
                cursor.execute(_statement(model, fields, len(some)), cells)


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    meta = model._meta
    field = meta.pk if name == "pk" else meta.get_field(name)
    assert isinstance(field, Field)
    return field


def _statement(model: type[Model], fields: list[Field[Any, Any]], many: int) -> str:
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    key, *others = (quote(str(field.column)) for field in fields)
    sets = ", ".join(
        f"{column} = {_typed(f'new.column{number}', field)}"
        for number, (column, field) in enumerate(zip(others, fields[1:], strict=True), start=2)
    )
    row = f"({', '.join(['%s'] * len(fields))})"
    values = ", ".join([row] * many)
    return (
        f"UPDATE {table} SET {sets} FROM (VALUES {values}) AS new"  # noqa: S608 - names of columns
        f" WHERE {table}.{key} = {_typed('new.column1', fields[0])}"
    )


def _typed(cell: str, field: Field[Any, Any]) -> str:
    """PostgreSQL takes what stands in VALUES for text, SQLite for what the column is. Without the
    length, or a text that is too long would be cut off in silence."""
    if connection.vendor != "postgresql":
        return cell
    return f"{cell}::{(field.db_type(connection) or 'text').split('(')[0]}"
