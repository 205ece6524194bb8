"""Plain functions that make rows, with defaults that are valid."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from speech.models import (
    ApiKey,
    Batch,
    Delivery,
    Job,
    Line,
    Membership,
    Project,
    Take,
    User,
    Voice,
)
from speech.params import SPEC_VERSION
from speech.plans import check
from speech.services.budgets import price_of
from speech.states import OWNED, BatchKind, ClipState, JobState, Role

_numbers = count(1)

PEAKS = "AAD/" * 400 + "gH8A" * 133 + "AA=="


def make_user(name: str | None = None, **more: Any) -> User:
    name = name or f"person{next(_numbers)}"
    return User.objects.create_user(username=name, password="a long enough word", **more)


def make_project(*, owner: User | None = None, name: str = "Skyline", **more: Any) -> Project:
    project = Project.objects.create(name=name, slug=f"skyline-{next(_numbers)}", **more)
    if owner is not None:
        add_member(project, owner, Role.OWNER)
    return project


def add_member(project: Project, user: User, role: Role) -> Membership:
    return Membership.objects.create(project=project, user=user, role=role)


def make_line(project: Project, text: str = "Seven days on one charge.", **more: Any) -> Line:
    position = project.lines.filter(deleted_at=None).count() + 1
    return Line.objects.create(project=project, text=text, position=position, **more)


def make_voice(name: str = "Amara", **more: Any) -> Voice:
    return Voice.objects.create(
        **{
            "name": name,
            "source_url": "https://example.com/amara.wav",
            "consent_by": "Amara O.",
            "consent_for": "All product films",
            "state": ClipState.READY,
            "clip": "voices/amara.flac",
            "sha256": "a" * 64,
            "duration": 12.0,
            "pitch_hz": 190.0,
            "lufs": -23.0,
            **more,
        }
    )


def make_key(project: Project, **more: Any) -> ApiKey:
    """A key of the front door that nobody holds: its hash is of no key."""
    fields = {"name": "Render farm", "hint": "SG_1a2b", "key_hash": f"{next(_numbers):064x}"}
    return ApiKey.objects.create(**{"project": project, **fields, **more})


def make_unlisted_voice(project: Project, name: str = "a8f2.mp3", **more: Any) -> Voice:
    """A voice as the API brings it: nobody has stated the consent."""
    silent = {"consent_by": "", "consent_for": "", "unlisted_in": project}
    return make_voice(name, **{**silent, **more})


def make_take(line: Line, *, state: JobState = JobState.DONE, **more: Any) -> Take:
    """A take in any state, with a job that fits it."""
    line.takes_made += 1
    line.save(update_fields=["takes_made"])
    number = line.takes_made
    done = {
        "audio": f"takes/{line.project_id}/{number}.flac",
        "sha256": f"{number:064x}",
        "duration": 3.2,
        "lufs": -20.1,
        "true_peak": -3.0,
        "peaks": PEAKS,
        "byte_count": 1000,
        "sample_rate": 24000,
        "channels": 1,
        "seed_used": 7,
        "engine_version": "espeak-ng 1.52.0 / draft 1",
        "finished_at": timezone.now(),
    }
    take = Take.objects.create(
        **{
            "project": line.project,
            "line": line,
            "number": number,
            "text": line.text,
            "voice": line.voice or line.project.voice,
            "voice_name": "Amara",
            "seed": 7,
            "spec_version": SPEC_VERSION,
            "engine": "draft",
            "fingerprint": f"{number:064x}",
            "state": state,
            **(done if state == JobState.DONE else {}),
            **more,
        }
    )
    take.job = make_job(take)
    take.save(update_fields=["job"])
    return take


def make_reviewable_take(
    project: Project, text: str = "Fernweh boils in ninety seconds.", **more: Any
) -> Take:
    """A finished take with the real voice that still matches its line: it could be approved."""
    line = more.pop("line", None)
    if project.voice is None:
        project.voice = make_voice()
        project.save(update_fields=["voice"])
    line = line or make_line(project, text)
    line.project, voice = project, project.voice
    facts = {"reference_sha256": voice.sha256, "reference_url": voice.source_url}
    return make_take(line, **{"engine": "segmind", "voice": voice, **facts, **more})


def make_delivery(project: Project, **more: Any) -> Delivery:
    """A delivery that is done, with a file (bytes of no particular sense) in the store."""
    number = project.deliveries.count() + 1
    name = f"deliveries/{project.pk}/{number}/{project.slug}-delivery-{number:02}.zip"
    body = b"PK and then some"
    return Delivery.objects.create(
        **{
            "project": project,
            "number": number,
            "state": "done",
            "done": 2,
            "total": 2,
            "tries": 1,
            "file": default_storage.save(name, ContentFile(body)),
            "sha256": hashlib.sha256(body).hexdigest(),
            "byte_count": len(body),
            "finished_at": timezone.now(),
            **more,
        }
    )


def make_stored_take(line: Line, **more: Any) -> Take:
    """A finished take whose sound (bytes of no particular sense) is in the store."""
    body = more.pop("body", b"fLaC and then some")
    name = default_storage.save("takes/stored.flac", ContentFile(body))
    return make_take(line, audio=name, **more)


def make_sweep(
    line: Line,
    *,
    seeds: Sequence[int] = (7, 8),
    axes: Sequence[tuple[str, Sequence[object]]] = (("temperature", (0.5, 0.9)),),
    state: JobState = JobState.DONE,
    **more: Any,
) -> Batch:
    """A sweep whose takes are all in one state; `more` goes to each take."""
    plan = check(seeds=seeds, axes=axes)
    batch = Batch.objects.create(
        project=line.project, kind=BatchKind.SWEEP, count=plan.count, plan=plan.to_json()
    )
    for seed, knobs in plan.readings():
        make_take(line, state=state, batch=batch, seed=seed, **{**knobs, **more})
    return batch


def make_job(take: Take, **more: Any) -> Job:
    state = JobState(take.state)
    fields: dict[str, Any] = {"take": take, "project": take.project, "state": state}
    fields |= {"engine": take.engine, "asked_by": take.created_by}
    if take.cost:
        fields |= {"charged": "yes", "amount": Decimal(str(take.cost))}
    fields["due_at"] = timezone.now()
    if state == JobState.UNKNOWN:
        fields |= {"charged": "maybe", "error": "Nobody can know. It may have been charged."}
        fields["amount"] = price_of(take.engine)
    elif state == JobState.FAILED:
        fields |= {"error": "The provider could not make this take.", "error_code": "failed"}
    elif state in OWNED:
        fields |= {
            "owner": "a-driver-that-died",
            "request_id": f"request-{take.pk}",
            "submit_started_at": timezone.now(),
        }
        if state != JobState.SUBMITTING:
            fields["accepted_at"] = timezone.now()
    return Job.objects.create(**(fields | more))
