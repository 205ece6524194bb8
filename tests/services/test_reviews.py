"""Deciding about takes: who may, what it is bound to, and when it falls."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction

from speech.errors import BadInput, NotAllowed, WrongState
from speech.models import Event, Line, Membership, Project, Review, Take
from speech.queries import approval
from speech.services import lines, projects, reviews, takes
from speech.services import policy as policies
from speech.states import ApprovalPolicy, ReviewState, Verdict
from tests import factories
from tests.services.review_stage import change_text, state, told

R = ReviewState


def test_from_asked_to_approved(stage: SimpleNamespace) -> None:
    take = stage.take()
    reviews.ask_review(stage.cast.producer, take=take, note="  for  Tuesday ")
    assert state(take) == R.WAITING
    assert told(stage.cast.reviewer) == ["review_asked"]
    assert told(stage.cast.viewer) == []
    assert told(stage.cast.producer) == []
    review = reviews.approve(stage.cast.reviewer, take=take)
    assert review.state == R.APPROVED
    assert Line.objects.get(pk=stage.line.pk).chosen_take == take
    assert reviews.still_holds(Review.objects.get(take=take))
    assert told(stage.cast.producer) == ["decision"]
    verbs = set(Event.objects.values_list("verb", flat=True))
    assert {"review asked", "take approved"} <= verbs


@pytest.mark.parametrize("unfit", ["draft", "archived", "failed", "stale", "project"])
def test_what_cannot_be_approved(stage: SimpleNamespace, unfit: str) -> None:
    take = stage.take()
    if unfit == "draft":
        Take.objects.filter(pk=take.pk).update(engine="draft")
    elif unfit == "archived":
        takes.archive_take(stage.cast.owner, take=take, on=True)
    elif unfit == "failed":
        take = stage.take(state="failed")
    elif unfit == "stale":
        lines.edit_line(stage.cast.owner, line=stage.line, text="Other words.")
    else:
        projects.archive_project(stage.cast.owner, project=stage.project)
    with pytest.raises(WrongState):
        reviews.ask_review(stage.cast.producer, take=take)
    with pytest.raises(WrongState):
        reviews.approve(stage.cast.reviewer, take=take)
    assert not Review.objects.filter(state=R.APPROVED).exists()


def test_several_approvals_are_of_several_people(stage: SimpleNamespace) -> None:
    stage.project.approval_policy = ApprovalPolicy.COUNT
    stage.project.save()
    take = stage.take()
    reviews.ask_review(stage.cast.producer, take=take)
    reviews.approve(stage.cast.reviewer, take=take)
    assert state(take) == R.WAITING
    reviews.approve(stage.cast.reviewer, take=take)
    assert state(take) == R.WAITING
    reviews.approve(stage.cast.owner, take=take)
    assert state(take) == R.APPROVED


def test_named_approvers_all_have_to_say_yes(stage: SimpleNamespace) -> None:
    cast = stage.cast
    policy = {"project": stage.project, "policy": "named", "needed": 2, "own_approval": True}
    with pytest.raises(BadInput):
        policies.set_policy(cast.owner, approvers=[cast.viewer.pk], **policy)
    policies.set_policy(cast.owner, approvers=[cast.reviewer.pk, cast.owner.pk], **policy)
    take = stage.take()
    reviews.ask_review(cast.producer, take=take)
    with pytest.raises(NotAllowed, match="ada, cy"):
        reviews.approve(cast.producer, take=take)
    reviews.approve(cast.reviewer, take=take)
    assert state(take) == R.WAITING
    reviews.approve(cast.owner, take=take)
    assert state(take) == R.APPROVED


def test_a_relaxed_policy_approves_what_has_enough(stage: SimpleNamespace) -> None:
    stage.project.approval_policy = ApprovalPolicy.COUNT
    stage.project.save()
    take = stage.take()
    reviews.approve(stage.cast.reviewer, take=take)
    assert state(take) == R.WAITING
    policies.set_policy(
        stage.cast.owner, project=stage.project, policy="one", needed=2, own_approval=True,
        approvers=[],
    )  # fmt: skip
    assert state(take) == R.APPROVED
    assert not Membership.objects.filter(approver=True).exists()


def test_nobody_approves_their_own_take_where_that_is_the_rule(stage: SimpleNamespace) -> None:
    stage.project.own_approval = False
    stage.project.save()
    take = stage.take()
    with pytest.raises(NotAllowed):
        reviews.approve(stage.cast.producer, take=take)
    reviews.approve(stage.cast.owner, take=take)
    assert state(take) == R.APPROVED


def test_changes_need_a_reason_and_outweigh_approvals(stage: SimpleNamespace) -> None:
    take = stage.take()
    with pytest.raises(BadInput):
        reviews.ask_changes(stage.cast.reviewer, take=take, reason=" ")
    reviews.ask_changes(stage.cast.reviewer, take=take, reason="Slower on “ninety”.")
    assert state(take) == R.CHANGES
    assert [comment.text for comment in take.comments.all()] == ["Slower on “ninety”."]
    reviews.approve(stage.cast.owner, take=take)
    assert state(take) == R.CHANGES
    reviews.approve(stage.cast.reviewer, take=take)
    assert state(take) == R.APPROVED


def test_a_decision_can_be_taken_back(stage: SimpleNamespace) -> None:
    take = stage.take()
    reviews.approve(stage.cast.reviewer, take=take)
    with pytest.raises(WrongState):
        reviews.take_back(stage.cast.owner, take=take)
    reviews.take_back(stage.cast.reviewer, take=take)
    assert state(take) == R.WAITING


def _policy(stage: SimpleNamespace, policy: ApprovalPolicy, *, own: bool = True) -> None:
    policies.set_policy(
        stage.cast.owner, project=Project.objects.get(pk=stage.project.pk), policy=policy,
        needed=2, own_approval=own, approvers=[],
    )  # fmt: skip


@pytest.mark.parametrize("then", [ApprovalPolicy.ONE, ApprovalPolicy.COUNT])
def test_own_approvals_count_no_longer_once_that_is_the_rule(
    stage: SimpleNamespace, then: ApprovalPolicy
) -> None:
    _policy(stage, ApprovalPolicy.COUNT)
    take = stage.take()
    reviews.approve(stage.cast.producer, take=take)
    _policy(stage, then, own=False)
    assert state(take) == R.WAITING
    reviews.approve(stage.cast.reviewer, take=take)
    assert state(take) == (R.APPROVED if then == ApprovalPolicy.ONE else R.WAITING)


def test_taking_back_the_only_objection_lets_the_approvals_hold(stage: SimpleNamespace) -> None:
    _policy(stage, ApprovalPolicy.COUNT)
    take = stage.take()
    reviews.approve(stage.cast.reviewer, take=take)
    reviews.ask_changes(stage.cast.owner, take=take, reason="Too slow.")
    reviews.approve(stage.cast.producer, take=take)
    assert state(take) == R.CHANGES
    assert reviews.take_back(stage.cast.owner, take=take).state == R.APPROVED
    assert reviews.still_holds(Review.objects.get(take=take))


@pytest.mark.parametrize("how", ["edited", "archived"])
def test_taking_back_an_objection_does_not_let_a_take_wait_that_cannot_be_approved(
    stage: SimpleNamespace, how: str
) -> None:
    take = stage.take()
    reviews.ask_changes(stage.cast.owner, take=take, reason="Too slow.")
    if how == "edited":
        lines.edit_line(stage.cast.owner, line=stage.line, text="Something else.")
    else:
        takes.archive_take(stage.cast.owner, take=take, on=True)
    assert reviews.take_back(stage.cast.owner, take=take).state == R.NONE


def test_must_say_words_are_confirmed_one_by_one(stage: SimpleNamespace) -> None:
    stage.project.must_say.create(word="fernweh", respelling="FAIRN-vay")
    stage.project.must_say.create(word="ninety seconds")
    stage.project.must_say.create(word="boil")
    take = stage.take()
    with pytest.raises(BadInput, match="fernweh”, “ninety seconds”"):
        reviews.approve(stage.cast.reviewer, take=take, heard=["boil"])
    reviews.approve(stage.cast.reviewer, take=take, heard=["Fernweh", "ninety seconds"])
    decision = take.review.decisions.get()
    assert decision.heard_words == ["fernweh", "ninety seconds"]
    assert not decision.played_to_end


def test_it_is_kept_whether_the_take_was_played_to_its_end(stage: SimpleNamespace) -> None:
    take = stage.take()
    reviews.note_hearing(stage.cast.reviewer, take=take)
    reviews.note_hearing(stage.cast.reviewer, take=take)
    reviews.approve(stage.cast.reviewer, take=take)
    assert take.review.decisions.get().played_to_end


def test_a_line_has_one_approved_take(stage: SimpleNamespace) -> None:
    first, second, third = stage.take(), stage.take(), stage.take()
    reviews.approve(stage.cast.reviewer, take=first)
    reviews.ask_review(stage.cast.producer, take=third)
    reviews.approve(stage.cast.owner, take=second)
    assert [state(take) for take in (first, second, third)] == [
        R.SUPERSEDED, R.APPROVED, R.SUPERSEDED,
    ]  # fmt: skip
    assert "approval_fell" in told(stage.cast.reviewer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(take=first).update(state=R.APPROVED)


def test_a_review_can_be_withdrawn_and_asked_again(stage: SimpleNamespace) -> None:
    take = stage.take()
    reviews.ask_review(stage.cast.producer, take=take)
    with pytest.raises(WrongState):
        reviews.ask_review(stage.cast.producer, take=take)
    reviews.withdraw_review(stage.cast.producer, take=take)
    assert state(take) == R.NONE
    with pytest.raises(WrongState):
        reviews.withdraw_review(stage.cast.producer, take=take)
    reviews.ask_review(stage.cast.producer, take=take)
    assert state(take) == R.WAITING


def test_a_sound_that_was_exchanged_is_not_what_was_approved(stage: SimpleNamespace) -> None:
    take = stage.take()
    reviews.approve(stage.cast.reviewer, take=take)
    Take.objects.filter(pk=take.pk).update(sha256="f" * 64)
    assert not reviews.still_holds(Review.objects.get(take=take))


def test_words_are_found_whole_and_in_any_case(stage: SimpleNamespace) -> None:
    for word in ("Fernweh", "C++", "it’s", "Ænima"):
        stage.project.must_say.create(word=word)
    found = {
        text: [one.word for one in approval.words_in(text, stage.project.must_say.all())]
        for text in ("FERNWEH!", "Fernwehs", "learn C++ now", "it's fine", "ÆNIMA, again")
    }
    assert list(found.values()) == [["Fernweh"], [], ["C++"], ["it’s"], ["Ænima"]]


def test_the_name_of_a_tag_is_no_word_to_confirm(stage: SimpleNamespace) -> None:
    stage.project.must_say.create(word="laugh")
    for text, found in (("Ha. [laugh] Again.", 0), ("[laugh] A good laugh.", 1)):
        assert len(approval.words_in(text, stage.project.must_say.all())) == found, text


def test_decisions_are_kept_when_they_end(stage: SimpleNamespace) -> None:
    take = stage.take()
    reviews.approve(stage.cast.reviewer, take=take)
    change_text(stage)
    decision = take.review.decisions.get()
    assert decision.verdict == Verdict.APPROVE
    assert decision.ended_at is not None
    assert "text" in decision.ended_why


def test_candidates_may_differ_and_the_winner_sets_its_line(stage: SimpleNamespace) -> None:
    """Takes with other parameters are what the board compares; the approved one is the line's."""
    warm, cold = stage.take(temperature=1.1), stage.take(temperature=0.4)
    other = factories.make_voice("Ben", sha256="b" * 64)
    third = stage.take(voice=other, voice_name="Ben", reference_sha256="b" * 64)
    for take in (warm, cold, third):
        reviews.ask_review(stage.cast.producer, take=take)
    reviews.approve(stage.cast.reviewer, take=third)
    line = Line.objects.get(pk=stage.line.pk)
    assert (line.voice, line.params, line.chosen_take) == (other, {}, third)
    reviews.approve(stage.cast.owner, take=warm)
    line.refresh_from_db()
    assert (line.voice, line.params, line.chosen_take) == (None, {"temperature": 1.1}, warm)
    assert [state(take) for take in (warm, cold, third)] == [
        R.APPROVED, R.SUPERSEDED, R.SUPERSEDED,
    ]  # fmt: skip
    assert reviews.still_holds(Review.objects.get(take=warm))
    assert Event.objects.filter(verb="line setup adopted").count() == 2


def test_a_take_whose_clip_was_exchanged_cannot_be_approved(stage: SimpleNamespace) -> None:
    take = stage.take()
    stage.voice.sha256 = "c" * 64
    stage.voice.save()
    with pytest.raises(WrongState, match="reference clip"):
        reviews.approve(stage.cast.reviewer, take=take)
