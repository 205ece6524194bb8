from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps

from speech.errors import BadInput
from speech.models import Event, Membership, Project, StudioSettings, User
from speech.services.projects import create_project
from speech.services.studio import acknowledge_rights, set_limits, set_person_rights
from speech.states import Role
from tests import factories

pytestmark = pytest.mark.django_db


def _verbs(**of: object) -> list[str]:
    return list(Event.objects.filter(**of).order_by("pk").values_list("verb", flat=True))


def test_nobody_who_comes_in_has_a_right_in_the_studio() -> None:
    person = factories.make_user("new")
    assert not person.may_create_projects
    assert not person.keeps_voices


def test_rights_are_given_and_taken_one_by_one_and_each_change_is_logged(
    cast: SimpleNamespace,
) -> None:
    def set_to(**rights: bool) -> User:
        return set_person_rights(cast.administrator, person=cast.viewer, **rights)

    given = set_to(may_create_projects=True, keeps_voices=False)
    assert (given.may_create_projects, given.keeps_voices) == (True, False)
    set_to(may_create_projects=True, keeps_voices=True)
    taken = set_to(may_create_projects=False, keeps_voices=False)
    assert (taken.may_create_projects, taken.keeps_voices) == (False, False)
    assert _verbs(target=f"person {cast.viewer.pk}", actor=cast.administrator) == [
        "right to create projects given", "voice keeper added",
        "right to create projects taken", "voice keeper removed",
    ]  # fmt: skip


def test_a_right_that_is_taken_leaves_the_projects_that_were_created(cast: SimpleNamespace) -> None:
    def set_to(*, on: bool) -> User:
        return set_person_rights(
            cast.administrator, person=cast.viewer, may_create_projects=on, keeps_voices=False
        )

    project = create_project(set_to(on=True), name="Mine")
    set_to(on=False)
    assert Membership.objects.get(project=project, user=cast.viewer).role == Role.OWNER


def test_new_projects_start_with_the_budget_of_the_studio_and_others_keep_theirs(
    cast: SimpleNamespace,
) -> None:
    assert create_project(cast.administrator, name="Before").budget is None
    set_limits(cast.administrator, default_budget=Decimal(25), monthly_limit=None)
    assert create_project(cast.administrator, name="After").budget == Decimal(25)
    assert Project.objects.get(name="Before").budget is None


def test_limits_are_logged_as_they_change_and_then_count_as_decided(cast: SimpleNamespace) -> None:
    def decide(budget: Decimal | None, limit: Decimal | None) -> None:
        set_limits(cast.administrator, default_budget=budget, monthly_limit=limit)

    assert StudioSettings.load().limits_decided_at is None
    decide(None, None)
    assert StudioSettings.load().limits_decided_at is not None
    decide(Decimal(25), Decimal(100))
    decide(Decimal(25), Decimal(150))
    assert _verbs(actor=cast.administrator) == [
        "default budget changed", "monthly limit changed", "monthly limit changed",
    ]  # fmt: skip
    assert Event.objects.latest("pk").data == {"old": "$100.00", "new": "$150.00"}


@pytest.mark.parametrize("amount", [Decimal(-1), Decimal("0.001"), Decimal("NaN"), Decimal(10**7)])
def test_odd_amounts_are_refused(cast: SimpleNamespace, amount: Decimal) -> None:
    for given in (
        {"default_budget": amount, "monthly_limit": None},
        {"default_budget": None, "monthly_limit": amount},
    ):
        with pytest.raises(BadInput):
            set_limits(cast.administrator, **given)
    assert not StudioSettings.objects.filter(pk=1).exists()


# --- an upgrade ---


@pytest.fixture
def upgrade() -> Callable[[], None]:
    def run() -> None:
        module = import_module("speech.migrations.0011_studio_rights")
        module.keep_what_people_could(apps, None)

    return run


def _rights(name: str) -> tuple[bool, bool]:
    person = User.objects.get(username=name)
    return person.may_create_projects, person.keeps_voices


def test_an_upgrade_locks_nobody_out_and_lets_nobody_in(
    cast: SimpleNamespace, upgrade: Callable[[], None]
) -> None:
    own = factories.make_project(owner=cast.viewer, name="Mine", created_by=cast.viewer)
    left = factories.make_user("left")
    factories.make_project(name="Left behind", created_by=left)
    upgrade()
    assert _rights("ada") == (True, True)  # an owner
    assert _rights("bea") == (True, True)  # a producer
    assert _rights("cy") == (False, False)  # a reviewer
    assert _rights("eve") == (False, False)  # on no project
    assert _rights("left") == (True, False)  # created one, and left it
    # A viewer who made themself an owner creates on, but never was given the library.
    assert _rights("dot") == (True, False)
    assert Membership.objects.get(project=own, user=cast.viewer).role == Role.OWNER


def test_an_upgrade_limits_nothing_and_is_announced_until_somebody_has_seen_it(
    cast: SimpleNamespace, upgrade: Callable[[], None]
) -> None:
    upgrade()
    studio = StudioSettings.load()
    assert (studio.default_budget, studio.monthly_limit) == (None, None)
    assert studio.announces_rights
    acknowledge_rights(cast.administrator)
    acknowledge_rights(cast.administrator)
    assert not StudioSettings.load().announces_rights
    assert _verbs() == ["new rights acknowledged"]


def test_a_new_studio_has_nothing_to_announce(upgrade: Callable[[], None]) -> None:
    upgrade()
    assert not StudioSettings.load().announces_rights
