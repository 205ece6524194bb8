"""The OpenAPI document is true: what the front door answers is what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.urls import resolve

from speech.api.uploading import MOST_CLIPS
from speech.params import PARAMS
from speech.services.front_door import LONGEST_IDEMPOTENCY_KEY
from speech.services.projects import archive_project
from speech.states import JobState
from speech.wire import endpoints
from speech.wire.endpoints import ENDPOINTS
from speech.wire.openapi import document
from tests.api.conftest import AMARA, SLUG, Caller, caller_of, finish, move
from tests.test_openapi import faults

pytestmark = pytest.mark.django_db(transaction=True)
DOCUMENT = document(base_url="http://testserver", kept_seconds=3600)
GOOD = {"text": "Seven days on one charge.", "reference_audio": AMARA}
ODD: tuple[Any, ...] = (
    None, [], {}, True, "", "x" * 501, "y" * 450, "  ", "Two\nlines.", "\x00", 1.5,
)  # fmt: skip
UNKNOWN = "2f4c0f5e-6f0e-4a39-9a1c-0d9c2a1f4b11"


def promised(name: str, answer: Any) -> None:
    """The answer to the call `name` has a status of the document, and the body for it."""
    [call] = [one for one in ENDPOINTS if one.name == name]
    told = DOCUMENT["paths"][call.path][call.method.lower()]["responses"]
    assert str(answer.status_code) in told, answer.content
    for header in told[str(answer.status_code)].get("headers", {}):
        assert header in answer.headers, f"{name} {answer.status_code} lacks {header}"
    content = told[str(answer.status_code)].get("content", {})
    kind = answer.headers["Content-Type"].partition(";")[0]
    assert kind in content
    schema = content[kind].get("schema")
    if schema is None:
        return
    either = schema.get("anyOf", [schema])
    against = [faults(DOCUMENT, one, answer.json()) for one in either]
    assert [] in against, against


def odd_bodies() -> Iterator[dict[str, Any]]:
    """A request for each border of each parameter, on both sides, and of wrong kinds."""
    for param in PARAMS:
        for value in ODD:
            yield {**GOOD, param.name: value}
        for border, beyond in ((param.low, -1), (param.high, 1)):
            if border is not None:
                whole = param.kind == "integer"
                for value in (border, border + beyond):
                    yield {**GOOD, param.name: int(value) if whole else value}
    yield {**GOOD, "exaggeration": 0.5}
    yield {name: value for name, value in GOOD.items() if name != "text"}


@pytest.mark.parametrize("call", ENDPOINTS, ids=lambda call: call.name)
def test_each_call_is_served_at_its_address(call: Any) -> None:
    assert resolve(call.path.replace("{request_id}", UNKNOWN)).url_name.startswith("api_")


async def test_it_takes_and_refuses_what_the_document_says(cast: SimpleNamespace) -> None:
    caller = await sync_to_async(caller_of)(cast.project, per_minute=10_000)
    for body in odd_bodies():
        answer = await caller.post(f"/v2/{SLUG}", body)
        promised("submit", answer)
        against = faults(DOCUMENT, {"$ref": "#/components/schemas/Request"}, body)
        as_text = any(isinstance(body.get(param.name), str) for param in PARAMS[2:])
        if not as_text:  # numbers that come as text are read liberally
            assert (answer.status_code == 400) == bool(against), (body, against, answer.content)


async def test_each_state_of_a_request_is_told_as_promised(caller: Caller) -> None:
    answer = await caller.submit()
    promised("submit", answer)
    call = await caller.call(text="Another line.")
    addresses = {
        "status": f"/v2/requests/{call.job.ref}/status",
        "result": f"/v2/requests/{call.job.ref}",
        "poll": f"/v1/requests/{call.job.ref}",
    }
    for state in (JobState.RUNNING, JobState.DONE, JobState.FAILED, JobState.UNKNOWN):
        if state == JobState.DONE:
            await sync_to_async(finish)(call)
        else:
            await sync_to_async(move)(call, state)
        for name, path in addresses.items():
            promised(name, await caller.get(path))
    for name, path in addresses.items():
        promised(name, await caller.get(path.replace(str(call.job.ref), UNKNOWN)))
        promised(name, await caller.client.get(path))
    promised("credits", await caller.get("/v1/get-user-credits"))


async def test_each_refusal_is_one_of_those_promised(caller: Caller, cast: SimpleNamespace) -> None:
    for name, path, body in (
        ("submit", f"/v2/{SLUG}", GOOD),
        ("run", f"/v1/{SLUG}", GOOD),
        ("upload", "/upload-asset", {"data_urls": ["data:audio/mpeg;base64,AAAA"]}),
    ):
        promised(name, await caller.client.post(path, body, content_type="application/json"))
        promised(name, await caller.post(path, b"x", kind="text/plain"))
        promised(name, await caller.post(path, b"{"))
        promised(name, await caller.post(path, []))
    twice = {"idempotency_key": "k"}
    promised("submit", await caller.submit(headers=twice))
    promised("submit", await caller.submit(headers=twice, seed=7))
    hasty = await sync_to_async(caller_of)(cast.project, per_minute=1)
    await hasty.submit()
    promised("submit", await hasty.submit(seed=8))
    poor = await sync_to_async(caller_of)(cast.project, engine="segmind", budget=Decimal("0.01"))
    promised("submit", await poor.submit())
    promised("credits", await poor.get("/v1/get-user-credits"))
    await sync_to_async(archive_project)(cast.owner, project=cast.project)
    promised("submit", await caller.submit())
    promised("credits", await caller.get("/v1/get-user-credits"))


def test_its_lengths_are_those_of_the_front_door() -> None:
    assert endpoints.IDEMPOTENCY_LONGEST == LONGEST_IDEMPOTENCY_KEY
    assert endpoints.MOST_CLIPS == MOST_CLIPS
