"""Takes whose charge nobody knows: a person decides, one by one or all at once."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from speech.errors import WrongState
from speech.models import Job, Project, Take, User
from speech.services import budgets
from speech.services.events import hold, log, touch
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


@dataclass(frozen=True, kw_only=True)
class Settled:
    """How many takes were settled, in how many projects, and their price together."""

    takes: int
    projects: int
    cost: Decimal


@transaction.atomic
def settle_unknowns(
    actor: User, *, project: Project, again: bool, jobs: Collection[int] | None = None
) -> Settled:
    """Submit again, or dismiss, unknown takes of a project: those of `jobs`, which a person has
    seen, or every one. One that somebody else settles meanwhile is left as they decided, and one
    that came in doubt meanwhile is left to be decided on."""
    hold(project.pk)
    takes = unsettled(project)
    if jobs is not None:
        takes = takes.filter(job__in=jobs)
    settled, cost = 0, Decimal(0)
    for take in list(takes):
        with contextlib.suppress(WrongState):
            if again:
                submit_again(actor, take=take)
            else:
                dismiss_unknown(actor, take=take)
            settled += 1
            cost += budgets.price_of(take.engine)
    return Settled(takes=settled, projects=1 if settled else 0, cost=cost)


def settle_everywhere(actor: User, *, again: bool, jobs: Collection[int]) -> Settled:
    """The same across projects, each in a transaction of its own: what is settled in one stays
    so whatever becomes of the next."""
    takes, projects, cost = 0, 0, Decimal(0)
    wanted = Project.objects.filter(jobs__in=jobs).distinct().order_by("pk")
    for project in wanted:
        done = settle_unknowns(actor, project=project, again=again, jobs=jobs)
        takes, projects, cost = takes + done.takes, projects + done.projects, cost + done.cost
    return Settled(takes=takes, projects=projects, cost=cost)


def unsettled(project: Project | None = None) -> QuerySet[Take]:
    """Takes whose charge is in doubt and that nobody has decided on: of a project, or of all."""
    doubtful = Take.objects.filter(
        state=JobState.UNKNOWN, job__settled="", line__deleted_at=None
    ).select_related("project", "line", "job")
    return doubtful if project is None else doubtful.filter(project=project)
