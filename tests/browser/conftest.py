"""The stage, the studios, and what runs a test of this package in the browser's thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest

from tests.browser.scene import Scene
from tests.browser.stage import Stage, need_chromium
from tests.browser.tour import Tour, set_out
from tests.servers import postgres_database, redis_database
from tests.studio_process import Studio, wait_until
from tests.upstream.client import KEY, Upstream

T = TypeVar("T", bound=Scene)
QUICK = {"DRIVER_LEASE_SECONDS": "5", "DRIVER_SLICE_SECONDS": "10"}


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """In the browser's thread, if the test uses it; its windows must have nothing to complain."""
    scenes = [one for one in pyfuncitem.funcargs.values() if isinstance(one, Scene)]
    if not scenes:
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}

    def play() -> None:
        pyfuncitem.obj(**arguments)
        for scene in scenes:
            for window in scene.windows:
                window.check()

    scenes[0].stage.do(play)
    return True


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    opened = Stage(need_chromium())
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def draft_studio(prepared: Path) -> Iterator[Studio]:
    """A whole studio on SQLite, without any provider."""
    with Studio(QUICK, prepared=prepared) as studio:
        _wait_for_demo(studio)
        yield studio


@pytest.fixture(scope="session")
def provider() -> Iterator[Upstream]:
    """The Segmind-speaking server that `paid_studio` is configured for; tests reset it."""
    with Upstream() as running:
        yield running


@pytest.fixture(scope="session")
def paid_studio(prepared: Path, provider: Upstream) -> Iterator[Studio]:
    """A whole studio on SQLite with Segmind configured."""
    settings = {**QUICK, "SEGMIND_API_KEY": KEY, "SEGMIND_BASE_URL": provider.url}
    with Studio(settings, prepared=prepared) as studio:
        _wait_for_demo(studio)
        yield studio


@pytest.fixture
def fresh_studio(prepared: Path) -> Iterator[Studio]:
    """A studio that nobody has signed in to yet."""
    with Studio(QUICK, prepared=prepared) as studio:
        _wait_for_demo(studio)
        yield studio


@pytest.fixture
def big_studio(prepared: Path, prepared_postgres: str) -> Iterator[Studio]:
    """The same on PostgreSQL, with the Redis broker."""
    with ExitStack() as stack:
        database = stack.enter_context(postgres_database(like=prepared_postgres))
        queue = stack.enter_context(redis_database())
        settings = {**QUICK, "DATABASE_URL": database, "REDIS_URL": queue}
        studio = stack.enter_context(Studio(settings, prepared=prepared))
        _wait_for_demo(studio)
        yield studio


@pytest.fixture
def scene(stage: Stage, draft_studio: Studio) -> Iterator[Scene]:
    yield from clear_after(Scene(draft_studio, stage))


@pytest.fixture
def paid_scene(stage: Stage, paid_studio: Studio, provider: Upstream) -> Iterator[Scene]:
    provider.reset()
    yield from clear_after(Scene(paid_studio, stage))


@pytest.fixture(scope="session")
def tour(stage: Stage, paid_studio: Studio, provider: Upstream) -> Tour:
    """A project with something to show on every page."""
    provider.reset()
    return set_out(Scene(paid_studio, stage), provider)


@pytest.fixture
def fresh_scene(stage: Stage, fresh_studio: Studio) -> Iterator[Scene]:
    yield from clear_after(Scene(fresh_studio, stage))


@pytest.fixture
def big_scene(stage: Stage, big_studio: Studio) -> Iterator[Scene]:
    yield from clear_after(Scene(big_studio, stage))


def clear_after(scene: T) -> Iterator[T]:
    """What a fixture yields: the scene, whose windows are closed afterwards."""
    yield scene
    for window in scene.windows:
        scene.stage.do(window.close)


def _wait_for_demo(studio: Studio) -> None:
    """The sign-in link is the last thing that a first start prints."""
    wait_until(lambda: "Sign in: " in studio.output(), what="the studio printed its sign-in link")
