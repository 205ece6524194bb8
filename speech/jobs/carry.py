"""One job from claim to done. Each step commits before the next begins."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import Error
from django.utils import timezone

from speech.audio.confined import ConfinedAudio
from speech.engines.base import Engine, Phase, Result, SpeechRequest, Submitted
from speech.errors import AudioError, BrokenAnswer, EngineError, RateLimited, TryLater
from speech.jobs import moves, references, standing, store, trouble
from speech.jobs.lease import LeaseLost
from speech.jobs.ledger import Ledger
from speech.jobs.pace import Budget, first_poll, poll_every
from speech.jobs.work import Work, storable_result
from speech.states import Charged, JobState

logger = logging.getLogger(__name__)

IN_DOUBT = (
    "Several requests in a row ended in doubt, so that no more are sent for a moment: each might"
    " be charged."
)
KEEP_TRYING = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Pauses between the tries to write down a request id, in seconds."""


class Fenced(Exception):
    """The row is no longer ours: somebody presumed us dead. Leave it alone."""


class Lane:
    """The way of one engine's jobs through one driver: its budgets and what it has learned."""

    def __init__(
        self,
        *,
        engine: Engine,
        ledger: Ledger,
        owner: str,
        audio: Callable[[], ConfinedAudio],
        clips: references.References,
        durations: list[float],
    ) -> None:
        self.engine = engine
        self.ledger = ledger
        self.owner = owner
        self.clips = clips
        self.submitting = 0
        self.reading = 0
        self.posts: set[asyncio.Future[bool]] = set()
        """Submissions under way: what must not be cut off."""

        self._audio = audio
        self._first = first_poll(durations)
        self._usual = sorted(durations)[len(durations) // 2] if durations else 0.0
        self._polls = Budget(per_minute=settings.SEGMIND_POLLS_PER_MINUTE, burst=20)
        per_minute = settings.SEGMIND_SUBMITS_PER_MINUTE or 60_000
        self._submits = Budget(per_minute=per_minute, burst=max(1, min(20, per_minute // 6)))

    @property
    def free(self) -> bool:
        return self.engine.resubmit_is_free

    async def carry(self, work: Work) -> None:
        """As far as it goes. Cancelling is always safe: a submission under way is in `posts`."""
        try:
            if work.state == JobState.CLAIMED and not await self._submit(work):
                return
            while not await self._carry_accepted(work):
                pass
        except Fenced:
            logger.info("job %s was taken over by another driver", work.pk)

    async def _carry_accepted(self, work: Work) -> bool:
        """True when there is nothing more to do; False after a fault of our own, to try again."""
        try:
            if work.state == JobState.RUNNING and not await self._await_result(work):
                return True
            while work.state in {JobState.DOWNLOADING, JobState.MEASURING}:
                if not await self._save(work):
                    return True
            return True
        except (Fenced, LeaseLost, Error):
            raise  # after an error of the database the row is taken up again by the next slice
        except Exception:
            # Said on the take, or it would seem to be rendering for ever.
            logger.exception("carrying job %s failed", work.pk)
            verdict = trouble.after_fault(failures=work.failures, free=self.free)
            return not await self._act_on_read(work, verdict)

    async def _note(self, note: Callable[[], None]) -> None:
        """Write down something about the engine; the job does not hang on it."""
        try:
            await self.ledger.run(note)
        except Error:
            logger.warning("the engine's state could not be written", exc_info=True)

    async def _write(self, write: moves.Write) -> None:
        if not await self.ledger.write(write):
            raise Fenced

    # -- submit -------------------------------------------------------------------------------

    async def _submit(self, work: Work) -> bool:
        self.submitting += 1
        try:
            try:
                request = await self.clips.public(work, self.engine)
            except EngineError as error:
                verdict = trouble.before_submit(error, failures=work.failures)
                await self._act_on_submit(work, error, verdict)
                return False
            except OSError:
                logger.exception("the clip of job %s could not be read", work.pk)
                await self._miss_clip(work)
                return False
            if not self.free:
                await self._submits.turn()
            # Shielded: a POST that was begun is finished and its answer written down, though the
            # slice is over; the driver waits for `posts`.
            post = asyncio.ensure_future(self._post(work, request))
            self.posts.add(post)
            post.add_done_callback(self.posts.discard)
            return await asyncio.shield(post)
        finally:
            self.submitting -= 1

    async def _post(self, work: Work, request: SpeechRequest) -> bool:
        began = time.time()
        await self._write(moves.submitting(work, self.owner))
        if time.time() - began >= settings.DRIVER_LEASE_SECONDS:
            # This process was stopped in between, and may be presumed dead by now. Nothing was
            # sent; if the row is still ours, that can be said.
            await self._write(
                moves.queued(
                    work, self.owner, due_at=timezone.now(), error="", code="", count=False
                )
            )
            return False
        try:
            submitted = await self.engine.submit(request)
        except EngineError as error:
            await self._act_on_submit(
                work, error, trouble.after_submit(error, failures=work.failures)
            )
            return False
        except Exception:
            # A fault of our own after the request may have gone out: nobody can know.
            logger.exception("submitting job %s failed", work.pk)
            await self._write(
                moves.ended(
                    work, self.owner, JobState.FAILED if self.free else JobState.UNKNOWN,
                    error="Something went wrong inside the studio while this was being sent."
                    + ("" if self.free else " It may have been charged."),
                    code="internal", charged=Charged.NO if self.free else Charged.MAYBE,
                )
            )  # fmt: skip
            return False
        work.submitted = submitted
        await self._keep(work, submitted)
        work.failures = 0
        work.accepted_at = timezone.now()
        await self._note(lambda: standing.submit_accepted(self.engine.key))
        return True

    async def _keep(self, work: Work, submitted: Submitted) -> None:
        """Write the request id down. It is money: a database that is away for a moment must not
        lose it, and where it cannot be written it is at least in the log."""
        try:
            for pause in KEEP_TRYING:
                try:
                    return await self._write(moves.accepted(work, self.owner, submitted))
                except Error:
                    logger.warning("job %s: its request id is not written yet", work.pk)
                    await asyncio.sleep(pause)
            await self._write(moves.accepted(work, self.owner, submitted))
        except BaseException:
            logger.error(
                "job %s was accepted as request %s, but that could not be written down",
                work.pk, submitted.request_id,
            )  # fmt: skip
            raise

    async def _miss_clip(self, work: Work) -> None:
        """Our own copy of the clip cannot be read: no fault of the provider's."""
        error = TryLater(
            "The studio could not read its copy of the voice's clip. Nothing was sent.",
            code="storage",
        )
        verdict = trouble.before_submit(error, failures=work.failures)
        if isinstance(verdict, trouble.Ends):
            await self._end(work, verdict)
        else:
            await self._queue_again(work, verdict)

    async def _act_on_submit(
        self, work: Work, error: EngineError, verdict: trouble.Ends | trouble.QueuesAgain
    ) -> None:
        key = self.engine.key
        if isinstance(error, RateLimited):
            self._submits.halve()
        match verdict:
            case trouble.Ends():
                if verdict.state == JobState.UNKNOWN:
                    # Counts for the breaker too, or a gateway that times out would put the whole
                    # queue in doubt.
                    await self._note(lambda: standing.submit_refused(key, sentence=IN_DOUBT))
                await self._end(work, verdict)
            case trouble.QueuesAgain():
                # The engine's hold is written first, so that nobody claims this row in between.
                if verdict.pauses_engine:
                    await self._note(
                        lambda: standing.pause(key, sentence=verdict.sentence, code=verdict.code)
                    )
                elif verdict.holds_engine:
                    await self._note(
                        lambda: standing.hold(key, until=verdict.due_at, sentence=verdict.sentence)
                    )
                elif not self.free:
                    await self._note(
                        lambda: standing.submit_refused(key, sentence=verdict.sentence)
                    )
                await self._queue_again(work, verdict)

    async def _queue_again(self, work: Work, verdict: trouble.QueuesAgain) -> None:
        await self._write(
            moves.queued(
                work, self.owner, due_at=verdict.due_at, error=verdict.sentence,
                code=verdict.code, count=verdict.counts,
            )
        )  # fmt: skip

    async def _end(self, work: Work, verdict: trouble.Ends) -> None:
        sentence = verdict.sentence
        blamed = verdict.state == JobState.FAILED and trouble.blames_reference(sentence)
        if blamed and await self.ledger.run(lambda: references.forget(work)):
            sentence += " The clip will be handed to the provider again with the next try."
        await self._write(
            moves.ended(
                work, self.owner, verdict.state, error=sentence, code=verdict.code,
                charged=verdict.charged,
            )
        )  # fmt: skip

    # -- poll ---------------------------------------------------------------------------------

    async def _await_result(self, work: Work) -> bool:
        """Poll until the result is known and written down."""
        assert work.submitted is not None
        if not self.free and work.submitted.phase is not Phase.COMPLETED:
            await self._wait(work, self._first - _age(work))
        self.reading += 1
        try:
            while True:
                try:
                    result = await self._read(work, work.submitted)
                except EngineError as error:
                    lost = work.lost_reads if error.code == "record_expired" else 0
                    verdict = trouble.after_read(
                        error, failures=work.failures, lost=lost, free=self.free, age=_age(work)
                    )
                    work.lost_reads = lost + 1 if error.code == "record_expired" else 0
                    if not await self._act_on_read(work, verdict):
                        return False
                    continue
                if result is not None:
                    break
                work.failures = work.lost_reads = 0
                await self._wait(
                    work,
                    poll_every(
                        in_flight=self.reading, age=_age(work), usual=self._usual,
                        polls_per_minute=self._polls.per_minute,
                    )
                )  # fmt: skip
        finally:
            self.reading -= 1
        result = storable_result(result)
        work.result, work.failures = result, 0
        work.completed_at = timezone.now()
        await self._write(moves.completed(work, self.owner, result, free=self.free))
        if result.remaining_credits is not None:
            left = result.remaining_credits
            await self._note(lambda: standing.remember_credits(self.engine.key, left))
        return True

    async def _read(self, work: Work, submitted: Submitted) -> Result | None:
        if not self.free:
            await self._polls.turn()
        progress = await self.engine.status(submitted)
        if progress.phase is not Phase.COMPLETED:
            return None
        return await self.engine.result(submitted)

    async def _act_on_read(
        self, work: Work, verdict: trouble.Ends | trouble.ReadsAgain | trouble.QueuesAgain
    ) -> bool:
        """True if the read should be repeated."""
        match verdict:
            case trouble.Ends():
                await self._end(work, verdict)
                return False
            case trouble.QueuesAgain():
                await self._queue_again(work, verdict)
                return False
            case trouble.ReadsAgain():
                if verdict.limited:
                    self._polls.halve()
                if verdict.pauses_engine:
                    await self._note(
                        lambda: standing.pause(
                            self.engine.key, sentence=verdict.sentence, code=verdict.code
                        )
                    )
                work.failures += 1
                await self._write(
                    moves.note_failure(work, self.owner, error=verdict.sentence, code=verdict.code)
                )
                await self._wait(work, verdict.seconds)
                return True

    # -- save ---------------------------------------------------------------------------------

    async def _save(self, work: Work) -> bool:
        """Download (unless the file is here), measure, store, done. True to try again."""
        assert work.submitted is not None and work.result is not None
        source = Path(settings.WORK_DIR) / f"{work.ref}.audio"
        if work.state == JobState.DOWNLOADING or not source.exists():
            if work.state == JobState.MEASURING:
                await self._write(moves.download_again(work, self.owner))
            try:
                await self.engine.fetch(work.submitted, work.result, source)
            except EngineError as error:
                verdict = trouble.after_fetch(
                    error, failures=work.failures, completed_at=work.completed_at, free=self.free
                )
                return await self._act_on_read(work, verdict)
            await self._write(moves.measuring(work, self.owner))
        try:
            measured, name = await asyncio.to_thread(
                store.measure_and_store, self._audio(), work, source
            )
        except AudioError as error:
            broken = BrokenAnswer(
                f"The audio that arrived cannot be used. {error.sentence}"
                + ("" if self.free else " The provider has charged for it."),
                code=error.code,
            )
            verdict = trouble.after_fetch(
                broken, failures=work.failures, completed_at=work.completed_at, free=self.free
            )
            source.unlink(missing_ok=True)
            return await self._act_on_read(work, verdict)
        facts = store.facts(
            measured, name, work.result, version=self.engine.version, asked_seed=work.request.seed
        )
        try:
            await self._write(moves.done(work, self.owner, facts))
        except Fenced:
            # Another driver makes its own copy, or the project is gone.
            await asyncio.to_thread(default_storage.delete, name)
            raise
        source.unlink(missing_ok=True)
        return False

    async def _wait(self, work: Work, seconds: float) -> None:
        work.waiting = True
        await asyncio.sleep(max(0.0, seconds))
        work.waiting = False


def _age(work: Work) -> float:
    if work.accepted_at is None:
        return 0.0
    return (timezone.now() - work.accepted_at).total_seconds()
