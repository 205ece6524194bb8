from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.crash.scene import Scene
from tests.servers import postgres_database, redis_database
from tests.studio_process import Studio
from tests.upstream.client import KEY, Upstream

DRIVER = ("worker", "driver")
Stage = Callable[..., Scene]
SHORT = {"DRIVER_LEASE_SECONDS": "2", "DRIVER_SLICE_SECONDS": "3"}


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request: pytest.FixtureRequest, upstream: Upstream, prepared: Path) -> Iterator[Stage]:
    """Makes a studio with short leases, its jobs sent to the upstream server."""
    with ExitStack() as stack:
        places = stack.enter_context(places_of(request.param, request))

        def begin(*programs: tuple[str, ...], **env: str) -> Scene:
            settings = {**segmind_at(upstream), **SHORT, **places, **env}
            studio = Studio(settings, programs=programs or (DRIVER,), prepared=prepared)
            stack.callback(studio.stop)
            studio.start()
            return Scene(studio=studio, upstream=upstream)

        yield begin


@contextmanager
def places_of(kind: str, request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Settings for a database and a broker: SQLite alone, or PostgreSQL and Redis."""
    if kind == "sqlite":
        yield {}
        return
    like = request.getfixturevalue("prepared_postgres")
    with postgres_database(like=like) as database, redis_database() as broker:
        yield {"DATABASE_URL": database, "REDIS_URL": broker}


def segmind_at(upstream: Upstream) -> dict[str, str]:
    return {
        "SEGMIND_API_KEY": KEY,
        "SEGMIND_BASE_URL": upstream.url,
        "SEGMIND_SUBMITS_PER_MINUTE": "0",
        "SEGMIND_POLLS_PER_MINUTE": "6000",
    }
