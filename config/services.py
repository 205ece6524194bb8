"""Addresses of the services around the studio, read from one URL each."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from speech.client_address import Proxies

SQLITE_BUSY_SECONDS = 20
SEGMIND_ORIGIN = "https://api.segmind.com"
SEGMIND_STORAGE_URL = "https://workflows-api.segmind.com/upload-asset"
POSTGRES_WORKER_CONN_MAX_AGE = 60


def sqlite(file: Path, *, worker: bool) -> dict[str, Any]:
    """The default database: one file.

    IMMEDIATE is what ends "database is locked" (a transaction takes the write lock at its start
    instead of failing when it first writes). `synchronous=FULL` because request ids are money:
    in WAL mode NORMAL may lose the last commits when the power fails.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        # The worker's broker looks at its connection many times a second; the web process must
        # not keep connections, because a waiting view would hold one.
        "CONN_MAX_AGE": None if worker else 0,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": SQLITE_BUSY_SECONDS,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


def database(url: str, *, worker: bool) -> dict[str, Any]:
    """`postgres://user:password@host:port/name?option=value` as Django wants it.

    Options go to libpq (`sslmode=require`, `connect_timeout=5`). A socket directory may stand
    as `?host=/path`. Raises ImproperlyConfigured with the cure.
    """
    parts = _split("DATABASE_URL", url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must start with postgres://. Leave it out for SQLite in DATA_DIR."
        )
    name = unquote(parts.path.removeprefix("/"))
    if not name:
        raise ImproperlyConfigured(
            "DATABASE_URL names no database. Write postgres://user:password@host:5432/name."
        )
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or parts.hostname or ""
    options.setdefault("connect_timeout", "5")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(_port("DATABASE_URL", parts) or ""),
        "CONN_MAX_AGE": POSTGRES_WORKER_CONN_MAX_AGE if worker else 0,
        "CONN_HEALTH_CHECKS": worker,
        "OPTIONS": options,
    }


def mail(url: str) -> dict[str, Any]:
    """Django's e-mail settings from `smtp://`, `smtp+tls://` (STARTTLS) or `smtps://`."""
    parts = _split("SMTP_URL", url)
    kinds = {
        "smtp": (25, False, False),
        "smtp+tls": (587, True, False),
        "smtps": (465, False, True),
    }
    if parts.scheme not in kinds or not parts.hostname:
        raise ImproperlyConfigured(
            "SMTP_URL must look like smtp+tls://user:password@host:587 (or smtp://, smtps://)."
        )
    port, starttls, tls = kinds[parts.scheme]
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": _port("SMTP_URL", parts) or port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": starttls,
        "EMAIL_USE_SSL": tls,
        "EMAIL_TIMEOUT": 10,
    }


def public_url(url: str) -> SplitResult:
    """The address people type; scheme, host and port only."""
    parts = _split("PUBLIC_URL", url)
    bare = parts.path in {"", "/"} and not parts.query and not parts.fragment
    if parts.scheme not in {"http", "https"} or not parts.hostname or not bare or parts.username:
        raise ImproperlyConfigured(
            f"PUBLIC_URL={url!r} is not a bare address. Write https://studio.example.com."
        )
    _port("PUBLIC_URL", parts)
    return parts


def proxies(words: list[str]) -> Proxies:
    """The reverse proxies that TRUSTED_PROXIES names. Raises ImproperlyConfigured."""
    try:
        return Proxies.parse(words)
    except ValueError as error:
        raise ImproperlyConfigured(f"TRUSTED_PROXIES: {error}") from None


def host_name(parts: SplitResult) -> str:
    """The host as a Host header spells it, without the port."""
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host


def origin(name: str, url: str) -> str:
    """`scheme://host[:port]` of a URL."""
    parts = _split(name, url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImproperlyConfigured(f"{name}={url!r} is not a web address. Write https://host.")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def upload_url(base_url: str) -> str:
    """Where clips are pushed unless a person says otherwise.

    Segmind's storage has a host of its own. For any other server clips stay at that server.
    """
    base = origin("SEGMIND_BASE_URL", base_url)
    if base == SEGMIND_ORIGIN:
        return SEGMIND_STORAGE_URL
    return f"{base}/upload-asset"


def _split(name: str, url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        # Not shown: it may hold a password.
        raise ImproperlyConfigured(f"{name} is not a URL. Check its brackets.") from None


def _port(name: str, parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise ImproperlyConfigured(f"{name} has a port that is not a number to 65535.") from None
