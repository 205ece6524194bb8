"""A project's settings of review: who has to approve, and the words that must be said right."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from speech.models import Event, Membership, Project, User
from speech.states import Role
from tests import factories


def enter(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def path(cast: SimpleNamespace, rest: str = "") -> str:
    return f"/p/{cast.project.slug}/settings/{rest}"


def verbs(cast: SimpleNamespace) -> list[str]:
    found = Event.objects.filter(project=cast.project).order_by("id")
    return list(found.values_list("verb", flat=True))


def test_a_producer_adds_changes_and_removes_a_word_and_takes_it_back(
    cast: SimpleNamespace,
) -> None:
    client = enter(cast.producer)
    given = {"word": "  Fernweh ", "respelling": "FAIRN-vay", "note": "As in the jingle"}
    html = client.post(path(cast, "words/"), given, follow=True).content.decode()
    assert "“Fernweh” is to be confirmed from now on." in html
    word = cast.project.must_say.get()
    edited = {f"word{word.pk}-word": "Fernweh", f"word{word.pk}-respelling": "FERN-vay"}
    client.post(path(cast, f"words/{word.pk}/"), edited)
    word.refresh_from_db()
    assert (word.respelling, word.note) == ("FERN-vay", "")
    html = client.post(path(cast, f"words/{word.pk}/remove/"), follow=True).content.decode()
    assert not cast.project.must_say.exists()
    undo = path(cast, "words/restore/") + f"?from={Event.objects.latest('id').pk}"
    assert f'action="{undo}"' in html
    client.post(undo)
    assert cast.project.must_say.get().respelling == "FERN-vay"
    assert verbs(cast) == [
        "must-say word added", "must-say word changed", "must-say word removed",
        "must-say word restored",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("FERNWEH", "“FERNWEH” is on the list already."),
        ("", "This field is required."),
        ("…", "Type the word or name that has to be said right."),
        ("x" * 81, "at most 80 characters"),
    ],
)
def test_a_word_that_cannot_be_kept_stays_in_the_form(
    cast: SimpleNamespace, word: str, sentence: str
) -> None:
    cast.project.must_say.create(word="Fernweh")
    given = {"word": word, "respelling": "kept as typed"}
    response = enter(cast.owner).post(path(cast, "words/"), given)
    assert response.status_code == 422
    html = response.content.decode()
    assert sentence in html
    assert "kept as typed" in html


def test_reviewers_read_the_words_and_cannot_change_them(cast: SimpleNamespace) -> None:
    word = cast.project.must_say.create(word="Fernweh", respelling="FAIRN-vay")
    html = enter(cast.reviewer).get(path(cast)).content.decode()
    assert "FAIRN-vay" in html
    assert "Add the word" not in html
    assert "One approval is enough." in html
    assert enter(cast.reviewer).post(path(cast, f"words/{word.pk}/remove/")).status_code == 403


def test_an_owner_sets_who_has_to_approve(cast: SimpleNamespace) -> None:
    members = {one.user_id: one.pk for one in cast.project.memberships.all()}
    given = {
        "policy-policy": "named", "policy-needed": "2", "policy-own_approval": "on",
        "policy-approvers": [members[cast.reviewer.pk], members[cast.producer.pk]],
    }  # fmt: skip
    response = enter(cast.owner).post(path(cast, "policy/"), given, follow=True)
    assert "Saved. It holds for every decision from now on." in response.content.decode()
    project = Project.objects.get(pk=cast.project.pk)
    assert (project.approval_policy, project.own_approval) == ("named", True)
    named = Membership.objects.filter(project=project, approver=True)
    assert {one.user_id for one in named} == {cast.reviewer.pk, cast.producer.pk}
    html = enter(cast.viewer).get(path(cast)).content.decode()
    assert "Each of these has to approve a take: bea, cy." in html


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"policy-policy": "named"}, "Name at least one approver"),
        ({"policy-policy": "count", "policy-needed": "1"}, "greater than or equal to 2"),
        ({"policy-policy": "whoever"}, "Select a valid choice"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(
    cast: SimpleNamespace, given: dict[str, str], sentence: str
) -> None:
    response = enter(cast.owner).post(path(cast, "policy/"), given)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert Project.objects.get(pk=cast.project.pk).approval_policy == "one"


def test_a_policy_that_nobody_can_meet_is_said(cast: SimpleNamespace) -> None:
    given = {"policy-policy": "count", "policy-needed": "5", "policy-own_approval": "on"}
    html = enter(cast.owner).post(path(cast, "policy/"), given, follow=True).content.decode()
    assert "Only 3 of the people here can approve" in html


def test_when_the_last_named_approver_leaves_the_settings_say_who_approves(
    cast: SimpleNamespace,
) -> None:
    cast.project.approval_policy = "named"
    cast.project.save()
    client = enter(cast.owner)
    member = factories.add_member(cast.project, factories.make_user("gil"), Role.REVIEWER)
    Membership.objects.filter(pk=member.pk).update(approver=True)
    client.post(reverse("speech:member_remove", args=[cast.project.slug, member.pk]))
    html = client.get(path(cast)).content.decode()
    assert "None of the named approvers is left." in html


def test_whoever_is_not_of_the_project_learns_nothing_of_its_words(cast: SimpleNamespace) -> None:
    other = factories.make_project(owner=cast.stranger)
    word = other.must_say.create(word="Secret")
    assert enter(cast.owner).post(path(cast, f"words/{word.pk}/remove/")).status_code == 404
    event = Event.objects.create(project=other, verb="must-say word removed", data={"word": "No"})
    enter(cast.owner).post(path(cast, f"words/restore/?from={event.pk}"))
    assert not cast.project.must_say.exists()
