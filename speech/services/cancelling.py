"""Calling takes off: what was not sent goes at once, what is being made can only be marked.

Rule: a job that is queued, or claimed and not yet committed as `submitting`, is cancelled here and
fenced off from its driver. From `submitting` on the provider has, or may have, the request: it
knows no cancelling and charges, so the job is marked with what becomes of its result, and the
driver acts on the mark when the result is there (`speech.jobs.moves`). Reason: a cancel that
claimed to save money would be a lie. Price: a discarded take still costs, and says so.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from speech.errors import WrongState
from speech.models import Job, Project, Take, User
from speech.services import budgets
from speech.services.events import hold, log, touch
from speech.states import LIVE, Cancel, JobState

NOT_SENT = (JobState.QUEUED, JobState.CLAIMED)
BEING_MADE = tuple(sorted(LIVE - {*NOT_SENT}))


@transaction.atomic
def cancel_take(actor: User, *, take: Take, then: Cancel | None = None) -> Take:
    """Call one take off. Where it is being made already, `then` says what becomes of it; without
    it such a take is left alone, and `WrongState` says so: whoever pressed Cancel on a take that
    waited did not agree to pay for one that is thrown away."""
    hold(take.project_id)
    mine = Take.objects.filter(pk=take.pk)
    gone = cancel_queued(mine, why=f"{actor.label} cancelled it", code="cancelled")
    if not gone:
        _refuse(mine.select_related("job").get(), then)
        assert then is not None
        mark_being_made(mine, then=then)
    take.refresh_from_db()
    log(
        actor, "take cancelled", project=take.project, target=f"take {take.pk}",
        then="" if gone or then is None else then.value,
    )  # fmt: skip
    budgets.admit(take.project_id)
    touch(take.project_id, takes=[take.pk], lines=[take.line_id])
    return take


def _refuse(take: Take, then: Cancel | None) -> None:
    """Raise `WrongState` unless the take is being made, and may be marked."""
    if not take.is_live or take.job is None:
        raise WrongState("This take is finished, so there is nothing to cancel.")
    if take.job.cancel:
        raise WrongState("This take is cancelled already.")
    if then is None:
        raise WrongState(
            "This take is being made by now. Choose what becomes of its result, and cancel again."
        )


@transaction.atomic
def cancel_waiting(actor: User, *, project: Project) -> int:
    """Cancel every take of a project that was not sent yet; how many. Nothing is charged."""
    hold(project.pk)
    cancelled = cancel_queued(
        Take.objects.filter(project=project), why=f"{actor.label} cancelled it", code="cancelled"
    )
    if not cancelled:
        raise WrongState("No take of this project waits any more.")
    log(actor, "waiting takes cancelled", project=project, count=len(cancelled))
    lines = Take.objects.filter(pk__in=cancelled).values_list("line_id", flat=True)
    touch(project.pk, takes=cancelled, lines=set(lines))
    return len(cancelled)


def cancel_queued(takes: QuerySet[Take], *, why: str, code: str) -> list[int]:
    """Cancel those of `takes` that were not sent yet; their keys. Nothing was charged for them.
    Call it inside a transaction.

    A driver that has claimed one finds its row gone, one epoch up, before it would send it.
    """
    waiting = Job.objects.filter(take__in=takes, state__in=NOT_SENT).select_for_update(of=("self",))
    jobs = list(waiting.values_list("pk", flat=True))
    Job.objects.filter(pk__in=jobs).update(
        state=JobState.CANCELLED, finished_at=timezone.now(), error_code=code, waits="", owner="",
        epoch=F("epoch") + 1, amount=0,
        error=f"{why} before this take was sent. Nothing was charged.",
    )  # fmt: skip
    cancelled = Take.objects.filter(job__in=jobs)
    cancelled.update(state=JobState.CANCELLED, finished_at=timezone.now())
    return list(cancelled.values_list("pk", flat=True))


def mark_being_made(takes: QuerySet[Take], *, then: Cancel) -> list[int]:
    """Mark those of `takes` that the provider has, or may have; their keys. Call it inside a
    transaction."""
    jobs = Job.objects.filter(take__in=takes, state__in=BEING_MADE)
    found = list(jobs.select_for_update(of=("self",)).values_list("pk", flat=True))
    Job.objects.filter(pk__in=found).update(cancel=then)
    return list(Take.objects.filter(job__in=found).values_list("pk", flat=True))
