from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.services.review_stage import set_stage


@pytest.fixture
def stage(cast: SimpleNamespace) -> SimpleNamespace:
    return set_stage(cast)
