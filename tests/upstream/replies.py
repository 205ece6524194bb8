"""The protocol's good answers."""

from __future__ import annotations

import time
from typing import Any

from tests.upstream.state import Job, Settings


def submitted(job: Job, base: str) -> dict[str, Any]:
    return {
        "request_id": job.id,
        "status": "QUEUED",
        "poll_url": f"{base}/v1/requests/{job.id}",
        "status_url": f"{base}/v2/requests/{job.id}/status",
        "response_url": f"{base}/v2/requests/{job.id}",
    }


def status(job: Job, base: str) -> dict[str, Any]:
    state = job.state(time.time())
    body: dict[str, Any] = {"status": state, "request_id": job.id, "metrics": {}}
    if state in {"QUEUED", "PROCESSING"}:
        urls = submitted(job, base)
        return body | {name: urls[name] for name in ("status_url", "response_url")}
    body["metrics"] = {"inference_time": round(job.ready_at - job.queued_until, 3)}
    if state == "FAILED":
        body["error"] = failure(job)
    return body


def result(job: Job, base: str, settings: Settings) -> dict[str, Any]:
    state = job.state(time.time())
    if state in {"QUEUED", "PROCESSING"}:
        return status(job, base)
    metrics: dict[str, Any] = {
        "inference_time": round(job.ready_at - job.queued_until, 3),
        "queue_time": round(job.queued_until - job.submitted_at, 3),
        "total_time": round(job.ready_at - job.submitted_at, 3),
    }
    if state == "FAILED":
        return {"status": state, "error": failure(job), "metrics": metrics}
    metrics |= {"cost": settings.cost, "remaining_credits": settings.credits}
    body: dict[str, Any] = {"status": state, "error": None, "metrics": metrics, "seed": job.seed}
    url = f"{settings.output_base or base}/outputs/{job.id}.{settings.output_format}"
    body |= media(settings.output_kind, url)
    return body | dict((job.rule or {}).get("result", {}))


def media(kind: str, url: str) -> dict[str, Any]:
    entry = {
        "url": url,
        "content_type": "audio/wav",
        "file_name": url.rsplit("/", 1)[-1],
        "file_size": 96044,
    }
    shapes: dict[str, dict[str, Any]] = {
        "string": {"output": url},
        "object": {"output": entry},
        "list": {"output": [url]},
        "object_list": {"output": [entry]},
        "audio": {"output": None, "audio": entry},
        "audio_list": {"output": None, "audio": [entry]},
        "images": {"output": None, "images": [entry]},
        "none": {"output": None},
    }
    return shapes[kind]


def failure(job: Job) -> str:
    return str((job.rule or {}).get("error", "The model failed."))
