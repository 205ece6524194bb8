"""Who has to approve the takes of a project."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F

from speech.errors import BadInput
from speech.models import Decision, Project, User
from speech.queries import approval
from speech.services.events import log, touch
from speech.services.fallen import end_decisions
from speech.services.notices import bump
from speech.services.reviews import settle
from speech.states import ApprovalPolicy, ReviewState, Verdict


@transaction.atomic
def set_policy(
    actor: User,
    *,
    project: Project,
    policy: str,
    needed: int,
    own_approval: bool,
    approvers: Iterable[int],
) -> Project:
    """Who has to approve. `approvers`: keys of people on the project, for the named policy.

    What is approved stays so; what waits and meets the new policy is approved now.
    """
    if policy not in ApprovalPolicy.values:
        raise BadInput("Choose how takes are approved.")
    if policy == ApprovalPolicy.COUNT and not 2 <= needed <= 20:
        raise BadInput("Between 2 and 20 approvals can be asked for.")
    people = project.memberships.filter(role__in=approval.DECIDING_ROLES)
    named = people.filter(user__in=list(approvers))
    if policy == ApprovalPolicy.NAMED and not named.exists():
        raise BadInput("Name at least one approver: an owner, a producer or a reviewer.")
    old = _policy_said(project)
    chosen = list(named.values_list("pk", flat=True))
    project.approval_policy, project.own_approval = policy, own_approval
    if policy == ApprovalPolicy.COUNT:
        project.approvals_needed = needed
    project.save(update_fields=["approval_policy", "approvals_needed", "own_approval"])
    project.memberships.update(approver=False)
    project.memberships.filter(pk__in=chosen).update(approver=True)
    new = _policy_said(project)
    if new != old:
        log(actor, "approval policy changed", project=project, old=old, new=new)
    if not own_approval:
        _end_own_approvals(project)
    settle_waiting(actor, project=project)
    waiting = project.reviews.filter(state=ReviewState.WAITING).values_list("take", flat=True)
    bump(project.memberships.values_list("user", flat=True))
    touch(
        project.pk,
        takes=waiting,
        lines=project.lines.filter(deleted_at=None).values_list("pk", flat=True),
    )
    return project


def _end_own_approvals(project: Project) -> None:
    """What people said of their own takes does not count towards an approval that is not there."""
    open_ones = Decision.objects.filter(
        review__project=project, ended_at=None, verdict=Verdict.APPROVE
    ).exclude(review__state=ReviewState.APPROVED)
    end_decisions(
        open_ones.filter(by=F("review__take__created_by")),
        why="Nobody approves a take that they made themselves any more",
    )


def settle_waiting(actor: User, *, project: Project) -> None:
    """Approve what waits and has approvals enough, now that fewer are asked for."""
    waiting = project.reviews.filter(state=ReviewState.WAITING, line__deleted_at=None)
    for review in waiting.select_related("take"):
        settle(actor, take=review.take)


def _policy_said(project: Project) -> str:
    match project.approval_policy:
        case ApprovalPolicy.COUNT:
            who = f"{project.approvals_needed} approvals"
        case ApprovalPolicy.NAMED:
            who = "each of " + ", ".join(one.label for one in approval.deciders(project))
        case _:
            who = "one approval"
    own = "own takes too" if project.own_approval else "not by who made the take"
    return f"{who}, {own}"
