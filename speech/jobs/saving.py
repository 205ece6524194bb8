"""From a result to a take that can be played: download, measure, store."""

from __future__ import annotations

import asyncio
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from speech.errors import AudioError, BrokenAnswer, EngineError
from speech.jobs import moves, store, trouble
from speech.jobs.acting import act_on_read
from speech.jobs.lane import Fenced, Lane
from speech.jobs.work import Work
from speech.states import JobState


async def save(lane: Lane, work: Work) -> bool:
    """Download (unless the file is here), measure, store, done. True to try again."""
    assert work.submitted is not None and work.result is not None
    source = Path(settings.WORK_DIR) / f"{work.ref}.audio"
    if work.state == JobState.DOWNLOADING or not source.exists():
        if work.state == JobState.MEASURING:
            await lane.write(moves.download_again(work))
        try:
            await lane.engine.fetch(work.submitted, work.result, source)
        except EngineError as error:
            verdict = trouble.after_fetch(
                error, failures=work.failures, completed_at=work.completed_at, free=lane.free
            )
            return await act_on_read(lane, work, verdict)
        await lane.write(moves.measuring(work))
    try:
        measured, name = await asyncio.to_thread(
            store.measure_and_store, lane.audio(), work, source
        )
    except AudioError as error:
        broken = BrokenAnswer(
            f"The audio that arrived cannot be used. {error.sentence}"
            + ("" if lane.free else " The provider has charged for it."),
            code=error.code,
        )
        verdict = trouble.after_fetch(
            broken, failures=work.failures, completed_at=work.completed_at, free=lane.free
        )
        source.unlink(missing_ok=True)
        return await act_on_read(lane, work, verdict)
    note = ""
    if measured.truncated:
        work.cut_off += 1
        again = trouble.after_cut_off(times=work.cut_off)
        if again is not None:
            await asyncio.to_thread(default_storage.delete, name)
            source.unlink(missing_ok=True)
            return await act_on_read(lane, work, again)
        note = trouble.CUT_OFF_SENTENCE
    facts = store.facts(
        measured, name, work.result, version=lane.engine.version, asked_seed=work.request.seed
    )
    try:
        await lane.write(moves.done(work, facts, free=lane.free, note=note))
    except Fenced:
        # Another driver makes its own copy, or the project is gone.
        await asyncio.to_thread(default_storage.delete, name)
        raise
    if work.state == JobState.CANCELLED:
        await asyncio.to_thread(default_storage.delete, name)
    source.unlink(missing_ok=True)
    return False
