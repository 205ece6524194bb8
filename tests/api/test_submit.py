from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from pytest_django import Settings

from speech import params
from speech.models import ApiCall, Event, Line, Take, Voice
from speech.queries.activity import entries
from speech.queries.takes import base, stale_differences
from speech.services.keys import revoke_key
from speech.services.lines import delete_line
from speech.services.projects import archive_project
from speech.states import BatchKind, JobState
from tests import factories
from tests.api.conftest import AMARA, SLUG, Caller, caller_of, refused
from tests.test_wire import sample

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"text": "Seven days on one charge.", "reference_audio": AMARA}


async def test_it_answers_a_submit_as_the_provider_does(caller: Caller) -> None:
    answer = await caller.post(f"/v2/{SLUG}", sample("request") | {"reference_audio": AMARA})
    body, wanted = answer.json(), sample("submit")
    assert answer.status_code == 200
    wanted = json.loads(
        json.dumps(wanted)
        .replace(wanted["request_id"], body["request_id"])
        .replace("https://api.segmind.com", "http://testserver")
    )
    assert body == wanted
    assert answer.headers["x-takeroom-engine"] == "draft"


async def test_a_request_is_a_take_on_the_line_with_its_text(
    caller: Caller, cast: SimpleNamespace
) -> None:
    await sync_to_async(factories.make_line)(cast.project, "Other words.")
    line = await sync_to_async(factories.make_line)(cast.project, BODY["text"])
    call = await caller.call(temperature=1.1, seed=7)
    take = call.job.take
    assert (take.line_id, take.number, take.via_api) == (line.pk, 1, True)
    assert (take.text, take.voice.name, take.temperature, take.seed) == (
        BODY["text"], "Amara", 1.1, 7,
    )  # fmt: skip
    assert (call.job.key_id, call.job.state, take.created_by_id) == (caller.key.pk, "queued", None)
    assert await Take.objects.filter(batch__kind=BatchKind.API).acount() == 1
    assert await Line.objects.acount() == 2


async def test_a_text_that_no_line_has_becomes_a_line_at_the_end(
    caller: Caller, cast: SimpleNamespace
) -> None:
    gone = await sync_to_async(factories.make_line)(cast.project, BODY["text"])
    await sync_to_async(factories.make_line)(cast.project, "Seven days")
    await sync_to_async(delete_line)(cast.owner, line=gone)
    call = await caller.call()
    again = await caller.call()
    line = call.job.take.line
    assert (line.position, line.text) == (2, BODY["text"])
    assert (again.job.take.line_id, again.job.take.number) == (line.pk, 2)


async def test_a_new_line_is_read_as_its_first_take_is(
    caller: Caller, cast: SimpleNamespace
) -> None:
    cast.project.defaults = {"temperature": 0.2}
    await cast.project.asave()
    line = (await caller.call(top_k=40)).job.take.line
    assert line.voice_id == (await Voice.objects.aget()).pk
    assert line.params == {"temperature": 0.7, "top_k": 40}
    take = await sync_to_async(lambda: base().get(line=line))()
    assert await sync_to_async(stale_differences)(take) == []
    nobodys = await caller.call(text="Other words.", reference_audio="https://a.example/b.mp3")
    assert nobodys.job.take.line.voice_id is None


async def test_the_activity_names_the_key(caller: Caller, cast: SimpleNamespace) -> None:
    await caller.call()
    events = [event async for event in Event.objects.filter(project=cast.project).order_by("id")]
    told = [entry.sentence for entry in await sync_to_async(entries)(cast.project, events)]
    assert told[-2:] == [
        "API key “Render farm” added line 1",
        "API key “Render farm” asked for take 1 of line 1: Draft voice",
    ]


async def test_what_is_left_out_takes_the_providers_defaults(
    caller: Caller, cast: SimpleNamespace
) -> None:
    cast.project.defaults = {"temperature": 0.2}
    await cast.project.asave()
    take = (await caller.call()).job.take
    assert (take.params, take.seed) == (params.defaults(), 42)


async def test_a_seed_of_0_is_drawn(caller: Caller) -> None:
    seeds = {(await caller.call(seed=0)).job.take.seed for _ in range(3)}
    assert len(seeds) == 3
    assert 0 not in seeds


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"text": None}, ["Text must be text."]),
        ({"text": "  "}, ["Text is needed."]),
        ({"text": "x" * 501}, ["Text has 501 characters"]),
        ({"text": "a\x00b"}, ["cannot be stored"]),
        ({"text": "\ud800"}, ["cannot be stored"]),
        ({"reference_audio": "amara.wav"}, ["Reference clip must be a web address"]),
        ({"reference_audio": "https://a.example/" + "x" * 2000}, ["At most 2000", "at most 2000"]),
        ({"temperature": 3}, ["Temperature must be between 0.05 and 2; 3 is not."]),
        ({"temperature": True}, ["Temperature must be a number"]),
        ({"top_k": 1.5}, ["Top-k must be a whole number"]),
        ({"norm_loudness": "perhaps"}, ["must be on or off"]),
        ({"seed": -1}, ["Seed must be"]),
        ({"speed": 2}, ["There is no field “speed”."]),
        ({"text": "", "top_p": 9, "pitch": 1}, ["Text is needed.", "Top-p must be", "“pitch”"]),
    ],
)
async def test_faults_in_parameters_are_named_at_the_submit(
    caller: Caller, more: dict[str, Any], words: list[str]
) -> None:
    answer = await caller.submit(**more)
    body = answer.json()
    assert (answer.status_code, list(body)) == (400, ["error"])
    if len(words) == 2:
        assert any(word in body["error"] for word in words)
    else:
        assert all(word in body["error"] for word in words)
    assert not await Take.objects.aexists()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b" ", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "must be a JSON object"),
        (b'"' + b"x" * 300_000 + b'"', "larger than 256 kB"),
    ],
)
async def test_a_body_that_is_none_is_refused(caller: Caller, raw: bytes, words: str) -> None:
    answer = await caller.post(f"/v2/{SLUG}", raw)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    ("name", "path", "kind", "secret"),
    [
        ("401", SLUG, "application/json", "SG_0123456789abcdef"),
        ("401", SLUG, "application/json", ""),
        ("404", "other-model", "application/json", None),
        ("406_type", SLUG, "text/plain", None),
        ("406_type", SLUG, "", None),
    ],
)
async def test_it_refuses_in_the_providers_words(
    *, caller: Caller, version: str, name: str, path: str, kind: str, secret: str | None
) -> None:
    caller.secret = caller.secret if secret is None else secret
    answer = await caller.post(f"/{version}/{path}", BODY, kind=kind)
    assert (answer.status_code, answer.json()) == refused(name)


@pytest.mark.parametrize("path", [f"/v2/{SLUG}", f"/v1/{SLUG}", "/upload-asset"])
async def test_the_wrong_verb_is_answered_with_a_page(caller: Caller, path: str) -> None:
    answer = await caller.client.get(path, headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.content.decode() == refused("405")[1]


async def test_a_bearer_token_is_refused(caller: Caller) -> None:
    headers = {"authorization": f"Bearer {caller.secret}"}
    answer = await caller.client.post(
        f"/v2/{SLUG}", json.dumps(BODY), content_type="application/json", headers=headers
    )
    assert answer.status_code == 401
    assert "bearer" in answer.json()["error_description"].lower()


async def test_a_key_that_was_revoked_opens_nothing(caller: Caller, cast: SimpleNamespace) -> None:
    await sync_to_async(revoke_key)(cast.owner, key=caller.key)
    assert (await caller.submit()).status_code == 401


async def test_an_archived_project_takes_nothing(caller: Caller, cast: SimpleNamespace) -> None:
    await sync_to_async(archive_project)(cast.owner, project=cast.project)
    answer = await caller.submit()
    assert answer.status_code == 403
    assert "archived" in answer.json()["error"]


async def test_the_use_of_a_key_is_noted(caller: Caller) -> None:
    await caller.submit()
    await caller.key.arefresh_from_db()
    assert caller.key.last_used_at is not None


async def test_the_studios_default_engine_is_used_unless_the_key_names_one(
    cast: SimpleNamespace, caller: Caller, settings: Settings
) -> None:
    drafts = await sync_to_async(caller_of)(cast.project, engine="draft")
    paid = await sync_to_async(caller_of)(cast.project, engine="segmind")
    answer = await paid.submit()
    assert answer.status_code == 503
    assert "not set up in this studio" in answer.json()["error"]
    settings.SEGMIND_API_KEY = "SG_0123456789abcdef"
    engines = [(await one.call()).job.engine for one in (caller, drafts, paid)]
    assert engines == ["segmind", "draft", "segmind"]


@pytest.mark.parametrize("whose", ["key", "project"])
async def test_a_used_up_budget_is_said_with_what_is_left_and_needed(
    caller: Caller, cast: SimpleNamespace, settings: Settings, whose: str
) -> None:
    settings.SEGMIND_API_KEY = "SG_0123456789abcdef"
    limited = caller.key if whose == "key" else cast.project
    limited.budget = Decimal("0.05")
    await limited.asave()
    first, second = await caller.submit(), await caller.submit()
    third = await caller.submit()
    assert (first.status_code, second.status_code, third.status_code) == (200, 200, 406)
    assert third.json()["error"] == (
        f"Spend limit reached: $0.008 of this {whose}’s budget is left, and this request needs"
        " $0.021. Nothing was charged."
    )
    assert await Take.objects.acount() == 2
    settings.SEGMIND_API_KEY = ""
    assert (await caller.submit()).status_code == 200, "a draft costs nothing"


async def test_a_key_asks_as_often_a_minute_as_it_may(cast: SimpleNamespace) -> None:
    await sync_to_async(factories.make_voice)(source_url=AMARA)
    caller = await sync_to_async(caller_of)(cast.project, per_minute=2)
    for seconds in (50, 10):
        call = await caller.call()
        then = timezone.now() - timedelta(seconds=seconds)
        await ApiCall.objects.filter(pk=call.pk).aupdate(created_at=then)
    answer = await caller.submit()
    assert answer.status_code == 429
    reset = datetime.strptime(
        answer.headers["x-rate-limit-reset-at-utc"], "%Y-%m-%dT%H:%M:%SZ"
    ).replace(tzinfo=UTC)
    assert 5 < (reset - timezone.now()).total_seconds() <= 11
    assert "2 times a minute" in answer.json()["error"]
    gone = timezone.now() - timedelta(seconds=61)
    await (
        ApiCall.objects.order_by("id")
        .filter(created_at__lt=reset - timedelta(seconds=59))
        .aupdate(created_at=gone)
    )
    assert (await caller.submit()).status_code == 200


async def test_an_idempotency_key_takes_a_request_once(caller: Caller) -> None:
    once = {"headers": {"idempotency_key": "order 7"}}
    first = await caller.submit(**once)
    spelled_out = {"seed": 42, "top_k": 500, "norm_loudness": True}
    again = await caller.submit(**spelled_out, **once)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await caller.submit(seed=43, **once)
    assert other.status_code == 409
    assert "another body" in other.json()["error"]
    assert await Take.objects.acount() == 1
    assert (await caller.submit(headers={"idempotency_key": "order 8"})).json() != first.json()
    assert (await caller.submit(headers={"idempotency_key": "x" * 201})).status_code == 400


async def test_a_drawn_seed_is_drawn_once(caller: Caller) -> None:
    once = {"headers": {"idempotency_key": "order 7"}, "seed": 0}
    assert (await caller.call(**once)).pk == (await caller.call(**once)).pk


async def test_two_that_arrive_together_are_one(caller: Caller) -> None:
    once = {"headers": {"idempotency_key": "order 7"}}
    answers = await asyncio.gather(*(caller.submit(**once) for _ in range(6)))
    assert len({answer.json()["request_id"] for answer in answers}) == 1
    assert await Take.objects.acount() == 1


async def test_an_idempotency_key_is_its_own_keys_matter(
    caller: Caller, cast: SimpleNamespace
) -> None:
    other = await sync_to_async(caller_of)(cast.project)
    once = {"headers": {"idempotency_key": "order 7"}}
    assert (await caller.call(**once)).pk != (await other.call(**once)).pk


async def test_it_is_queued_while_it_waits_for_whatever(caller: Caller) -> None:
    call = await caller.call(reference_audio="https://a.example/new.mp3")
    assert (call.job.state, call.job.waits) == (JobState.QUEUED, "clip")
    answer = await caller.get(f"/v2/requests/{call.job.ref}/status")
    assert answer.json()["status"] == "QUEUED"
