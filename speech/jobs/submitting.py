"""From claimed to accepted: the one POST, with a commit before it and a commit after."""

from __future__ import annotations

import asyncio
import logging
import time

from django.conf import settings
from django.db import Error
from django.utils import timezone

from speech import failpoints
from speech.engines.base import SpeechRequest, Submitted
from speech.errors import EngineError, Refused, TryLater
from speech.jobs import moves, standing, trouble
from speech.jobs.acting import act_on_submit, end, queue_again
from speech.jobs.lane import Lane
from speech.jobs.work import Work
from speech.states import Charged, JobState
from speech.text import nothing_to_say

logger = logging.getLogger(__name__)

KEEP_TRYING = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Pauses between the tries to write down a request id, in seconds."""


async def submit(lane: Lane, work: Work) -> bool:
    """True if the provider has it now."""
    try:
        if reason := nothing_to_say(work.request.text):
            # Asked for by an earlier release, or it would not be here.
            raise Refused(f"{reason} Nothing was sent.", code="nothing_to_say")
        request = await lane.clips.public(work, lane.engine)
    except EngineError as error:
        verdict = trouble.before_submit(
            error, failures=work.failures, outage=await lane.is_broken()
        )
        await act_on_submit(lane, work, error, verdict)
        return False
    except OSError:
        logger.exception("the clip of job %s could not be read", work.pk)
        await miss_clip(lane, work)
        return False
    # Shielded: a POST that was begun is finished and its answer written down, though the
    # slice is over; the driver waits for `posts`.
    under_way = asyncio.ensure_future(post(lane, work, request))
    lane.posts.add(under_way)
    under_way.add_done_callback(lane.posts.discard)
    return await asyncio.shield(under_way)


async def post(lane: Lane, work: Work, request: SpeechRequest) -> bool:
    began = time.time()
    await lane.write(moves.submitting(work))
    if time.time() - began >= settings.DRIVER_LEASE_SECONDS:
        # This process was stopped in between, and may be presumed dead by now. Nothing was
        # sent; if the row is still ours, that can be said.
        await lane.write(moves.queued(work, due_at=timezone.now(), error="", code="", count=False))
        return False
    failpoints.reach("submitting")
    try:
        submitted = await lane.engine.submit(request)
    except EngineError as error:
        verdict = trouble.after_submit(error, failures=work.failures, outage=await lane.is_broken())
        await act_on_submit(lane, work, error, verdict)
        return False
    except Exception:
        # A fault of our own after the request may have gone out: nobody can know.
        logger.exception("submitting job %s failed", work.pk)
        await lane.write(
            moves.ended(
                work, JobState.FAILED if lane.free else JobState.UNKNOWN,
                error="Something went wrong inside the studio while this was being sent."
                + ("" if lane.free else " It may have been charged."),
                code="internal", charged=Charged.NO if lane.free else Charged.MAYBE,
            )
        )  # fmt: skip
        return False
    failpoints.reach("answered")
    work.submitted = submitted
    await keep(lane, work, submitted)
    failpoints.reach("accepted")
    work.failures = 0
    work.accepted_at = timezone.now()
    lane.jots["accepted"] = lambda: standing.submit_accepted(lane.engine.key)
    return True


async def keep(lane: Lane, work: Work, submitted: Submitted) -> None:
    """Write the request id down. It is money: a database that is away for a moment must not
    lose it, and where it cannot be written it is at least in the log."""
    try:
        for pause in KEEP_TRYING:
            try:
                return await lane.write(moves.accepted(work, submitted))
            except Error:
                logger.warning("job %s: its request id is not written yet", work.pk)
                await asyncio.sleep(pause)
        await lane.write(moves.accepted(work, submitted))
    except BaseException:
        logger.error(
            "job %s was accepted as request %s, but that could not be written down",
            work.pk, submitted.request_id,
        )  # fmt: skip
        raise


async def miss_clip(lane: Lane, work: Work) -> None:
    """Our own copy of the clip cannot be read: no fault of the provider's."""
    error = TryLater(
        "The studio could not read its copy of the voice's clip. Nothing was sent.",
        code="storage",
    )
    verdict = trouble.before_submit(error, failures=work.failures)
    if isinstance(verdict, trouble.Ends):
        await end(lane, work, verdict)
    else:
        await queue_again(lane, work, verdict)
