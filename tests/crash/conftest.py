from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.crash.scene import Scene
from tests.servers import postgres_database, redis_database
from tests.studio_process import Studio
from tests.upstream.client import KEY, Upstream

DRIVER = ("worker", "driver")
Stage = Callable[..., Scene]


@pytest.fixture(params=["sqlite", "postgres"])
def stage(request: pytest.FixtureRequest, upstream: Upstream, prepared: Path) -> Iterator[Stage]:
    """Makes a studio with short leases, its jobs sent to the upstream server."""
    with ExitStack() as stack:
        places: dict[str, str] = {}
        if request.param == "postgres":
            like = request.getfixturevalue("prepared_postgres")
            places["DATABASE_URL"] = stack.enter_context(postgres_database(like=like))
            places["REDIS_URL"] = stack.enter_context(redis_database())

        def begin(**env: str) -> Scene:
            short = {"DRIVER_LEASE_SECONDS": "2", "DRIVER_SLICE_SECONDS": "3"}
            segmind = {
                "SEGMIND_API_KEY": KEY,
                "SEGMIND_BASE_URL": upstream.url,
                "SEGMIND_SUBMITS_PER_MINUTE": "0",
                "SEGMIND_POLLS_PER_MINUTE": "6000",
            }
            settings = {**segmind, **short, **places, **env}
            studio = Studio(settings, programs=(DRIVER,), prepared=prepared)
            stack.callback(studio.stop)
            studio.start()
            return Scene(studio=studio, upstream=upstream)

        yield begin
