"""From bytes that arrived to a take's audio and its facts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage

from speech import failpoints
from speech.audio.job import AudioJob, Measured
from speech.audio.several import ConfinedChildren
from speech.catalog import ENGINES
from speech.engines.base import Result
from speech.jobs.work import Work
from speech.services.projects import media_folder


def measure_and_store(audio: ConfinedChildren, work: Work, source: Path) -> tuple[Measured, str]:
    """Decode `source` in a confined child, store it as FLAC; what was measured and the storage
    name. Raises `AudioError`. Runs in a thread."""
    card = ENGINES[work.engine]
    kept = source.with_suffix(".flac")
    tags = {"ENCODER": "Takeroom", "ORGANIZATION": card.label, "DESCRIPTION": card.note}
    try:
        measured = audio.process(AudioJob(source=source, store_as=kept, tags=tags))
        failpoints.reach("measured")
        name = _name(work, work.epoch)
        if default_storage.exists(name):  # a commit failed after storing
            default_storage.delete(name)
        with kept.open("rb") as file:
            name = default_storage.save(name, File(file))
        keep(name)
        failpoints.reach("stored")
        for epoch in range(1, work.epoch):  # a crash between storing and committing left it
            default_storage.delete(_name(work, epoch))
        return measured, name
    finally:
        kept.unlink(missing_ok=True)


def _name(work: Work, epoch: int) -> str:
    """The epoch is in it, so that a driver that slept through its end cannot lay hands on the file
    of the one that finished the take."""
    return f"{media_folder(work.project_id)}/{work.ref}-{epoch}.flac"


def keep(name: str) -> None:
    """See to it that a stored file outlives a power failure, before any row says that it is there.
    Storage that is not a disk of ours does that itself."""
    try:
        path = Path(default_storage.path(name))
    except NotImplementedError:
        return
    for place, flags in ((path, os.O_RDONLY), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        descriptor = os.open(place, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def facts(
    measured: Measured, name: str, result: Result, *, version: str, asked_seed: int
) -> dict[str, Any]:
    """The columns of a finished take."""
    return {
        "audio": name,
        "engine_version": version,
        "seed_used": result.seed if result.seed is not None else asked_seed,
        "sha256": measured.sha256,
        "byte_count": measured.bytes,
        "duration": measured.duration,
        "sample_rate": measured.sample_rate,
        "channels": measured.channels,
        "lufs": measured.lufs,
        "true_peak": measured.true_peak_db,
        "peaks": measured.peaks,
        "measured": {
            key: value
            for key, value in measured.as_dict().items()
            if key not in {"peaks", "sha256"}
        },
        "words": [
            [word.word, word.start, word.end, word.position, word.length] for word in result.words
        ],
        "warnings": list(result.warnings),
        "timings": {
            "inference_time": result.inference_time,
            "queue_time": result.queue_time,
            "total_time": result.total_time,
        },
    }
