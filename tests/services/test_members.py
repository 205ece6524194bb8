from __future__ import annotations

from types import SimpleNamespace

import pytest

from speech.errors import BadInput, NotAllowed, WrongState
from speech.models import Event, Membership, Notice, Review, User
from speech.queries.approval import deciders, policy_of
from speech.queries.presence import here
from speech.services import accounts, guests, members, reviews
from speech.services.policy import set_policy
from speech.services.presence import arrive
from speech.states import ApprovalPolicy, ReviewState, Role
from tests import factories


def test_the_last_owner_stays_an_owner_and_stays(cast: SimpleNamespace) -> None:
    owner = cast.project.memberships.get(user=cast.owner)
    with pytest.raises(WrongState, match="only owner"):
        members.set_role(cast.owner, member=owner, role=Role.VIEWER)
    with pytest.raises(WrongState, match="only owner"):
        members.remove_member(cast.owner, member=owner)
    owner.refresh_from_db()
    assert owner.role == Role.OWNER


def test_a_deactivated_owner_does_not_count(cast: SimpleNamespace) -> None:
    second = factories.add_member(cast.project, factories.make_user("olga"), Role.OWNER)
    User.objects.filter(pk=second.user_id).update(is_active=False)
    owner = cast.project.memberships.get(user=cast.owner)
    with pytest.raises(WrongState, match="only owner"):
        members.remove_member(cast.owner, member=owner)


def test_with_another_owner_one_may_leave(cast: SimpleNamespace) -> None:
    producer = cast.project.memberships.get(user=cast.producer)
    members.set_role(cast.owner, member=producer, role=Role.OWNER)
    members.remove_member(cast.owner, member=cast.project.memberships.get(user=cast.owner))
    assert not cast.project.memberships.filter(user=cast.owner).exists()
    assert set(Event.objects.values_list("verb", flat=True)) >= {"role changed", "project left"}


def test_a_change_of_people_moves_the_projects_version(cast: SimpleNamespace) -> None:
    before = cast.project.version
    members.remove_member(cast.owner, member=cast.project.memberships.get(user=cast.viewer))
    cast.project.refresh_from_db()
    assert cast.project.version > before


def test_roles_that_do_not_exist_and_people_who_left_are_refused(cast: SimpleNamespace) -> None:
    viewer = cast.project.memberships.get(user=cast.viewer)
    with pytest.raises(BadInput, match="no role"):
        members.set_role(cast.owner, member=viewer, role="emperor")
    members.remove_member(cast.owner, member=viewer)
    with pytest.raises(WrongState, match="not on the project any more"):
        members.set_role(cast.owner, member=viewer, role=Role.REVIEWER)


def _name(cast: SimpleNamespace, *people: User) -> None:
    set_policy(
        cast.owner, project=cast.project, policy="named", needed=2, own_approval=True,
        approvers=[person.pk for person in people],
    )  # fmt: skip


def test_a_named_approver_who_becomes_a_viewer_is_one_no_longer(cast: SimpleNamespace) -> None:
    _name(cast, cast.reviewer, cast.producer)
    member = cast.project.memberships.get(user=cast.reviewer)
    members.set_role(cast.owner, member=member, role=Role.VIEWER)
    assert deciders(cast.project) == [cast.producer]
    members.set_role(cast.owner, member=member, role=Role.REVIEWER)
    assert deciders(cast.project) == [cast.producer]


@pytest.mark.parametrize("how", ["removed", "demoted", "switched off"])
def test_where_no_named_approver_is_left_an_owner_approves(cast: SimpleNamespace, how: str) -> None:
    _name(cast, cast.reviewer)
    take = factories.make_reviewable_take(cast.project)
    reviews.ask_review(cast.producer, take=take)
    member = cast.project.memberships.get(user=cast.reviewer)
    if how == "removed":
        members.remove_member(cast.owner, member=member)
    elif how == "demoted":
        members.set_role(cast.owner, member=member, role=Role.VIEWER)
    else:
        accounts.deactivate_person(cast.administrator, person=cast.reviewer)
    assert deciders(cast.project) == [cast.owner]
    assert "None of the named approvers is left" in policy_of(cast.project).warning
    with pytest.raises(NotAllowed):
        reviews.approve(cast.producer, take=take)
    reviews.approve(cast.owner, take=take)
    assert Review.objects.get(take=take).state == "approved"
    told = Notice.objects.filter(person=cast.owner).values_list("sentence", flat=True)
    assert any("No named approver is left" in sentence for sentence in told)


def test_what_waited_for_a_removed_approver_alone_is_approved(cast: SimpleNamespace) -> None:
    _name(cast, cast.reviewer, cast.producer)
    take = factories.make_reviewable_take(cast.project)
    reviews.ask_review(cast.owner, take=take)
    reviews.approve(cast.producer, take=take)
    assert Review.objects.get(take=take).state == "waiting"
    members.remove_member(cast.owner, member=cast.project.memberships.get(user=cast.reviewer))
    assert Review.objects.get(take=take).state == "approved"


@pytest.mark.parametrize("how", ["removed", "demoted"])
def test_an_approval_counts_only_while_its_person_may_decide(
    cast: SimpleNamespace, how: str
) -> None:
    project = cast.project
    project.approval_policy, project.approvals_needed = ApprovalPolicy.COUNT, 2
    project.save()
    take = factories.make_reviewable_take(project, created_by=cast.producer)
    reviews.approve(cast.reviewer, take=take)
    member = Membership.objects.get(project=project, user=cast.reviewer)
    if how == "removed":
        members.remove_member(cast.owner, member=member)
    else:
        members.set_role(cast.owner, member=member, role=Role.VIEWER)
    assert reviews.approve(cast.owner, take=take).state == ReviewState.WAITING
    assert reviews.approve(cast.producer, take=take).state == ReviewState.APPROVED


@pytest.mark.parametrize("how", ["removed", "demoted", "promoted"])
def test_guest_links_outlive_nobodys_right_to_make_them(cast: SimpleNamespace, how: str) -> None:
    take = factories.make_take(factories.make_line(cast.project))
    issued = guests.make_guest_link(cast.producer, take=take, label="Zoe", days=30)
    token = issued.path.removeprefix("/guest/").removesuffix("/")
    member = Membership.objects.get(project=cast.project, user=cast.producer)
    if how == "promoted":
        members.set_role(cast.owner, member=member, role=Role.OWNER)
        assert guests.find_guest_link(token).take_id == take.pk
        return
    if how == "removed":
        members.remove_member(cast.owner, member=member)
    else:
        members.set_role(cast.owner, member=member, role=Role.REVIEWER)
    with pytest.raises(guests.GuestGone):
        guests.find_guest_link(token)


def test_whoever_is_removed_is_no_longer_seen_in_the_project(cast: SimpleNamespace) -> None:
    arrive(cast.reviewer, project=cast.project)
    assert here(cast.project, cast.owner).others
    member = Membership.objects.get(project=cast.project, user=cast.reviewer)
    members.remove_member(cast.owner, member=member)
    assert not here(cast.project, cast.owner).others
