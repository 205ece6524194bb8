"""From accepted to a result that is known and written down."""

from __future__ import annotations

from collections import Counter

from django.utils import timezone

from speech.engines.base import Phase, Result, Submitted
from speech.errors import EngineError
from speech.jobs import moves, standing, trouble
from speech.jobs.acting import act_on_read
from speech.jobs.lane import Lane, age_of, wait
from speech.jobs.pace import poll_every
from speech.jobs.work import Work, storable_result
from speech.states import JobState

MOST_SECONDS = 3600.0
"""A provider that names a longer time for one take is mistaken."""


async def await_result(lane: Lane, work: Work) -> bool:
    """Poll until the result is known and written down."""
    assert work.submitted is not None
    if not lane.free and work.submitted.phase is not Phase.COMPLETED:
        await wait(work, lane.first - age_of(work))
    lane.reading[work.flow] += 1
    try:
        while True:
            try:
                result = await read(lane, work, work.submitted)
            except EngineError as error:
                lost = work.lost_reads if error.code == "record_expired" else 0
                verdict = trouble.after_read(
                    error, failures=work.failures, lost=lost, free=lane.free, age=age_of(work)
                )
                work.lost_reads = lost + 1 if error.code == "record_expired" else 0
                if not await act_on_read(lane, work, verdict):
                    return False
                continue
            if result is not None:
                break
            if work.failures:
                await lane.write(moves.recovered(work))
            work.failures = work.lost_reads = 0
            again = poll_every(
                # Flows share the polls, and so do drivers.
                in_flight=lane.reading[work.flow] * len(lane.reading) * lane.drivers(),
                age=age_of(work), usual=lane.usual, polls_per_minute=lane.polls.per_minute,
            )  # fmt: skip
            # Others that finished meanwhile may have shown that it is too early to ask.
            await wait(work, max(again, lane.first - age_of(work)))
    finally:
        lane.reading[work.flow] -= 1
        lane.reading += Counter()  # forgets flows that have nothing left
    result = storable_result(result)
    work.result, work.failures = result, 0
    work.completed_at = timezone.now()
    lane.learn(min(age_of(work), result.total_time or MOST_SECONDS))
    await lane.write(moves.completed(work, result, free=lane.free))
    if result.remaining_credits is not None:
        left = result.remaining_credits
        lane.jots["credits"] = lambda: standing.remember_credits(lane.engine.key, left)
    return work.state != JobState.CANCELLED


async def read(lane: Lane, work: Work, submitted: Submitted) -> Result | None:
    if not lane.free:
        await lane.polls.turn(work.flow)
    progress = await lane.engine.status(submitted)
    if progress.phase is not Phase.COMPLETED:
        return None
    return await lane.engine.result(submitted)
