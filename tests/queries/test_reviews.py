"""The queue: the rules of who decides, as one query, beside the services that refuse."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from speech.errors import StudioError
from speech.models import Membership, Take, User
from speech.queries import reviews as queries
from speech.queries.reviews import Show
from speech.services import lines, projects, reviews
from speech.states import ApprovalPolicy
from tests import factories

PEOPLE = ("owner", "producer", "reviewer", "viewer", "stranger", "administrator")


def waits_for(user: User) -> set[int]:
    return set(queries.waiting_for(user).values_list("take", flat=True))


def could_approve(user: User, take: Take) -> bool:
    """Whether the service lets this member do it; taken back at once."""
    if not Membership.objects.filter(user=user, project=take.project).exclude(role="viewer"):
        return False
    try:
        reviews.approve(user, take=take)
    except StudioError:
        return False
    reviews.take_back(user, take=take)
    return True


@pytest.mark.parametrize("own_approval", [True, False])
@pytest.mark.parametrize("policy", ["one", "count", "named", "named, none left"])
def test_a_take_waits_for_exactly_those_who_could_approve_it(
    cast: SimpleNamespace, policy: str, own_approval: bool
) -> None:
    take = factories.make_reviewable_take(cast.project, created_by=cast.producer)
    cast.project.own_approval = own_approval
    cast.project.approval_policy = ApprovalPolicy(policy.split(",", maxsplit=1)[0])
    cast.project.save()
    if policy == "named":
        cast.project.memberships.filter(user__in=[cast.reviewer, cast.producer]).update(
            approver=True
        )
    reviews.ask_review(cast.producer, take=take)
    for name in PEOPLE:
        person = getattr(cast, name)
        assert queries.waiting_count(person) == len(waits_for(person)), name
        assert (take.pk in waits_for(person)) == could_approve(person, take), name


def test_what_is_decided_archived_or_gone_waits_no_longer(cast: SimpleNamespace) -> None:
    takes = [factories.make_reviewable_take(cast.project, f"Line {n}.") for n in range(3)]
    for take in takes:
        reviews.ask_review(cast.producer, take=take)
    assert queries.waiting_count(cast.reviewer) == 3
    reviews.approve(cast.reviewer, take=takes[0])
    lines.delete_line(cast.owner, line=takes[1].line)
    assert waits_for(cast.reviewer) == {takes[2].pk}
    projects.archive_project(cast.owner, project=cast.project)
    assert queries.waiting_count(cast.reviewer) == 0


def test_one_of_several_approvals_is_not_asked_for_twice(cast: SimpleNamespace) -> None:
    cast.project.approval_policy = ApprovalPolicy.COUNT
    cast.project.save()
    take = factories.make_reviewable_take(cast.project)
    reviews.ask_review(cast.producer, take=take)
    reviews.approve(cast.reviewer, take=take)
    assert waits_for(cast.reviewer) == set()
    assert waits_for(cast.owner) == {take.pk}


def test_pages_and_places_follow_the_order_in_which_people_asked(cast: SimpleNamespace) -> None:
    takes = [factories.make_reviewable_take(cast.project, f"Line {n}.") for n in range(30)]
    for take in takes:
        reviews.ask_review(cast.producer, take=take)
    first, after = queries.rows(cast.reviewer, show=Show.MINE)
    rest, end = queries.rows(cast.reviewer, show=Show.MINE, after=after)
    assert [row.review.take_id for row in (*first, *rest)] == [take.pk for take in takes]
    assert end is None
    place = queries.place_of(takes[6].review, cast.reviewer, show=Show.MINE)
    assert (place.said, place.following) == ("7 of 30", takes[7].pk)
    last = queries.place_of(takes[-1].review, cast.reviewer, show=Show.MINE)
    assert (last.said, last.following) == ("30 of 30", takes[0].pk)
    reviews.approve(cast.reviewer, take=takes[6])
    takes[6].review.refresh_from_db()
    gone = queries.place_of(takes[6].review, cast.reviewer, show=Show.MINE)
    assert (gone.said, gone.following) == ("29 waiting", takes[7].pk)


def test_what_i_decided_is_listed_with_the_newest_first(cast: SimpleNamespace) -> None:
    takes = [factories.make_reviewable_take(cast.project, f"Line {n}.") for n in range(28)]
    for take in takes:
        reviews.ask_changes(cast.reviewer, take=take, reason="Slower.")
    first, after = queries.rows(cast.reviewer, show=Show.DECIDED)
    rest, _ = queries.rows(cast.reviewer, show=Show.DECIDED, after=after)
    assert [row.review.take_id for row in (*first, *rest)] == [take.pk for take in takes[::-1]]


def test_a_count_beyond_ninety_nine_is_not_counted_out(cast: SimpleNamespace) -> None:
    assert queries.counted(7) == "7"
    assert queries.counted(100) == "99+"
