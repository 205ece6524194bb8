"""What was spent as a table, one row for each try of a take, written while it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async

from speech.exporting import sheets
from speech.models import Job, Project
from speech.queries.changes import release_connections
from speech.queries.spending import Period, tries

BATCH = 500
HEADS = (
    "when", "project", "line", "take", "engine", "by", "api key", "state", "charged", "amount",
    "request",
)  # fmt: skip


async def table(period: Period, project: Project | None) -> AsyncIterator[bytes]:
    """The rows of the period, newest first, some hundred at a time. No database connection is
    held between them."""
    yield (sheets.BYTE_ORDER_MARK + sheets.line(HEADS)).encode()
    read = sync_to_async(_batch)
    before: int | None = None
    while True:
        jobs = await read(period, project, before)
        yield "".join(_row(job) for job in jobs).encode()
        if len(jobs) < BATCH:
            return
        before = jobs[-1].pk


def _batch(period: Period, project: Project | None, before: int | None) -> list[Job]:
    try:
        jobs = tries(period, project=project).order_by("-pk")
        return list((jobs.filter(pk__lt=before) if before else jobs)[:BATCH])
    finally:
        release_connections()


def _row(job: Job) -> str:
    return sheets.line(
        (
            job.created_at, job.project.name, job.take.line.position, job.take.number, job.engine,
            job.asked_by.label if job.asked_by else "", job.key.name if job.key else "",
            job.get_state_display(), job.get_charged_display(), float(job.amount), job.request_id,
        )
    )  # fmt: skip
