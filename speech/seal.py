"""What the database itself refuses: an event is written once, and goes only with its project.

Rule: triggers refuse every UPDATE of an event, and every DELETE while its project is there; they
delete the events of a project right after the project. Reason: a trail that a service, a shell
or a hurried migration can edit proves nothing. Price: a migration takes the triggers off and puts
them back (SQLite remakes whole tables and would lose them), and `flush` has to do the same.
"""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = frozenset({"speech_event", "speech_project"})
SENTENCE = "Events are never changed, and go only with their project."
_TRIGGERS = (
    ("event_never_changes", "speech_event"),
    ("event_stays", "speech_event"),
    ("events_go_with_project", "speech_project"),
)
_SQLITE = (
    f"""
    CREATE TRIGGER IF NOT EXISTS event_never_changes BEFORE UPDATE ON speech_event
    BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END
    """,
    f"""
    CREATE TRIGGER IF NOT EXISTS event_stays BEFORE DELETE ON speech_event
    WHEN OLD.project_id IS NULL
        OR EXISTS (SELECT 1 FROM speech_project WHERE id = OLD.project_id)
    BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END
    """,  # noqa: S608 - nothing but the constant above
    """
    CREATE TRIGGER IF NOT EXISTS events_go_with_project AFTER DELETE ON speech_project
    BEGIN DELETE FROM speech_event WHERE project_id = OLD.id; END
    """,
)
_POSTGRES = (
    f"""
    CREATE OR REPLACE FUNCTION speech_event_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND OLD.project_id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM speech_project WHERE id = OLD.project_id)
        THEN RETURN OLD; END IF;
        RAISE EXCEPTION '{SENTENCE}' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,  # noqa: S608 - nothing but the constant above
    """
    CREATE OR REPLACE FUNCTION speech_events_of_project() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN DELETE FROM speech_event WHERE project_id = OLD.id; RETURN NULL; END $$
    """,
    """
    CREATE OR REPLACE TRIGGER event_never_changes BEFORE UPDATE ON speech_event
    FOR EACH ROW EXECUTE FUNCTION speech_event_is_sealed()
    """,
    """
    CREATE OR REPLACE TRIGGER event_stays BEFORE DELETE ON speech_event
    FOR EACH ROW EXECUTE FUNCTION speech_event_is_sealed()
    """,
    """
    CREATE OR REPLACE TRIGGER events_go_with_project AFTER DELETE ON speech_project
    FOR EACH ROW EXECUTE FUNCTION speech_events_of_project()
    """,
)


def seal(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers on; does nothing where they are, or where the tables are not yet."""
    if not set(connection.introspection.table_names()) >= TABLES:
        return
    with connection.cursor() as cursor:
        for statement in _POSTGRES if connection.vendor == "postgresql" else _SQLITE:
            cursor.execute(statement)


def unseal(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers off, to change the tables or to empty them all."""
    if not set(connection.introspection.table_names()) >= TABLES:
        return
    with connection.cursor() as cursor:
        for name, table in _TRIGGERS:
            where = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{where}")


def before_migrations(*, using: str, plan: list[Any], **kwargs: Any) -> None:
    if plan:
        unseal(connections[using])


def after_migrations(*, using: str, **kwargs: Any) -> None:
    seal(connections[using])
