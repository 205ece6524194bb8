"""The OpenAPI document against a running studio: schemathesis draws requests from it, odd ones
too, and holds each answer against what the document promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks

from tests.api.scene import VOICE, Door, open_door
from tests.studio_process import Studio

PROMISED = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
)
"""Left out: that whatever is within the schema is taken, and whatever is outside is not. Numbers
written as text are taken on purpose, too many requests are not, and a 405 is HTML, as upstream."""


@pytest.fixture(scope="module")
def door(prepared: Path) -> Iterator[Door]:
    """A web process alone, whose synchronous calls give up at once."""
    with Studio({"API_WAIT_SECONDS": "1"}, programs=(("web",),), prepared=prepared) as studio:
        yield open_door(studio, engine="draft")


@pytest.mark.timeout(300)
def test_every_answer_is_as_the_document_says(door: Door) -> None:
    load_all_checks()
    promised: list[Any] = [CHECKS.get_one(name) for name in PROMISED]
    schema = schemathesis.openapi.from_url(f"{door.studio.url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 6, "the document lists its calls"
    for operation in operations:

        @settings(
            max_examples=20, deadline=None, derandomize=True, database=None,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def hold(case: schemathesis.Case[Any]) -> None:
            if isinstance(case.body, dict) and "reference_audio" in case.body:
                case.body["reference_audio"] = VOICE  # or each case would fetch a clip of its own
            answer = case.call(base_url=door.studio.url, headers=door.headers)
            assert answer.status_code != 500, "it is in the document, and should never be seen"
            case.validate_response(answer, checks=promised)

        hold()
