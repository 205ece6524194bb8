from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from speech.engines.base import Result, SpeechRequest, Submitted, WordTime
from speech.models import Job


@dataclass(kw_only=True)
class Work:
    """A job that this driver holds, with what its take needs. The row stays the truth."""

    pk: int
    epoch: int
    ref: str
    engine: str
    state: str
    failures: int
    take_id: int
    project_id: int
    line_id: int
    request: SpeechRequest
    voice_id: int | None
    reference_sha256: str
    accepted_at: datetime | None
    completed_at: datetime | None
    submitted: Submitted | None = None
    result: Result | None = None
    lost_reads: int = 0
    waiting: bool = False
    """Between two tries: may be cancelled without losing anything."""

    @classmethod
    def from_row(cls, job: Job) -> Work:
        """`job` with its take and the take's voice selected."""
        take, voice = job.take, job.take.voice
        return cls(
            pk=job.pk,
            epoch=job.epoch,
            ref=job.ref.hex,
            engine=job.engine,
            state=job.state,
            failures=job.failures,
            take_id=take.pk,
            project_id=take.project_id,
            line_id=take.line_id,
            voice_id=take.voice_id,
            reference_sha256=take.reference_sha256,
            accepted_at=job.accepted_at,
            completed_at=job.completed_at,
            request=SpeechRequest(
                ref=job.ref.hex,
                text=take.text,
                seed=take.seed,
                params=take.params,
                reference_url=take.reference_url,
                reference_pitch_hz=voice.pitch_hz if voice else None,
                reference_lufs=voice.lufs if voice else None,
            ),
            submitted=Submitted(
                request_id=job.request_id,
                status_url=job.status_url,
                response_url=job.response_url,
            )
            if job.request_id
            else None,
            result=result_from_json(job.result) if job.result else None,
        )


def result_to_json(result: Result) -> dict[str, Any]:
    return asdict(result)


def result_from_json(data: dict[str, Any]) -> Result:
    words = tuple(WordTime(**word) for word in data.get("words", ()))
    return Result(**{**data, "words": words, "warnings": tuple(data.get("warnings", ()))})
