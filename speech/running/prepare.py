"""What must be true before the studio can work: database, tables, schedules, static files."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from speech.background import ensure_schedules
from speech.models import User

DATABASE_WAIT = 60.0
MIGRATION_LOCK = 7_284_951
NOBODY_YET = 3
"""Exit status of `manage.py prepare`: all is ready, and nobody can sign in yet."""

Say = Callable[[str], None]


def prepare(*, migrate: bool, static: bool, say: Say) -> None:
    """Make ready. Without `migrate`, wait until somebody else has migrated."""
    _wait_for_database(say)
    if migrate:
        with _one_at_a_time():
            if _unapplied():
                say("Preparing the database…")
                call_command("migrate", interactive=False, verbosity=0)
            ensure_schedules()
    else:
        _wait_for_tables(say)
    if static and not settings.DEBUG:
        collect(say=say)


def nobody_can_sign_in() -> bool:
    return not User.objects.filter(is_superuser=True, is_active=True).exists()


def _wait_for_database(say: Say) -> None:
    until, said = time.monotonic() + DATABASE_WAIT, False
    while True:
        try:
            connection.ensure_connection()
            return
        except OperationalError:
            if time.monotonic() > until:
                raise
            if not said:
                say("Waiting for the database…")
                said = True
            time.sleep(0.5)


def _wait_for_tables(say: Say) -> None:
    said = False
    while _unapplied():
        if not said:
            say("Waiting for the web process to prepare the database…")
            said = True
        time.sleep(1)


def _unapplied() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Several hosts may start at once; on PostgreSQL they take turns."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def collect(*, say: Say) -> None:
    """Hash and compress the static files, if they differ from those collected before."""
    mark = Path(settings.STATIC_ROOT) / ".collected"
    digest = _digest_of_sources()
    if mark.is_file() and mark.read_text(encoding="ascii") == digest:
        return
    say("Preparing the static files…")
    call_command("collectstatic", interactive=False, verbosity=0)
    mark.write_text(digest, encoding="ascii")


def _digest_of_sources() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=lambda found: found[0]):
            digest.update(name.encode())
            with storage.open(name) as file:
                digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()
