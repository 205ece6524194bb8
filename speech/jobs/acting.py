"""What a verdict of `trouble` makes of a job and its engine."""

from __future__ import annotations

from speech.errors import EngineError, RateLimited
from speech.jobs import moves, references, standing, trouble
from speech.jobs.allowance import halve
from speech.jobs.lane import Lane, wait
from speech.jobs.work import Work
from speech.states import JobState

IN_DOUBT = (
    "Several requests in a row ended in doubt, so that no more are sent for a moment: each might"
    " be charged."
)


async def act_on_submit(
    lane: Lane, work: Work, error: EngineError, verdict: trouble.Ends | trouble.QueuesAgain
) -> None:
    key = lane.engine.key
    if isinstance(error, RateLimited):
        await lane.note(lambda: halve(lane.submits))
    match verdict:
        case trouble.Ends():
            if verdict.state == JobState.UNKNOWN:
                # Counts for the breaker too, or a gateway that times out would put the whole
                # queue in doubt.
                await lane.note(
                    lambda: standing.submit_refused(key, sentence=IN_DOUBT, code=verdict.code)
                )
            await end(lane, work, verdict)
        case trouble.QueuesAgain():
            # The engine's hold is written first, so that nobody claims this row in between.
            if verdict.pauses_engine:
                await lane.note(
                    lambda: standing.pause(key, sentence=verdict.sentence, code=verdict.code)
                )
            elif verdict.holds_engine:
                await lane.note(
                    lambda: standing.hold(key, until=verdict.due_at, sentence=verdict.sentence)
                )
            elif not lane.free:
                await lane.note(
                    lambda: standing.submit_refused(
                        key, sentence=verdict.sentence, code=verdict.code
                    )
                )
            await queue_again(lane, work, verdict)


async def queue_again(lane: Lane, work: Work, verdict: trouble.QueuesAgain) -> None:
    await lane.write(
        moves.queued(
            work, due_at=verdict.due_at, error=verdict.sentence,
            code=verdict.code, count=verdict.counts,
        )
    )  # fmt: skip


async def end(lane: Lane, work: Work, verdict: trouble.Ends) -> None:
    sentence = verdict.sentence
    blamed = verdict.state == JobState.FAILED and trouble.blames_reference(sentence)
    if blamed and await lane.ledger.run(lambda: references.forget(work)):
        sentence += " The clip will be handed to the provider again with the next try."
    await lane.write(
        moves.ended(
            work, verdict.state, error=sentence, code=verdict.code,
            charged=verdict.charged,
        )
    )  # fmt: skip


async def act_on_read(
    lane: Lane, work: Work, verdict: trouble.Ends | trouble.ReadsAgain | trouble.QueuesAgain
) -> bool:
    """True if the read should be repeated."""
    match verdict:
        case trouble.Ends():
            await end(lane, work, verdict)
            return False
        case trouble.QueuesAgain():
            await queue_again(lane, work, verdict)
            return False
        case trouble.ReadsAgain():
            if verdict.limited:
                lane.polls.spent()
                await lane.note(lambda: halve(lane.poll_limit))
            if verdict.pauses_engine:
                await lane.note(
                    lambda: standing.pause(
                        lane.engine.key, sentence=verdict.sentence, code=verdict.code
                    )
                )
            work.failures += 1
            await lane.write(moves.note_failure(work, error=verdict.sentence, code=verdict.code))
            await wait(work, verdict.seconds)
            return True
