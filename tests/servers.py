"""PostgreSQL and Redis for tests: a database and a key space of their own, gone afterwards.

`TAKEROOM_TEST_DATABASE_URL` and `TAKEROOM_TEST_REDIS_URL` name the servers. Where one is absent,
its tests are skipped with the reason, or fail if `REQUIRE_POSTGRES=1` / `REQUIRE_REDIS=1`.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis
from psycopg import sql

POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379/0"
MARK = "takeroom-tests"


@contextmanager
def postgres_database(*, like: str | None = None) -> Iterator[str]:
    """The URL of a fresh database, or of a copy of `like`, which nobody may be connected to."""
    parts = urlsplit(os.environ.get("TAKEROOM_TEST_DATABASE_URL") or POSTGRES)
    admin = urlunsplit(parts._replace(path=parts.path.rstrip("/") or "/postgres"))
    name = f"takeroom_test_{uuid.uuid4().hex[:12]}"
    try:
        connection = psycopg.connect(admin, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        _absent(
            "REQUIRE_POSTGRES", f"no PostgreSQL at {parts.hostname}:{parts.port or 5432}", error
        )
    with connection:
        source = sql.Identifier(urlsplit(like).path.strip("/") if like else "template1")
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), source)
        )
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )


@contextmanager
def redis_database() -> Iterator[str]:
    """The URL of a numbered Redis database that was empty."""
    parts = urlsplit(os.environ.get("TAKEROOM_TEST_REDIS_URL") or REDIS)
    for number in range(15, 0, -1):
        url = urlunsplit(parts._replace(path=f"/{number}"))
        client = redis.Redis.from_url(url, socket_connect_timeout=3)
        try:
            ours = not client.dbsize() and client.set(MARK, "1", nx=True, ex=600)
        except redis.RedisError as error:
            client.close()
            _absent("REQUIRE_REDIS", f"no Redis at {parts.hostname}:{parts.port or 6379}", error)
        if ours:
            try:
                yield url
            finally:
                client.flushdb()
                client.close()
            return
        client.close()
    raise RuntimeError("all fifteen numbered databases of this Redis are in use")


def _absent(requirement: str, reason: str, error: Exception) -> NoReturn:
    if os.environ.get(requirement) == "1":
        raise RuntimeError(reason) from error
    pytest.skip(reason)
