from __future__ import annotations

import time

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from speech.queries import health

_started = time.monotonic()


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while all is well, else 503 with what is wrong. Names no person, take or project."""
    seen = health.snapshot()
    problems = seen.problems(up=time.monotonic() - _started)
    beats = [
        age for name, age in seen.heartbeats.items() if name in {health.DEFAULT, health.DRIVER}
    ]
    body = {
        "web": True,
        "database": seen.database,
        "worker_heartbeat_age": round(min(beats), 1) if beats else None,
        "oldest_due_job_age": None if seen.oldest_due is None else round(seen.oldest_due, 1),
        "due_jobs": seen.due_jobs,
        "problems": problems,
    }
    return JsonResponse(body, status=503 if problems else 200)
