from __future__ import annotations

from types import SimpleNamespace

import pytest

from speech.errors import BadInput, WrongState
from speech.models import Event, User
from speech.services import members
from speech.states import Role
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
