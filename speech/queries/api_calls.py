"""Requests of the front door, read back by whoever holds a key of their project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from uuid import UUID

from django.utils import timezone

from speech.models import ApiCall, ApiKey, Job, Voice
from speech.states import JobState
from speech.wire import StatusWord

WORDS: Mapping[str, StatusWord] = MappingProxyType(
    {
        JobState.QUEUED: StatusWord.QUEUED,
        JobState.CLAIMED: StatusWord.QUEUED,
        JobState.SUBMITTING: StatusWord.PROCESSING,
        JobState.RUNNING: StatusWord.PROCESSING,
        JobState.DOWNLOADING: StatusWord.PROCESSING,
        JobState.MEASURING: StatusWord.PROCESSING,
        JobState.DONE: StatusWord.COMPLETED,
        JobState.FAILED: StatusWord.FAILED,
        JobState.CANCELLED: StatusWord.FAILED,
        JobState.EXPIRED: StatusWord.FAILED,
        JobState.UNKNOWN: StatusWord.FAILED,
    }
)
"""The protocol's word for each state. What waits, for whatever reason, is queued."""
ASKED_FOR = (
    "created_at", "expires_at", "key__project", "key__engine", "key__budget", "key__per_minute",
    *(
        f"job__{name}"
        for name in (
            "ref", "state", "engine", "project", "error", "created_at", "accepted_at",
            "completed_at", "finished_at",
        )
    ),
    *(
        f"job__take__{name}"
        for name in ("seed", "seed_used", "cost", "timings", "audio", "created_at", "finished_at")
    ),
)  # fmt: skip
"""The columns that a status or a result is made of: callers poll, and a take is wide."""
A_PERSON_DECIDES = " Whether it is sent once more, a person in the studio decides."


def find_call(key: ApiKey, request_id: str) -> ApiCall | None:
    """The request with its job and take, unless the protocol has forgotten it, or it belongs to
    another project. One query."""
    try:
        ref = UUID(request_id)
    except ValueError:
        return None
    known = ApiCall.objects.filter(job__ref=ref, job__project=key.project_id)
    living = known.filter(expires_at__gt=timezone.now()).select_related("job__take", "key")
    return next(iter(living.only(*ASKED_FOR)[:1]), None)


def call_now(call: ApiCall) -> ApiCall | None:
    """The same request as it is now, forgotten by the protocol or not; None where its project was
    deleted."""
    return ApiCall.objects.filter(pk=call.pk).select_related("job__take", "key").first()


def word_of(job: Job) -> StatusWord:
    return WORDS[job.state]


def failure_of(job: Job) -> str:
    """Why there is no sound, and what is known of the money."""
    sentence = job.error or f"{JobState(job.state).label}. There is no sound."
    return sentence + (A_PERSON_DECIDES if job.state == JobState.UNKNOWN else "")


def voices_now(voices: Sequence[Voice]) -> list[Voice]:
    """These voices as they are now, in the same order, without those that were deleted."""
    found = Voice.objects.in_bulk([voice.pk for voice in voices])
    return [found[voice.pk] for voice in voices if voice.pk in found]
