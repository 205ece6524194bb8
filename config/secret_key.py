"""The signing key of an installation that was given none: made once, kept in DATA_DIR."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def read_or_create(file: Path) -> str:
    """The key in `file` (mode 0600), created whole: two processes that start at once agree."""
    try:
        return _read(file)
    except FileNotFoundError:
        pass
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=".secret_key-")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(secrets.token_urlsafe(64))
            stream.flush()
            os.fsync(stream.fileno())
        # A link either appears complete or fails because somebody else was first.
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
    return _read(file)


def _read(file: Path) -> str:
    try:
        key = file.read_text(encoding="ascii").strip()
    except PermissionError as error:
        raise ImproperlyConfigured(
            f"{file} cannot be read. Run as the user who owns it, or set SECRET_KEY."
        ) from error
    if not key:
        raise ImproperlyConfigured(f"{file} is empty. Delete it; all people must sign in again.")
    return key
