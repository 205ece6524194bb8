from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from speech.errors import BadInput, WrongState
from speech.models import Decision, GuestLink, Membership, OneTimeLink, Presence, Project, User
from speech.queries import approval
from speech.queries.approval import DECIDING_ROLES
from speech.services.events import log, touch
from speech.services.fallen import end_decisions
from speech.services.notices import bump, tell
from speech.services.policy import settle_waiting
from speech.states import ApprovalPolicy, NoticeKind, ReviewState, Role, Verdict

RANK = {Role.VIEWER: 0, Role.REVIEWER: 1, Role.PRODUCER: 2, Role.OWNER: 3}
HANDING_OUT = (Role.OWNER, Role.PRODUCER)
"""Roles that may show takes to guests."""


def clean_role(role: str) -> Role:
    try:
        return Role(role)
    except ValueError as error:
        raise BadInput(f"There is no role “{role[:20]}”.") from error


@transaction.atomic
def admit(actor: User, *, project: Project, person: User, role: str) -> Membership:
    """`person` gets at least `role`; whoever already has more keeps it."""
    wanted = clean_role(role)
    member, created = Membership.objects.select_for_update().get_or_create(
        project=project, user=person, defaults={"role": wanted}
    )
    if not created and RANK[Role(member.role)] >= RANK[wanted]:
        return member
    old, member.role = "" if created else member.role, wanted
    member.save(update_fields=["role"])
    log(
        actor,
        "member added",
        project=project,
        target=f"person {person.pk}",
        role=wanted,
        **({"old": old, "new": wanted} if old else {}),
    )
    touch(project.pk)
    return member


@transaction.atomic
def set_role(actor: User, *, member: Membership, role: str) -> Membership:
    wanted = clean_role(role)
    member = _locked(member)
    if wanted != Role.OWNER:
        _keep_one_owner(member)
        _revoke_invitations(member)
    old, member.role = member.role, wanted
    was_named = member.approver
    member.approver = was_named and wanted in DECIDING_ROLES
    member.save(update_fields=["role", "approver"])
    log(
        actor,
        "role changed",
        project=member.project,
        target=f"person {member.user_id}",
        old=old,
        new=wanted,
    )
    if wanted not in DECIDING_ROLES:
        _end_open_approvals(member.project, member.user_id)
    if wanted not in HANDING_OUT:
        _revoke_guest_links(member)
    if was_named and not member.approver:
        one_approver_fewer(actor, project=member.project)
    bump([member.user_id])
    touch(member.project_id)
    return member


@transaction.atomic
def remove_member(actor: User, *, member: Membership) -> None:
    """Take somebody off the project, or leave it oneself. Nothing that they made goes with them."""
    member = _locked(member)
    _keep_one_owner(member)
    _revoke_invitations(member)
    _revoke_guest_links(member)
    project, person_id, role = member.project, member.user_id, member.role
    was_named = member.approver
    member.delete()
    Presence.objects.filter(project=project, user=person_id).delete()
    verb = "project left" if person_id == actor.pk else "member removed"
    log(actor, verb, project=project, target=f"person {person_id}", role=role)
    _end_open_approvals(project, person_id)
    if was_named:
        one_approver_fewer(actor, project=project)
    bump([person_id])
    touch(project.pk)


def one_approver_fewer(actor: User, *, project: Project) -> None:
    """What waited for a named approver who has gone alone has approvals enough now. Where none is
    left the owners approve, and hear of it. Call it inside a transaction."""
    if project.approval_policy != ApprovalPolicy.NAMED:
        return
    settle_waiting(actor, project=project)
    deciders = approval.deciders(project)
    if not approval.named_approvers(project):
        tell(
            deciders, kind=NoticeKind.REVIEW_ASKED, project=project, actor=None,
            sentence=f"No named approver is left in “{project.name}”: until somebody is named,"
            " one owner’s approval is enough.",
            path=reverse("speech:project_settings", args=[project.slug]),
        )  # fmt: skip
    bump(person.pk for person in deciders)


def _end_open_approvals(project: Project, person_id: int) -> None:
    """What is approved stays so; for what still waits, those have to say yes who may decide."""
    theirs = Decision.objects.filter(
        review__project=project, by=person_id, ended_at=None, verdict=Verdict.APPROVE
    ).exclude(review__state=ReviewState.APPROVED)
    takes = list(theirs.values_list("review__take", flat=True))
    end_decisions(theirs, why="Whoever said so may not decide here any more")
    touch(project.pk, takes=takes)


def _locked(member: Membership) -> Membership:
    Project.objects.select_for_update().get(pk=member.project_id)
    found = Membership.objects.select_related("project", "user").filter(pk=member.pk).first()
    if found is None:
        raise WrongState("This person is not on the project any more.")
    return found


def _keep_one_owner(member: Membership) -> None:
    others = Membership.objects.filter(
        project=member.project, role=Role.OWNER, user__is_active=True
    ).exclude(pk=member.pk)
    if member.role == Role.OWNER and not others.exists():
        raise WrongState(
            f"{member.user.label} is the only owner of “{member.project.name}”."
            " Make somebody else an owner first."
        )


def _revoke_invitations(member: Membership) -> None:
    """Links that somebody handed out must not outlive their right to."""
    OneTimeLink.objects.filter(
        project=member.project, created_by=member.user, used_at=None, revoked_at=None
    ).update(revoked_at=timezone.now())


def _revoke_guest_links(member: Membership) -> None:
    GuestLink.objects.filter(
        take__project=member.project, created_by=member.user, revoked_at=None
    ).update(revoked_at=timezone.now())
