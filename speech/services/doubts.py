"""Takes whose charge nobody knows: a person decides, one by one or all at once."""

from __future__ import annotations

import contextlib

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from speech.errors import WrongState
from speech.models import Job, Project, Take, User
from speech.services.events import log, touch
from speech.services.takes import ask_again, locked
from speech.states import JobState


@transaction.atomic
def submit_again(actor: User, *, take: Take) -> Job:
    """A person decides to send an unknown take once more, knowing it may be charged twice."""
    take = locked(take)
    if take.state != JobState.UNKNOWN:
        raise WrongState("This take is no longer in doubt.")
    Job.objects.filter(take=take, state=JobState.UNKNOWN).update(settled="resubmitted")
    return ask_again(actor, take=take, verb="unknown take submitted again")


@transaction.atomic
def dismiss_unknown(actor: User, *, take: Take) -> Take:
    """A person lets an unknown take go. The record that it may have been charged stays, and counts
    against the budget."""
    take = locked(take)
    doubtful = Job.objects.filter(pk=take.job_id or 0, state=JobState.UNKNOWN, settled="")
    if not doubtful.update(settled="dismissed"):
        raise WrongState("This take is no longer in doubt.")
    take.archived_at = timezone.now()
    take.save(update_fields=["archived_at"])
    log(actor, "unknown take dismissed", project=take.project, target=f"take {take.pk}")
    touch(take.project_id, takes=[take.pk], lines=[take.line_id])
    return take


@transaction.atomic
def settle_unknowns(actor: User, *, project: Project, again: bool) -> int:
    """Submit again, or dismiss, every unknown take of a project; how many were settled. One that
    somebody else settles meanwhile is left as they decided."""
    settled = 0
    for take in list(unsettled(project)):
        with contextlib.suppress(WrongState):
            if again:
                submit_again(actor, take=take)
            else:
                dismiss_unknown(actor, take=take)
            settled += 1
    return settled


def unsettled(project: Project | None = None) -> QuerySet[Take]:
    """Takes whose charge is in doubt and that nobody has decided on: of a project, or of all."""
    doubtful = Take.objects.filter(
        state=JobState.UNKNOWN, job__settled="", line__deleted_at=None
    ).select_related("project", "line", "job")
    return doubtful if project is None else doubtful.filter(project=project)
