from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from django.utils import timezone
from pytest_django import Settings

from speech import wire
from speech.catalog import DRAFT
from speech.jobs.pruning import prune
from speech.models import ApiCall, EngineState, Take
from speech.queries.api_calls import WORDS
from speech.services.projects import archive_project
from speech.states import JobState
from tests import factories
from tests.api.conftest import SOUND, Caller, caller_of, finish, move, refused
from tests.test_wire import sample

pytestmark = pytest.mark.django_db(transaction=True)
BOTH_RESULTS = pytest.mark.parametrize("version", ["v1", "v2"])


async def _moved(call: ApiCall, *arguments: Any, **more: Any) -> None:
    await sync_to_async(move)(call, *arguments, **more)


async def _finished(call: ApiCall, **more: Any) -> None:
    await sync_to_async(finish)(call, **more)


async def _body(response: Any) -> bytes:
    return b"".join([piece async for piece in response.streaming_content])


def _as_recorded(name: str, call: ApiCall) -> Any:
    """The provider's answer, with the addresses of this studio and this request."""
    body = sample(name)
    request_id = str(call.job.ref)
    if "request_id" in body:
        body["request_id"] = request_id
    if "status_url" in body:
        body["status_url"] = f"http://testserver/v2/requests/{request_id}/status"
        body["response_url"] = f"http://testserver/v2/requests/{request_id}"
    return body


def test_each_state_has_its_word() -> None:
    assert set(WORDS) == set(JobState)


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("queued", "QUEUED"), ("claimed", "QUEUED"), ("submitting", "PROCESSING"),
        ("running", "PROCESSING"), ("downloading", "PROCESSING"), ("measuring", "PROCESSING"),
    ],
)  # fmt: skip
async def test_it_says_how_far_a_request_is(caller: Caller, state: str, word: str) -> None:
    call = await caller.call()
    await _moved(call, JobState(state))
    path = f"/v2/requests/{call.job.ref}"
    answer, early = await caller.get(f"{path}/status"), await caller.get(path)
    assert (answer.status_code, answer.json()) == (
        200, _as_recorded(f"status_{word.lower()}", call)
    )  # fmt: skip
    assert (early.status_code, early.json()) == (200, answer.json())


async def test_a_finished_status_says_how_long_it_took(caller: Caller) -> None:
    call = await caller.call()
    await _finished(call)
    answer = await caller.get(f"/v2/requests/{call.job.ref}/status")
    assert (answer.status_code, answer.json()) == (200, _as_recorded("status_completed", call))


@BOTH_RESULTS
async def test_a_result_has_the_providers_shape_and_names_the_engine(
    caller: Caller, version: str
) -> None:
    call = await caller.call(seed=7)
    began = call.job.created_at
    times = {
        "accepted_at": began + timedelta(seconds=0.52),
        "finished_at": began + timedelta(seconds=13.58),
    }
    await _finished(call, job=times)
    answer = await caller.get(f"/{version}/requests/{call.job.ref}")
    body, wanted = answer.json(), sample("result_string")
    assert answer.status_code == 200
    assert body.pop("engine") == answer.headers["x-takeroom-engine"] == "draft"
    assert body.pop("engine_note") == DRAFT.note
    wanted["metrics"] |= {"cost": 0.0}
    del wanted["metrics"]["remaining_credits"]
    assert body | {"output": ""} == wanted | {"output": "", "seed": 7}
    assert urlsplit(body["output"]).path.startswith("/outputs/")
    assert wire.ResultBody.parse(answer.json()).output_url == body["output"]


@BOTH_RESULTS
async def test_a_failure_is_served_as_422_with_its_body(caller: Caller, version: str) -> None:
    call = await caller.call()
    began = call.job.created_at
    await _moved(
        call, JobState.FAILED, error="Blocked by content policy",
        accepted_at=began + timedelta(seconds=0.5), finished_at=began + timedelta(seconds=1.9),
    )  # fmt: skip
    answer = await caller.get(f"/{version}/requests/{call.job.ref}")
    body = answer.json()
    assert answer.status_code == 422
    assert (body.pop("engine"), body.pop("engine_note")) == ("draft", DRAFT.note)
    assert body == sample("result_failed")
    status = await caller.get(f"/v2/requests/{call.job.ref}/status")
    assert status.status_code == 422
    assert (status.json()["status"], status.json()["error"]) == ("FAILED", body["error"])
    assert "cost" not in status.json()["metrics"]


@pytest.mark.parametrize("state", ["cancelled", "expired", "unknown"])
async def test_whatever_else_ended_without_a_sound_failed(caller: Caller, state: str) -> None:
    call = await caller.call()
    await _moved(call, JobState(state), error="It may have been charged.")
    answer = await caller.get(f"/v2/requests/{call.job.ref}/status")
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("It may have been charged.")
    decides = "a person in the studio decides" in answer.json()["error"]
    assert decides == (state == "unknown")


@pytest.mark.parametrize("path", ["v2/requests/{}", "v2/requests/{}/status", "v1/requests/{}"])
async def test_an_hour_after_the_submit_a_request_is_forgotten_and_its_take_stays(
    caller: Caller, path: str
) -> None:
    call = await caller.call()
    await _finished(call)
    assert (call.expires_at - call.created_at).total_seconds() == pytest.approx(3600, abs=1)
    assert (await caller.get("/" + path.format(call.job.ref))).status_code == 200
    await ApiCall.objects.aupdate(expires_at=timezone.now())
    answer = await caller.get("/" + path.format(call.job.ref))
    assert (answer.status_code, answer.json()) == (404, {"error": "Request not found"})
    assert await Take.objects.filter(state=JobState.DONE).acount() == 1


@pytest.mark.parametrize("name", ["none", "5f0c9a52-8d1e-4a3b-9b7e-2f6f3f1f7a10", "..", "%2e%2e"])
async def test_an_unknown_request_is_not_found(caller: Caller, name: str) -> None:
    answer = await caller.get(f"/v2/requests/{name}/status")
    assert answer.status_code == 404


async def test_a_request_is_read_with_any_key_of_its_project_and_no_other(
    caller: Caller, cast: SimpleNamespace
) -> None:
    call = await caller.call()
    path = f"/v2/requests/{call.job.ref}/status"
    fellow = await sync_to_async(caller_of)(cast.project)
    foreign = await sync_to_async(caller_of)(await sync_to_async(factories.make_project)())
    assert (await fellow.get(path)).status_code == 200
    assert (await foreign.get(path)).status_code == 404
    foreign.secret = ""
    answer = await foreign.get(path)
    assert (answer.status_code, answer.json()) == refused("401")


async def test_nothing_is_read_of_an_archived_project(
    caller: Caller, cast: SimpleNamespace
) -> None:
    call = await caller.call()
    await sync_to_async(archive_project)(cast.owner, project=cast.project)
    assert (await caller.get(f"/v2/requests/{call.job.ref}")).status_code == 403
    assert (await caller.get("/v1/get-user-credits")).status_code == 403


async def test_the_output_is_heard_without_a_key_in_parts_too(caller: Caller) -> None:
    call = await caller.call()
    await _finished(call)
    body = (await caller.get(f"/v2/requests/{call.job.ref}")).json()
    assert (await caller.get(f"/v2/requests/{call.job.ref}")).json()["output"] == body["output"]
    path = urlsplit(body["output"]).path
    answer = await AsyncClient().get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/flac")
    assert await _body(answer) == SOUND
    part = await AsyncClient().get(path, headers={"range": "bytes=0-3"})
    assert (part.status_code, await _body(part)) == (206, b"fLaC")


async def test_an_output_cannot_be_guessed_and_ends(caller: Caller, settings: Settings) -> None:
    call, other = await caller.call(), await caller.call()
    await _finished(call)
    await _finished(other)
    path, elsewhere = [
        urlsplit((await caller.get(f"/v2/requests/{one.job.ref}")).json()["output"]).path
        for one in (call, other)
    ]
    name, until, mark = path.removeprefix("/outputs/").removesuffix(".flac").split(".")
    forged = [
        f"{other.job.take_id}.{until}.{mark}",
        f"{name}.{int(until) + 1}.{mark}",
        f"{name}.{until}",
        str(call.job.take_id),
    ]
    for token in forged:
        assert (await AsyncClient().get(f"/outputs/{token}.flac")).status_code == 404
    assert (await AsyncClient().get(path.replace("outputs", "clips"))).status_code == 404
    assert (await AsyncClient().get(elsewhere)).status_code == 200
    long_ago = timezone.now() - timedelta(seconds=settings.API_OUTPUT_SECONDS + 1)
    await Take.objects.filter(pk=call.job.take_id).aupdate(finished_at=long_ago)
    over = urlsplit((await caller.get(f"/v2/requests/{call.job.ref}")).json()["output"]).path
    assert (await AsyncClient().get(over)).status_code == 404


async def test_addresses_begin_with_the_studios_own(caller: Caller, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://studio.example.com"
    body = (await caller.submit()).json()
    assert all(
        body[name].startswith("https://studio.example.com/v") for name in body if "url" in name
    )


async def test_metrics_name_what_is_left_where_something_limits_it(
    caller: Caller, cast: SimpleNamespace, settings: Settings
) -> None:
    settings.SEGMIND_API_KEY = "SG_0123456789abcdef"
    call = await caller.call()
    await _finished(call, cost=0.02, job={"amount": Decimal("0.02")})
    path = f"/v2/requests/{call.job.ref}"

    async def left() -> tuple[Any, Any]:
        metrics = (await caller.get(path)).json()["metrics"]
        assert metrics["cost"] == 0.02
        rest = (await caller.get("/v1/get-user-credits")).json()
        return metrics.get("remaining_credits"), rest["credits"]

    assert await left() == (None, 1_000_000.0)
    await EngineState.objects.aupdate_or_create(key="segmind", defaults={"credits": 12.34})
    assert await left() == (12.34, 12.34)
    caller.key.budget = Decimal("5.00")
    await caller.key.asave()
    assert await left() == (4.98, 4.98)
    cast.project.budget = Decimal("1.00")
    await cast.project.asave()
    assert await left() == (0.98, 0.98)


async def test_the_balance_has_the_providers_shape(caller: Caller) -> None:
    answer = await caller.get("/v1/get-user-credits")
    assert (answer.status_code, list(answer.json())) == (200, list(sample("credits")))


async def test_old_requests_are_pruned_but_not_the_last_days_idempotency_keys(
    caller: Caller,
) -> None:
    young, old = await caller.call(), await caller.call(headers={"idempotency_key": "x"})
    yesterday = timezone.now() - timedelta(hours=25)
    await ApiCall.objects.aupdate(expires_at=yesterday)
    await ApiCall.objects.filter(pk=old.pk).aupdate(created_at=yesterday)
    await sync_to_async(prune)()
    assert [call.pk async for call in ApiCall.objects.all()] == [young.pk]
    assert await Take.objects.acount() == 2
