"""The studio's own Segmind client understands each refusal of the studio's own front door."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from pytest_django import Settings

from speech.engines.answers import Answer
from speech.engines.segmind import outcomes
from speech.errors import RateLimited, Refused, SubmitsPaused
from speech.services.projects import archive_project
from tests.api.conftest import AMARA, SLUG, Caller, caller_of

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"text": "Seven days on one charge.", "reference_audio": AMARA}


def _read(response: Any) -> Any:
    headers = {name.lower(): value for name, value in response.headers.items()}
    answer = Answer(status=response.status_code, headers=headers, body=response.content)
    return outcomes.submit_error(answer, lambda text: text)


async def test_bad_parameters_end_the_take_with_our_sentence(caller: Caller) -> None:
    error = _read(await caller.submit(temperature=3))
    assert (type(error), error.reason) == (Refused, "bad_request")
    assert "Temperature must be between 0.05 and 2; 3 is not." in error.sentence


async def test_a_rejected_key_pauses(caller: Caller) -> None:
    caller.secret = "SG_0123456789abcdef"
    error = _read(await caller.submit())
    assert (type(error), error.reason) == (SubmitsPaused, "unauthorized")


async def test_a_budget_that_is_used_up_pauses_and_says_what_is_left(
    caller: Caller, settings: Settings
) -> None:
    settings.SEGMIND_API_KEY = "SG_0123456789abcdef"
    caller.key.budget = Decimal("0.01")
    await caller.key.asave()
    error = _read(await caller.submit())
    assert (type(error), error.reason) == (SubmitsPaused, "spend_limit")
    assert "$0.01 of this key’s budget is left" in error.sentence


async def test_the_wrong_type_is_a_fault_of_the_sender(caller: Caller) -> None:
    error = _read(await caller.post(f"/v2/{SLUG}", BODY, kind="text/plain"))
    assert (type(error), error.reason) == (Refused, "wrong_content_type")


async def test_a_rate_limit_names_the_moment(caller: Caller, cast: SimpleNamespace) -> None:
    slow = await sync_to_async(caller_of)(cast.project, per_minute=1)
    await slow.call()
    error = _read(await slow.submit())
    assert isinstance(error, RateLimited)
    assert 50 < (error.retry_at - timezone.now()).total_seconds() <= 61


async def test_an_archived_project_keeps_the_queue_until_somebody_acts(
    caller: Caller, cast: SimpleNamespace
) -> None:
    await sync_to_async(archive_project)(cast.owner, project=cast.project)
    error = _read(await caller.submit())
    assert (type(error), error.reason) == (SubmitsPaused, "forbidden")
