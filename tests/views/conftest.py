"""A blind test of four takes with sound; pages of other kinds set their own scene."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from speech.models import Line, ListeningTest, Take
from speech.services.listening import make_test
from tests import factories


@pytest.fixture
def line(cast: SimpleNamespace) -> Line:
    return factories.make_line(cast.project)


@pytest.fixture
def takes(line: Line) -> list[Take]:
    return [
        factories.make_stored_take(line, id=700_100 + 7 * n, body=b"fLaC" + bytes([n]) * 90)
        for n in range(4)
    ]


@pytest.fixture
def blind(cast: SimpleNamespace, takes: list[Take]) -> ListeningTest:
    return make_test(cast.producer, project=cast.project, takes=[take.pk for take in takes])
