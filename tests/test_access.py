from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.http import Http404

from speech import access
from speech.access import ROLE_CAN, Can
from speech.errors import NotAllowed
from speech.models import Membership
from speech.services.lines import delete_line, restore_line
from speech.states import Role
from tests import factories

pytestmark = pytest.mark.django_db


def test_each_role_may_do_what_the_table_says_and_nothing_else(cast: SimpleNamespace) -> None:
    for role in Role:
        person = getattr(cast, role.value)
        for need in Can:
            if need in ROLE_CAN[role]:
                assert access.get_project(person, cast.project.slug, need) == cast.project
            else:
                with pytest.raises(NotAllowed, match="role"):
                    access.get_project(person, cast.project.slug, need)


def test_a_stranger_learns_nothing_not_even_that_it_exists(cast: SimpleNamespace) -> None:
    line = factories.make_line(cast.project)
    take = factories.make_take(line)
    voice = factories.make_voice()
    for ask in (
        lambda: access.get_project(cast.stranger, cast.project.slug),
        lambda: access.get_project(cast.stranger, "no-such-project"),
        lambda: access.get_line(cast.stranger, line.pk),
        lambda: access.get_take(cast.stranger, take.pk),
        lambda: access.get_voice(cast.stranger, voice.pk),
        lambda: access.need_studio(cast.stranger, Can.VOICES),
    ):
        with pytest.raises(Http404):
            ask()


def test_an_administrator_may_do_everything(cast: SimpleNamespace) -> None:
    assert access.capabilities(cast.administrator, cast.project) == frozenset(Can)


def test_somebody_who_was_deactivated_may_do_nothing(cast: SimpleNamespace) -> None:
    cast.owner.is_active = False
    assert access.capabilities(cast.owner, cast.project) == frozenset()
    assert access.studio_capabilities(cast.owner) == frozenset()


def test_takes_of_a_deleted_line_are_out_of_reach_until_it_comes_back(
    cast: SimpleNamespace,
) -> None:
    line = factories.make_line(cast.project)
    take = factories.make_take(line)
    delete_line(cast.owner, line=line)
    with pytest.raises(Http404):
        access.get_take(cast.owner, take.pk)
    with pytest.raises(Http404):
        access.get_line(cast.owner, line.pk)

    restore_line(cast.owner, line=access.get_line(cast.owner, line.pk, deleted=True))
    assert access.get_take(cast.owner, take.pk) == take


def test_whoever_edits_a_project_adds_voices_and_changes_those_they_added(
    cast: SimpleNamespace,
) -> None:
    voice = factories.make_voice(created_by=cast.producer)
    for person in (cast.owner, cast.producer):
        access.need_studio(person, Can.VOICES)
    assert access.get_voice(cast.producer, voice.pk, Can.VOICES) == voice
    assert access.may_change_voice(cast.producer, voice)
    for person in (cast.owner, cast.reviewer, cast.viewer):
        assert access.get_voice(person, voice.pk) == voice
        assert not access.may_change_voice(person, voice)
        with pytest.raises(NotAllowed, match="somebody else"):
            access.get_voice(person, voice.pk, Can.VOICES)
    for person in (cast.reviewer, cast.viewer):
        with pytest.raises(NotAllowed):
            access.need_studio(person, Can.VOICES)


def test_whoever_lost_the_right_to_edit_changes_their_own_voices_no_more(
    cast: SimpleNamespace,
) -> None:
    voice = factories.make_voice(created_by=cast.producer)
    Membership.objects.filter(user=cast.producer).update(role=Role.REVIEWER)
    with pytest.raises(NotAllowed):
        access.get_voice(cast.producer, voice.pk, Can.VOICES)


def test_keepers_of_the_library_change_and_delete_any_voice_on_no_project(
    cast: SimpleNamespace,
) -> None:
    cast.stranger.keeps_voices = True
    voice = factories.make_voice(created_by=cast.producer)
    factories.make_line(cast.project, voice=voice)
    access.need_studio(cast.stranger, Can.VOICES)
    assert access.get_voice(cast.stranger, voice.pk, Can.VOICES, to_delete=True) == voice
    with pytest.raises(Http404):
        access.get_project(cast.stranger, cast.project.slug)
    with pytest.raises(NotAllowed):
        access.need_studio(cast.stranger, Can.CREATE_PROJECTS)


def test_a_voice_that_others_use_is_deleted_by_keepers_alone(cast: SimpleNamespace) -> None:
    """Their lines would be without a voice."""
    voice = factories.make_voice(created_by=cast.producer)
    factories.make_line(cast.project, voice=voice)
    assert access.get_voice(cast.producer, voice.pk, Can.VOICES, to_delete=True) == voice
    assert access.may_delete_voice(cast.producer, voice)

    factories.make_project(owner=cast.stranger, voice=voice)
    assert access.get_voice(cast.producer, voice.pk, Can.VOICES) == voice
    assert not access.may_delete_voice(cast.producer, voice)
    with pytest.raises(NotAllowed, match="archive it"):
        access.get_voice(cast.producer, voice.pk, Can.VOICES, to_delete=True)
    assert access.may_delete_voice(cast.administrator, voice)


@pytest.mark.parametrize("role", ["owner", "producer", "reviewer", "viewer", "stranger"])
def test_no_role_in_a_project_lets_anybody_create_another(cast: SimpleNamespace, role: str) -> None:
    """The fault this is for: with a project of one's own comes the right to spend."""
    person = getattr(cast, role)
    with pytest.raises(NotAllowed, match="administrator"):
        access.need_studio(person, Can.CREATE_PROJECTS)
    person.may_create_projects = True
    access.need_studio(person, Can.CREATE_PROJECTS)
    person.is_active = False
    with pytest.raises(NotAllowed):
        access.need_studio(person, Can.CREATE_PROJECTS)


def test_a_voice_whose_consent_is_not_stated_belongs_to_its_project(cast: SimpleNamespace) -> None:
    voice = factories.make_unlisted_voice(cast.project)
    elsewhere = factories.make_project(owner=cast.stranger)
    assert access.get_voice(cast.viewer, voice.pk) == voice
    assert access.get_voice(cast.producer, voice.pk, Can.VOICES) == voice
    with pytest.raises(NotAllowed):
        access.get_voice(cast.reviewer, voice.pk, Can.VOICES)
    with pytest.raises(Http404):
        access.get_voice(cast.stranger, voice.pk)
    assert access.projects_where(cast.producer, Can.VOICES) == {cast.project.pk}
    assert access.projects_where(cast.reviewer, Can.VOICES) == frozenset()
    assert access.projects_where(cast.administrator, Can.MANAGE) == {cast.project.pk, elsewhere.pk}


def test_a_key_is_fetched_through_its_project_and_at_its_address(cast: SimpleNamespace) -> None:
    key = factories.make_key(cast.project)
    other = factories.make_project(owner=cast.owner)
    assert access.get_key(cast.owner, cast.project.slug, key.pk) == key
    with pytest.raises(NotAllowed):
        access.get_key(cast.producer, cast.project.slug, key.pk)
    for person, slug in ((cast.stranger, cast.project.slug), (cast.owner, other.slug)):
        with pytest.raises(Http404):
            access.get_key(person, slug, key.pk)
