"""What a request looks like from outside: the protocol's bodies, made from rows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.http import HttpRequest

from speech import wire
from speech.catalog import ENGINES
from speech.models import ApiCall, ApiKey, Job
from speech.queries import addresses
from speech.queries.api_calls import failure_of, word_of
from speech.services import front_door
from speech.services.budgets import MOST


def origin_of(request: HttpRequest) -> str:
    """What addresses in answers begin with."""
    return settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


def submitted(call: ApiCall, *, origin: str) -> wire.SubmitBody:
    request_id = str(call.job.ref)
    return wire.SubmitBody(
        request_id=request_id,
        poll_url=origin + wire.poll_path(request_id),
        status_url=origin + wire.status_path(request_id),
        response_url=origin + wire.result_path(request_id),
    )


def status(call: ApiCall, *, origin: str) -> wire.StatusBody:
    """How far it is; with how long it took, or why it failed, once that is known."""
    job, where = call.job, submitted(call, origin=origin)
    word = word_of(job)
    metrics = wire.Metrics()
    if word is wire.StatusWord.COMPLETED:
        metrics = wire.Metrics(inference_time=_inference_time(job))
    elif word is wire.StatusWord.FAILED:
        metrics = _times(job)
    return wire.StatusBody(
        status=word,
        request_id=where.request_id,
        status_url=where.status_url,
        response_url=where.response_url,
        metrics=metrics,
        error=failure_of(job) if word is wire.StatusWord.FAILED else "",
    )


def result(call: ApiCall, *, origin: str) -> wire.ResultBody | wire.StatusBody:
    """The final body; the status before there is one."""
    job, take = call.job, call.job.take
    word, card = word_of(job), ENGINES[job.engine]
    note = card.note if card.is_draft else ""
    if word is wire.StatusWord.FAILED:
        return wire.ResultBody(
            status=word, error=failure_of(job), metrics=_times(job), engine=card.key,
            engine_note=note,
        )  # fmt: skip
    if word is not wire.StatusWord.COMPLETED:
        return status(call, origin=origin)
    return wire.ResultBody(
        status=word,
        output_url=origin + addresses.output_path(take),
        seed=take.seed_used or take.seed,
        metrics=metrics(call),
        engine=card.key,
        engine_note=note,
    )


def metrics(call: ApiCall) -> wire.Metrics:
    """Times and money of a finished request; what is not known is left out."""
    job, times = call.job, _times(call.job)
    free = ENGINES[job.engine].price == 0
    cost = job.take.cost if job.take.cost is not None or not free else 0.0
    return wire.Metrics(
        inference_time=times.inference_time,
        queue_time=times.queue_time,
        total_time=times.total_time,
        cost=cost,
        remaining_credits=_dollars(front_door.limits_of(call.key, engine=job.engine).least),
    )


def credits_left(key: ApiKey, *, engine: str) -> wire.CreditsBody:
    """What the key may still spend. Where nothing limits it, the largest budget there is: the
    protocol has no word for "no limit", and a client needs a number."""
    least = front_door.limits_of(key, engine=engine).least
    return wire.CreditsBody(credits=float(MOST if least is None else least), free_credits=0.0)


def _times(job: Job) -> wire.Metrics:
    return wire.Metrics(
        inference_time=_inference_time(job),
        queue_time=_between(job.created_at, job.accepted_at),
        total_time=_between(job.created_at, job.finished_at),
    )


def _inference_time(job: Job) -> float | None:
    """The engine's own figure, or what we saw of it."""
    told = job.take.timings.get("inference_time")
    return told if told is not None else _between(job.accepted_at, job.completed_at)


def _between(start: datetime | None, end: datetime | None) -> float | None:
    if start is None or end is None:
        return None
    return round(max(0.0, (end - start).total_seconds()), 3)


def _dollars(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
