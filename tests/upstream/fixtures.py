"""One server process for the whole session, as good as new for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.upstream.client import Upstream


@pytest.fixture(scope="session")
def upstream_process() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture
def upstream(upstream_process: Upstream) -> Upstream:
    upstream_process.reset()
    return upstream_process


@pytest.fixture(scope="session")
def other_process() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture
def other_upstream(other_process: Upstream) -> Upstream:
    """A second server, for tests of what must never reach it."""
    other_process.reset()
    return other_process
