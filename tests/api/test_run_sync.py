"""v1: the call that waits for its sound."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from pytest_django import Settings

from speech.models import ApiCall, EngineState
from speech.services.cancelling import cancel_take
from speech.states import JobState
from tests.api.conftest import AMARA, SLUG, SOUND, Caller, finish, move

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"text": "Seven days on one charge.", "reference_audio": AMARA, "seed": 7}


async def _taken() -> ApiCall:
    """The request, once it is in the database."""
    while True:
        call = await ApiCall.objects.select_related("job__take", "key").afirst()
        if call is not None:
            return call
        await asyncio.sleep(0.02)


async def _run(caller: Caller, **headers: str) -> tuple[asyncio.Task[Any], ApiCall]:
    task = asyncio.create_task(caller.post(f"/v1/{SLUG}", BODY, **headers))
    call = await asyncio.wait_for(_taken(), 10)
    return task, call


async def test_it_waits_for_the_sound_and_accounts_for_it_in_headers(
    caller: Caller, settings: Settings
) -> None:
    settings.SEGMIND_API_KEY = "SG_0123456789abcdef"
    await EngineState.objects.aupdate_or_create(key="segmind", defaults={"credits": 12.34})
    task, call = await _run(caller)
    assert not (await asyncio.wait({task}, timeout=0.6))[0]
    await sync_to_async(finish)(call, cost=0.021, job={"amount": Decimal("0.021")})
    answer = await asyncio.wait_for(task, 10)
    assert (answer.status_code, answer.content) == (200, SOUND)
    assert dict(answer.headers) | {
        "Content-Type": "audio/flac",
        "x-cost": "0.021",
        "x-remaining-credits": "12.34",
        "x-generation-time": "13.06",
        "x-seed-value": "7",
        "x-request-id": str(call.job.ref),
        "x-takeroom-engine": "segmind",
    } == dict(answer.headers)
    assert answer.headers["x-rate-limit-reset-at-utc"].endswith("Z")


async def test_a_failed_request_is_an_error(caller: Caller) -> None:
    task, call = await _run(caller)
    await sync_to_async(move)(call, JobState.FAILED, error="Blocked by content policy")
    answer = await asyncio.wait_for(task, 10)
    assert (answer.status_code, answer.json()) == (422, {"error": "Blocked by content policy"})
    assert answer.headers["x-request-id"] == str(call.job.ref)


async def test_a_take_that_somebody_cancels_ends_the_wait(
    caller: Caller, cast: SimpleNamespace
) -> None:
    task, call = await _run(caller)
    await sync_to_async(cancel_take)(cast.owner, take=call.job.take)
    answer = await asyncio.wait_for(task, 10)
    assert answer.status_code == 422
    assert "Nothing was charged" in answer.json()["error"]


async def test_who_has_waited_long_enough_gets_the_id_to_ask_again(
    caller: Caller, settings: Settings
) -> None:
    settings.API_WAIT_SECONDS = 0.3
    answer = await caller.post(f"/v1/{SLUG}", BODY)
    assert answer.status_code == 504
    request_id = answer.headers["x-request-id"]
    call = await _taken()
    await sync_to_async(finish)(call)
    result = await caller.get(f"/v2/requests/{request_id}")
    assert (result.status_code, result.json()["seed"]) == (200, 7)


async def test_a_repeat_is_answered_for_as_long_as_its_idempotency_key_is_known(
    caller: Caller,
) -> None:
    task, call = await _run(caller, idempotency_key="order 7")
    await sync_to_async(finish)(call)
    assert (await asyncio.wait_for(task, 10)).status_code == 200
    await ApiCall.objects.aupdate(expires_at=timezone.now())
    again = await caller.post(f"/v1/{SLUG}", BODY, idempotency_key="order 7")
    assert (again.status_code, again.content) == (200, SOUND)


async def test_a_project_that_is_deleted_ends_the_wait(
    caller: Caller, cast: SimpleNamespace
) -> None:
    task, call = await _run(caller)
    await cast.project.adelete()
    answer = await asyncio.wait_for(task, 10)
    assert (answer.status_code, "was deleted" in answer.json()["error"]) == (422, True)
    assert answer.headers["x-request-id"] == str(call.job.ref)


async def test_a_sound_that_cannot_be_read_now_does_not_invite_a_second_request(
    caller: Caller,
) -> None:
    task, call = await _run(caller)
    await sync_to_async(finish)(call, audio="takes/nowhere.flac")
    answer = await asyncio.wait_for(task, 10)
    assert (answer.status_code, answer.headers["x-request-id"]) == (504, str(call.job.ref))


async def test_a_repeat_with_an_idempotency_key_waits_for_the_same_sound(caller: Caller) -> None:
    task, call = await _run(caller, idempotency_key="order 7")
    again = asyncio.create_task(caller.post(f"/v1/{SLUG}", BODY, idempotency_key="order 7"))
    submitted = await caller.submit(seed=7, headers={"idempotency_key": "order 7"})
    await sync_to_async(finish)(call)
    first, second = await asyncio.wait_for(asyncio.gather(task, again), 10)
    ids = {one.headers["x-request-id"] for one in (first, second)}
    assert ids == {str(call.job.ref)} == {submitted.json()["request_id"]}
    assert await ApiCall.objects.acount() == 1
