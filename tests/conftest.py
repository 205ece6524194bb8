"""The cast, and what every test may rely on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_django import Settings

from speech.states import Role
from tests import factories
from tests.servers import postgres_database
from tests.studio_process import Studio

pytest_plugins = ["tests.upstream.fixtures"]


@pytest.fixture(autouse=True)
def _folders(settings: Settings, tmp_path: Path) -> None:
    """Media and work files of each test in a folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.WORK_DIR = tmp_path / "work"
    settings.MEDIA_ROOT.mkdir()
    settings.WORK_DIR.mkdir()


@pytest.fixture
def cast(db: None) -> SimpleNamespace:
    """One project and everybody who could knock at its door."""
    owner = factories.make_user("ada")
    project = factories.make_project(owner=owner, name="Skyline")
    people = SimpleNamespace(
        project=project,
        owner=owner,
        producer=factories.make_user("bea"),
        reviewer=factories.make_user("cy"),
        viewer=factories.make_user("dot"),
        stranger=factories.make_user("eve"),
        administrator=factories.make_user("root", is_superuser=True),
    )
    for role in (Role.PRODUCER, Role.REVIEWER, Role.VIEWER):
        factories.add_member(project, getattr(people, role.value), role)
    return people


@pytest.fixture(scope="session")
def warm_audio() -> Iterator[None]:
    """The confined child is started once for all driver tests, and ended with them."""
    from speech.jobs import driver

    driver.audio().warm()
    yield
    driver.audio().close()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with tables and static files, made once for all studios of processes."""
    data = tmp_path_factory.mktemp("prepared")
    Studio(data_dir=data).prepare()
    return data


@pytest.fixture(scope="session")
def prepared_postgres() -> Iterator[str]:
    """The URL of a database with tables. Studios work on copies of it."""
    with postgres_database() as url:
        studio = Studio({"DATABASE_URL": url}, programs=())
        studio.prepare()
        studio.stop()
        yield url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The last lines say what was skipped, and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons: dict[str, int] = {}
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason] = reasons.get(reason, 0) + 1
    for reason, number in sorted(reasons.items()):
        terminalreporter.write_line(f"not run here: {number} test(s): {reason}")
