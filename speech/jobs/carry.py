"""One job from claim to done. Each step commits before the next begins."""

from __future__ import annotations

import logging

from django.db import Error

from speech.jobs import trouble
from speech.jobs.acting import act_on_read
from speech.jobs.lane import Fenced, Lane
from speech.jobs.lease import LeaseLost
from speech.jobs.reading import await_result
from speech.jobs.saving import save
from speech.jobs.submitting import submit
from speech.jobs.work import Work
from speech.states import JobState

logger = logging.getLogger(__name__)


async def carry(lane: Lane, work: Work) -> None:
    """As far as it goes. Cancelling is always safe: a submission under way is in `posts`."""
    try:
        if work.state == JobState.CLAIMED and not await submit(lane, work):
            return
        while not await carry_accepted(lane, work):
            pass
    except Fenced:
        logger.info("job %s was taken over by another driver", work.pk)


async def carry_accepted(lane: Lane, work: Work) -> bool:
    """True when there is nothing more to do; False after a fault of our own, to try again."""
    try:
        if work.state == JobState.RUNNING and not await await_result(lane, work):
            return True
        while work.state in {JobState.DOWNLOADING, JobState.MEASURING}:
            if not await save(lane, work):
                return True
        return True
    except (Fenced, LeaseLost, Error):
        raise  # after an error of the database the row is taken up again by the next slice
    except Exception:
        # Said on the take, or it would seem to be rendering for ever.
        logger.exception("carrying job %s failed", work.pk)
        verdict = trouble.after_fault(failures=work.failures, free=lane.free)
        return not await act_on_read(lane, work, verdict)
