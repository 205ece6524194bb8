"""Asking for a decision, deciding, and letting a decision fall when what it was about changes.

Rule: a take counts as approved once the project's policy is met by decisions in force and nobody
in force asks for changes; each decision keeps the fingerprint of what was heard. What
makes decisions end by themselves is in `speech.services.fallen`. Reason: a decision is a person's,
and is kept when it ends. Price: a policy has to be asked at each decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from speech.errors import BadInput, NotAllowed, WrongState
from speech.models import Comment, Decision, Hearing, Line, Review, Take, User
from speech.queries import approval
from speech.services.adopting import adopt_setup
from speech.services.events import hold, log, touch
from speech.services.fallen import end_decisions, move, name_of, recheck, tell_fallen
from speech.services.notices import bump, read_answered, tell
from speech.states import ApprovalPolicy, NoticeKind, ReviewState, Verdict
from speech.text import one_line, tidy

NOTE_LIMIT = 500
REASON_LIMIT = 2000
_HEARD = (ReviewState.WAITING, ReviewState.APPROVED, ReviewState.CHANGES)


@transaction.atomic
def ask_review(actor: User, *, take: Take, note: str = "") -> Review:
    """Put a take before the people who decide. Earlier decisions about it end."""
    take = _locked(take)
    _refuse_unfit(take)
    note = one_line(note)
    if len(note) > NOTE_LIMIT:
        raise BadInput(f"A note has at most {NOTE_LIMIT} characters; this one has {len(note)}.")
    review = _review_of(take)
    if review.state in {ReviewState.WAITING, ReviewState.APPROVED}:
        raise WrongState(f"This take is already {_said(review)}.")
    old = review.state
    end_decisions(review.decisions.filter(ended_at=None), why="Asked for again")
    review.asked_by, review.asked_at, review.note = actor, timezone.now(), note
    _clear_fall(review)
    move(review, ReviewState.WAITING)
    people = approval.deciders(take.project)
    log(
        actor, "review asked", project=take.project, target=f"take {take.pk}",
        old=old, new=review.state, note=note,
    )  # fmt: skip
    tell(
        [person for person in people if _may_decide(person, take)],
        kind=NoticeKind.REVIEW_ASKED, project=take.project, actor=actor,
        sentence=f"{actor.label} asks for your review of {name_of(take)} in “{take.project.name}”.",
        path=reverse("speech:review", args=[take.pk]),
    )  # fmt: skip
    _touch(take)
    return review


@transaction.atomic
def withdraw_review(actor: User, *, take: Take) -> Review:
    """The take no longer waits. What people said of it stays."""
    take = _locked(take)
    review = _review_of(take)
    if review.state != ReviewState.WAITING:
        raise WrongState("This take does not wait for a review.")
    end_decisions(review.decisions.filter(ended_at=None), why="The review was withdrawn")
    move(review, ReviewState.NONE)
    log(
        actor, "review withdrawn", project=take.project, target=f"take {take.pk}",
        old=ReviewState.WAITING, new=review.state,
    )  # fmt: skip
    bump(person.pk for person in approval.deciders(take.project))
    _touch(take)
    return review


@transaction.atomic
def approve(actor: User, *, take: Take, heard: Iterable[str] = ()) -> Review:
    """One person's approval of what the take is now. `heard`: must-say words they confirm.

    Once the project's policy is met the take is approved: its line goes with it, and is read by
    its voice with its parameters from then on.
    """
    take = _locked(take)
    _refuse_unfit(take)
    _refuse_person(actor, take)
    review = _review_of(take)
    if review.state == ReviewState.APPROVED:
        raise WrongState("This take is already approved.")
    needed = [word.word for word in approval.words_in(take.text, take.project.must_say.all())]
    confirmed = {word.casefold() for word in heard}
    unheard = [word for word in needed if word.casefold() not in confirmed]
    if unheard:
        words = ", ".join(f"“{word}”" for word in unheard)
        raise BadInput(f"Confirm first that you heard {words} said right.")
    old = review.state
    if review.state != ReviewState.CHANGES:
        _clear_fall(review)
    _decide(actor, review, take, verdict=Verdict.APPROVE, heard=needed)
    decisions = list(review.decisions.filter(ended_at=None))
    refused = any(one.verdict == Verdict.CHANGES for one in decisions)
    if refused:
        move(review, ReviewState.CHANGES)
    elif approval.is_met(take.project, decisions):
        _make_approved(actor, review, take)
    else:
        move(review, ReviewState.WAITING)
    log(
        actor, "take approved", project=take.project, target=f"take {take.pk}",
        old=old, new=review.state, heard=needed,
    )  # fmt: skip
    outcome = "" if review.state == ReviewState.APPROVED else ", and more has to be said"
    _tell_makers(actor, review, take, f"{actor.label} approved {name_of(take)}{outcome}.")
    _touch(take)
    return review


@transaction.atomic
def ask_changes(actor: User, *, take: Take, reason: str) -> Review:
    """One person's wish for another take. The reason opens a thread, which a re-take answers."""
    take = _locked(take)
    _refuse_unfit(take, stale_too=False)
    reason = tidy(reason)
    if not reason:
        raise BadInput("Say what should change.")
    if len(reason) > REASON_LIMIT:
        raise BadInput(f"At most {REASON_LIMIT:,} characters; these are {len(reason):,}.")
    review = _review_of(take)
    if review.state == ReviewState.SUPERSEDED:
        raise WrongState("Another take of this line was approved instead.")
    old = review.state
    _decide(actor, review, take, verdict=Verdict.CHANGES, reason=reason)
    if old == ReviewState.APPROVED:
        others = review.decisions.filter(ended_at=None, verdict=Verdict.APPROVE)
        tell_fallen(actor, take, others, f"{actor.label} asks for changes: {reason}")
        end_decisions(others, why=f"{actor.label} asked for changes")
    _clear_fall(review)
    move(review, ReviewState.CHANGES)
    Comment.objects.create(take=take, author=actor, text=reason)
    log(
        actor, "changes asked", project=take.project, target=f"take {take.pk}",
        old=old, new=review.state, reason=reason,
    )  # fmt: skip
    said = f"{actor.label} asks for changes to {name_of(take)}: {reason}"
    _tell_makers(actor, review, take, said)
    _touch(take)
    return review


@transaction.atomic
def take_back(actor: User, *, take: Take) -> Review:
    """Somebody takes their own decision back; the take waits again if it was decided by it."""
    take = _locked(take)
    review = _review_of(take)
    mine = review.decisions.filter(by=actor, ended_at=None)
    if not mine.exists():
        raise WrongState("You have no decision on this take that could be taken back.")
    old = review.state
    end_decisions(mine, why="Taken back")
    rest = list(review.decisions.filter(ended_at=None))
    if any(one.verdict == Verdict.CHANGES for one in rest):
        move(review, ReviewState.CHANGES)
    elif not (review.state == ReviewState.APPROVED and approval.is_met(take.project, rest)):
        move(review, ReviewState.WAITING)
    log(
        actor, "decision taken back", project=take.project, target=f"take {take.pk}",
        old=old, new=review.state,
    )  # fmt: skip
    bump(person.pk for person in approval.deciders(take.project))
    _touch(take)
    if review.state == ReviewState.WAITING:
        # Nothing looked after it while changes were asked for: the line may have moved on, or the
        # others said enough.
        recheck(actor, lines=[take.line_id])
        settle(actor, take=take)
        review.refresh_from_db()
    return review


def note_hearing(actor: User, *, take: Take) -> None:
    """This person has played this take to its end."""
    Hearing.objects.get_or_create(take=take, user=actor)


def settle(actor: User, *, take: Take) -> None:
    """Approve what waits and has approvals enough under a policy that was just relaxed."""
    take = _locked(take)
    review = _review_of(take)
    decisions = list(review.decisions.filter(ended_at=None))
    if take.project.archived_at is not None or review.state != ReviewState.WAITING:
        return
    if approval.lacks_consent(take):
        return
    if approval.is_met(take.project, decisions):
        _make_approved(actor, review, take)
        log(
            actor, "take approved", project=take.project, target=f"take {take.pk}",
            old=ReviewState.WAITING, new=review.state, heard=[],
        )  # fmt: skip
        said = f"{name_of(take)} in “{take.project.name}” is approved."
        _tell_makers(actor, review, take, said[0].upper() + said[1:])
        _touch(take)


def still_holds(review: Review) -> bool:
    return approval.still_holds(review)


def _make_approved(actor: User, review: Review, take: Take) -> None:
    _supersede_others(actor, take)
    move(review, ReviewState.APPROVED)
    before = take.line.chosen_take_id
    adopt_setup(actor, take=take)
    Line.objects.filter(pk=take.line_id).update(chosen_take=take)
    if before and before != take.pk:
        touch(take.project_id, takes=[before])


def _supersede_others(actor: User, take: Take) -> None:
    """The line has one approved take; those that wait are no longer asked about."""
    others = Review.objects.select_related("take").filter(
        line=take.line, state__in=(ReviewState.APPROVED, ReviewState.WAITING)
    )
    for review in others.exclude(take=take):
        why = f"Take {take.number} was approved instead."
        decisions = review.decisions.filter(ended_at=None)
        if review.state == ReviewState.APPROVED:
            review.take.project = take.project
            review.take.line = take.line
            approvals = decisions.filter(verdict=Verdict.APPROVE)
            tell_fallen(actor, review.take, approvals, why)
        end_decisions(decisions, why=why)
        old = review.state
        move(review, ReviewState.SUPERSEDED)
        log(
            actor, "take superseded", project=take.project, target=f"take {review.take_id}",
            old=old, new=review.state, by=take.number,
        )  # fmt: skip
        touch(take.project_id, takes=[review.take_id])


def _decide(
    actor: User,
    review: Review,
    take: Take,
    *,
    verdict: Verdict,
    reason: str = "",
    heard: Sequence[str] = (),
) -> Decision:
    end_decisions(review.decisions.filter(by=actor, ended_at=None), why="Decided anew")
    asked = reverse("speech:review", args=[take.pk])
    read_answered(actor, kind=NoticeKind.REVIEW_ASKED, path=asked)
    bump(person.pk for person in approval.deciders(take.project))
    return Decision.objects.create(
        review=review,
        by=actor,
        verdict=verdict,
        reason=reason,
        fingerprint=approval.mark_of_take(take),
        heard_words=list(heard),
        played_to_end=take.hearings.filter(user=actor).exists(),
    )


def _refuse_unfit(take: Take, *, stale_too: bool = True) -> None:
    if take.project.archived_at is not None:
        raise WrongState("This project is archived. Restore it to decide about its takes.")
    if not take.is_done:
        raise WrongState("Only a finished take can be reviewed.")
    if take.is_draft:
        raise WrongState(
            "A draft take is a stand-in for timing and script checks; it cannot be approved."
        )
    if take.archived_at is not None:
        raise WrongState("This take is archived. Restore it first.")
    if stale_too and (missing := approval.lacks_consent(take)):
        raise WrongState(missing)
    for one in approval.hindrances(take) if stale_too else ():
        what = "Its line’s text" if one.what == "Text" else "The reference clip of its voice"
        raise WrongState(f"{what} was changed since this take was made. Make a new take.")


def _refuse_person(actor: User, take: Take) -> None:
    project = take.project
    if not project.own_approval and take.created_by_id == actor.pk:
        raise NotAllowed("On this project nobody approves a take that they made themselves.")
    if project.approval_policy == ApprovalPolicy.NAMED:
        named = approval.deciders(project)
        if actor not in named:
            names = ", ".join(person.label for person in named) or "nobody yet"
            raise NotAllowed(f"On this project only the named approvers approve: {names}.")


def _may_decide(person: User, take: Take) -> bool:
    return take.project.own_approval or take.created_by_id != person.pk


def _locked(take: Take) -> Take:
    """The take as it is now, under the lock of its line: decisions about a line queue up."""
    hold(take.project_id)
    Line.objects.select_for_update(of=("self",)).get(pk=take.line_id)
    return Take.objects.select_related(
        "project__voice", "voice", "line__voice", "line__project__voice", "created_by"
    ).get(pk=take.pk)


def _review_of(take: Take) -> Review:
    review, _ = Review.objects.get_or_create(
        take=take, defaults={"line": take.line, "project": take.project}
    )
    return review


def _clear_fall(review: Review) -> None:
    review.fell_from, review.fell_at, review.fell_why, review.fell_changes = "", None, "", []


def _said(review: Review) -> str:
    return "approved" if review.state == ReviewState.APPROVED else "waiting for review"


def _tell_makers(actor: User, review: Review, take: Take, sentence: str) -> None:
    people = {one.pk: one for one in (review.asked_by, take.created_by) if one is not None}
    tell(
        people.values(), kind=NoticeKind.DECISION, project=take.project, actor=actor,
        sentence=sentence, path=take.get_absolute_url(),
    )  # fmt: skip


def _touch(take: Take) -> None:
    touch(take.project_id, takes=[take.pk], lines=[take.line_id])
