from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from speech.engines.base import Result, SpeechRequest, Submitted, WordTime
from speech.models import Job
from speech.params import TUNING

METRICS_LIMIT = 20_000
"""Characters of a provider's own figures, as JSON, that are kept."""
DEEPEST = 8
URL_LIMIT = 500
NEEDED = (
    "epoch", "ref", "engine", "state", "failures", "flow", "accepted_at", "completed_at",
    "request_id", "status_url", "response_url", "result",
    *(f"take__{param.name}" for param in TUNING),
    "take__project", "take__line", "take__text", "take__seed", "take__reference_url",
    "take__reference_sha256", "take__voice__pitch_hz", "take__voice__lufs",
    "take__batch__answers",
)  # fmt: skip
"""The columns that `Work.from_row` reads: a take is wide, and many are claimed at once."""


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
    flow: str
    answers: bool
    """It was asked for in answer to a comment."""
    request: SpeechRequest
    voice_id: int | None
    reference_sha256: str
    accepted_at: datetime | None
    completed_at: datetime | None
    submitted: Submitted | None = None
    result: Result | None = None
    lost_reads: int = 0
    cut_off: int = 0
    """How often its audio arrived shorter than its file says."""
    waiting: bool = False
    """Between two tries: may be cancelled without losing anything."""

    @classmethod
    def from_row(cls, job: Job) -> Work:
        """`job` with its take selected, and the take's voice and batch."""
        take, voice, batch = job.take, job.take.voice, job.take.batch
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
            flow=job.flow,
            answers=batch is not None and batch.answers_id is not None,
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
    """Fields that this version does not know are passed over: one row that another version
    wrote must not keep a driver from all the others."""
    known = {field.name for field in fields(Result)}
    data = {name: value for name, value in data.items() if name in known}
    words = tuple(WordTime(**word) for word in data.get("words", ()))
    return Result(**{**data, "words": words, "warnings": tuple(data.get("warnings", ()))})


def storable_result(result: Result) -> Result:
    """`result` with nothing in it that a database refuses. A paid take whose answer cannot be
    written down would be read again and again, and never be kept."""
    metrics = _plain(dict(result.metrics))
    if len(json.dumps(metrics)) > METRICS_LIMIT:
        metrics = {}
    fits = result.seed is None or abs(result.seed) < 2**63
    return replace(
        result,
        output_url=_text(result.output_url),
        seed=result.seed if fits else None,
        metrics=metrics,  # type: ignore[arg-type]
    )


def storable_url(url: str) -> str:
    """Empty for an address that has no room in its column; the engine then derives its own."""
    return url if len(url) <= URL_LIMIT and url.isprintable() else ""


def _plain(value: object, *, depth: int = 0) -> object:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict | list) and depth >= DEEPEST:
        return None
    if isinstance(value, dict):
        return {_text(str(key)): _plain(inner, depth=depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, depth=depth + 1) for inner in value]
    return value if isinstance(value, int | None) else None


def _text(text: str) -> str:
    """Without NUL and without halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()
