"""A key of a project, somebody who calls with it, and what a driver would make of a request."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import AsyncClient
from django.utils import timezone

from speech.models import ApiCall, ApiKey, Job, Project, Take
from speech.services.keys import make_key
from speech.states import JobState
from tests import factories
from tests.test_wire import sample

SLUG = "chatterbox-turbo-tts"
AMARA = "https://example.com/amara.wav"
SOUND = b"fLaC and then some"


@dataclass(kw_only=True)
class Caller:
    """Somebody outside, with a key; what they ask goes through the whole stack of the studio."""

    key: ApiKey
    secret: str
    client: AsyncClient = field(default_factory=AsyncClient)

    async def post(
        self, path: str, body: object, *, kind: str = "application/json", **headers: str
    ) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"x-api-key": self.secret} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return await self.client.post(path, raw, content_type=kind, headers=given)

    async def submit(self, **more: Any) -> Any:
        headers = more.pop("headers", {})
        body = {"text": "Seven days on one charge.", "reference_audio": AMARA, **more}
        return await self.post(f"/v2/{SLUG}", body, **headers)

    async def get(self, path: str) -> Any:
        return await self.client.get(path, headers={"x-api-key": self.secret})

    async def call(self, **more: Any) -> ApiCall:
        """A request that was taken, as it is in the database."""
        answer = await self.submit(**more)
        assert answer.status_code == 200, answer.content
        calls = ApiCall.objects.select_related("job__take__line", "job__take__voice", "key")
        return await calls.aget(job__ref=answer.json()["request_id"])


def caller_of(project: Project, **more: Any) -> Caller:
    issued = make_key(factories.make_user(), project=project, name="Render farm", **more)
    return Caller(key=issued.key, secret=issued.secret)


@pytest.fixture
def caller(cast: SimpleNamespace) -> Caller:
    """With a draft engine, and a voice in the library whose address is known."""
    factories.make_voice(source_url=AMARA)
    return caller_of(cast.project)


def move(call: ApiCall, state: JobState, *, take: dict[str, Any] | None = None, **job: Any) -> None:
    """What the driver would do to the rows of a request."""
    owned = state not in {JobState.QUEUED, JobState.DONE, JobState.FAILED, JobState.CANCELLED}
    fields: dict[str, Any] = {"state": state, "owner": "somebody" if owned else "", **job}
    if owned:
        fields |= {"request_id": "r", "submit_started_at": timezone.now()}
    if state == JobState.UNKNOWN:
        fields["charged"] = "maybe"
    with transaction.atomic():
        Job.objects.filter(pk=call.job_id).update(**fields)
        Take.objects.filter(pk=call.job.take_id).update(state=state, **(take or {}))


def finish(call: ApiCall, *, job: dict[str, Any] | None = None, **take: Any) -> None:
    """Its sound is there."""
    now = timezone.now()
    name = default_storage.save("takes/api.flac", ContentFile(SOUND))
    facts = {
        "audio": name, "sha256": "c" * 64, "duration": 3.2, "seed_used": call.job.take.seed,
        "finished_at": now, "timings": {"inference_time": 13.06}, **take,
    }  # fmt: skip
    times = {"accepted_at": now, "completed_at": now, "finished_at": now, **(job or {})}
    move(call, JobState.DONE, take=facts, **times)


def refused(name: str) -> tuple[int, Any]:
    """Status and body of a refusal, as the provider gives it."""
    recorded = sample(f"error_{name}")
    return recorded["status"], recorded["body"]
