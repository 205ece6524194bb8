"""Asking for a decision, deciding, and letting a decision fall when what it was about changes.

Rule: a take counts as approved once the project's policy is met by decisions in force and nobody
in force asks for changes; each decision keeps the fingerprint of what was heard. Whatever changes
a line, a voice, a project's defaults or the choice calls `recheck`, which ends the decisions that
no longer fit and tells whoever made them. An approval that fell stays fallen, also when the line
returns to what it was: somebody says so again, with one press. Reason: an approval that comes and
goes by itself is none. Price: typing a letter into an approved line and taking it back costs one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from speech.errors import BadInput, NotAllowed, WrongState
from speech.models import Comment, Decision, Hearing, Line, Project, Review, Take, User, Voice
from speech.queries import approval
from speech.queries.staleness import Difference
from speech.queries.takes import stale_differences
from speech.services.events import log, touch
from speech.services.notices import bump, tell
from speech.states import ApprovalPolicy, NoticeKind, ReviewState, Verdict

NOTE_LIMIT = 500
REASON_LIMIT = 2000
_HEARD = (ReviewState.WAITING, ReviewState.APPROVED, ReviewState.CHANGES)


@transaction.atomic
def ask_review(actor: User, *, take: Take, note: str = "") -> Review:
    """Put a take before the people who decide. Earlier decisions about it end."""
    take = _locked(take)
    _refuse_unfit(take)
    note = " ".join(note.replace("\x00", "").split())
    if len(note) > NOTE_LIMIT:
        raise BadInput(f"A note has at most {NOTE_LIMIT} characters; this one has {len(note)}.")
    review = _review_of(take)
    if review.state in {ReviewState.WAITING, ReviewState.APPROVED}:
        raise WrongState(f"This take is already {_said(review)}.")
    old = review.state
    _end(review.decisions.filter(ended_at=None), why="Asked for again")
    review.asked_by, review.asked_at, review.note = actor, timezone.now(), note
    _clear_fall(review)
    _move(review, ReviewState.WAITING)
    people = approval.deciders(take.project)
    log(
        actor, "review asked", project=take.project, target=f"take {take.pk}",
        old=old, new=review.state, note=note,
    )  # fmt: skip
    tell(
        [person for person in people if _may_decide(person, take)],
        kind=NoticeKind.REVIEW_ASKED, project=take.project, actor=actor,
        sentence=f"{actor.label} asks for your review of {_name(take)} in “{take.project.name}”.",
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
    _end(review.decisions.filter(ended_at=None), why="The review was withdrawn")
    _move(review, ReviewState.NONE)
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

    The take becomes approved, and its line's chosen one, once the project's policy is met.
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
        _move(review, ReviewState.CHANGES)
    elif approval.is_met(take.project, decisions):
        _make_approved(actor, review, take)
    else:
        _move(review, ReviewState.WAITING)
    log(
        actor, "take approved", project=take.project, target=f"take {take.pk}",
        old=old, new=review.state, heard=needed,
    )  # fmt: skip
    outcome = "" if review.state == ReviewState.APPROVED else ", and more has to be said"
    _tell_makers(actor, review, take, f"{actor.label} approved {_name(take)}{outcome}.")
    _touch(take)
    return review


@transaction.atomic
def ask_changes(actor: User, *, take: Take, reason: str) -> Review:
    """One person's wish for another take. The reason opens a thread, which a re-take answers."""
    take = _locked(take)
    _refuse_unfit(take, stale_too=False)
    reason = reason.replace("\x00", "").strip()
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
        _tell_fallen(actor, take, others, f"{actor.label} asks for changes: {reason}")
        _end(others, why=f"{actor.label} asked for changes")
    _clear_fall(review)
    _move(review, ReviewState.CHANGES)
    Comment.objects.create(take=take, author=actor, text=reason)
    log(
        actor, "changes asked", project=take.project, target=f"take {take.pk}",
        old=old, new=review.state, reason=reason,
    )  # fmt: skip
    said = f"{actor.label} asks for changes to {_name(take)}: {reason}"
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
    _end(mine, why="Taken back")
    rest = list(review.decisions.filter(ended_at=None))
    if any(one.verdict == Verdict.CHANGES for one in rest):
        _move(review, ReviewState.CHANGES)
    elif not (review.state == ReviewState.APPROVED and approval.is_met(take.project, rest)):
        _move(review, ReviewState.WAITING)
    log(
        actor, "decision taken back", project=take.project, target=f"take {take.pk}",
        old=old, new=review.state,
    )  # fmt: skip
    bump(person.pk for person in approval.deciders(take.project))
    _touch(take)
    return review


def note_hearing(actor: User, *, take: Take) -> None:
    """This person has played this take to its end."""
    Hearing.objects.get_or_create(take=take, user=actor)


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
    waiting = project.reviews.filter(state=ReviewState.WAITING, line__deleted_at=None)
    for review in waiting.select_related("take"):
        _settle(actor, _locked(review.take))
    touch(project.pk, lines=project.lines.filter(deleted_at=None).values_list("pk", flat=True))
    return project


def recheck(
    actor: User | None,
    *,
    lines: Iterable[int] | None = None,
    project: Project | None = None,
    voice: Voice | None = None,
) -> list[int]:
    """Let fall what no longer fits: approvals, and takes that wait for one. Keys of their takes.

    Call it inside the transaction that changed `lines` (keys), the defaults of `project`, or
    `voice`. Nothing is read twice where nothing was decided. Moves the project's version.
    """
    reviews = Review.objects.filter(
        state__in=(ReviewState.APPROVED, ReviewState.WAITING), line__deleted_at=None
    )
    if lines is not None:
        reviews = reviews.filter(line__in=list(lines))
    if project is not None:
        reviews = reviews.filter(project=project)
    if voice is not None:
        reviews = reviews.filter(take__voice=voice)
    found = list(
        reviews.select_for_update(of=("self",)).select_related(
            "take__project__voice", "take__line__voice", "take__line__chosen_take"
        )
    )
    fallen: dict[int, list[Take]] = {}
    for review in found:
        take = review.take
        take.line.project = take.project
        changes = _no_longer_fits(review)
        if changes:
            _fall(actor, review, changes)
            fallen.setdefault(take.project_id, []).append(take)
    for project_id in sorted(fallen):
        takes = fallen[project_id]
        touch(project_id, takes=[one.pk for one in takes], lines=[one.line_id for one in takes])
    return [take.pk for takes in fallen.values() for take in takes]


def still_holds(review: Review) -> bool:
    return approval.still_holds(review)


def _settle(actor: User, take: Take) -> None:
    """Approve what waits and has approvals enough under a policy that was just relaxed."""
    review = _review_of(take)
    decisions = list(review.decisions.filter(ended_at=None))
    if review.state == ReviewState.WAITING and approval.is_met(take.project, decisions):
        _make_approved(actor, review, take)
        log(
            actor, "take approved", project=take.project, target=f"take {take.pk}",
            old=ReviewState.WAITING, new=review.state, heard=[],
        )  # fmt: skip
        _touch(take)


def _make_approved(actor: User, review: Review, take: Take) -> None:
    _supersede_others(actor, take)
    _move(review, ReviewState.APPROVED)
    before = take.line.chosen_take_id
    Line.objects.filter(pk=take.line_id).update(chosen_take=take)
    if before and before != take.pk:
        touch(take.project_id, takes=[before])


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


def _no_longer_fits(review: Review) -> Sequence[Difference]:
    take, line = review.take, review.take.line
    found = stale_differences(take)
    if take.archived_at is not None:
        found = [*found, Difference(what="Take", then="in the script", now="archived")]
    if review.state == ReviewState.APPROVED and line.chosen_take_id != take.pk:
        now = f"take {line.chosen_take.number}" if line.chosen_take else "none"
        found = [
            *found,
            Difference(what="Take in use", then=f"take {take.number}", now=now),
        ]
    return found


def _fall(actor: User | None, review: Review, changes: Sequence[Difference]) -> None:
    take, was = review.take, review.state
    why = _why(changes)
    decisions = review.decisions.filter(ended_at=None)
    approved = was == ReviewState.APPROVED
    told = _tell_fallen(actor, take, decisions.filter(verdict=Verdict.APPROVE), why)
    if review.asked_by_id not in told:
        _tell_asker(actor, review, take, why, approved=approved)
    _end(decisions, why=why)
    review.fell_from, review.fell_at, review.fell_why = was, timezone.now(), why
    review.fell_changes = [{"what": one.what, "then": one.then, "now": one.now} for one in changes]
    _move(review, ReviewState.NONE)
    log(
        actor, "approval fell" if approved else "review stopped", project=take.project,
        target=f"take {take.pk}", old=was, new=review.state, changes=review.fell_changes,
    )  # fmt: skip
    bump(person.pk for person in approval.deciders(take.project))


def _why(changes: Sequence[Difference]) -> str:
    parts = []
    for one in changes:
        if one.what == "Text":
            parts.append("The line’s text was changed")
        elif one.what == "Take":
            parts.append("The take was archived")
        else:
            parts.append(f"{one.what}: {one.then} → {one.now}")
    return ("; ".join(parts) + ".")[:300]


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
            _tell_fallen(actor, review.take, approvals, why)
        _end(decisions, why=why)
        old = review.state
        _move(review, ReviewState.SUPERSEDED)
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
    _end(review.decisions.filter(by=actor, ended_at=None), why="Decided anew")
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
    changes = stale_differences(take) if stale_too else ()
    if changes:
        what = ", ".join(one.what.lower() for one in changes)
        raise WrongState(
            f"This take no longer matches its line ({what} changed since it was made)."
            " Make a new take, or bring the line back to what it was."
        )


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
    Line.objects.select_for_update(of=("self",)).get(pk=take.line_id)
    return Take.objects.select_related(
        "project__voice", "line__voice", "line__project__voice", "created_by"
    ).get(pk=take.pk)


def _review_of(take: Take) -> Review:
    review, _ = Review.objects.get_or_create(
        take=take, defaults={"line": take.line, "project": take.project}
    )
    return review


def _move(review: Review, state: ReviewState) -> None:
    review.state = state
    review.save()


def _clear_fall(review: Review) -> None:
    review.fell_from, review.fell_at, review.fell_why, review.fell_changes = "", None, "", []


def _end(decisions: Any, *, why: str) -> None:
    decisions.update(ended_at=timezone.now(), ended_why=why[:300])


def _said(review: Review) -> str:
    return "approved" if review.state == ReviewState.APPROVED else "waiting for review"


def _name(take: Take) -> str:
    return f"line {take.line.position}, take {take.number}"


def _tell_makers(actor: User, review: Review, take: Take, sentence: str) -> None:
    people = {one.pk: one for one in (review.asked_by, take.created_by) if one is not None}
    tell(
        people.values(), kind=NoticeKind.DECISION, project=take.project, actor=actor,
        sentence=sentence, path=take.get_absolute_url(),
    )  # fmt: skip


def _tell_fallen(actor: User | None, take: Take, decisions: Any, why: str) -> set[int]:
    """Tell those whose approvals end; their keys."""
    people = list(User.objects.filter(pk__in=list(decisions.values_list("by", flat=True))))
    tell(
        people, kind=NoticeKind.APPROVAL_FELL, project=take.project, actor=actor,
        sentence=f"Your approval of {_name(take)} in “{take.project.name}” fell. {why}",
        path=take.get_absolute_url(),
    )  # fmt: skip
    return {person.pk for person in people}


def _tell_asker(
    actor: User | None, review: Review, take: Take, why: str, *, approved: bool
) -> None:
    if review.asked_by is None:
        return
    what = "The approval" if approved else "The review"
    tell(
        [review.asked_by], kind=NoticeKind.APPROVAL_FELL, project=take.project, actor=actor,
        sentence=f"{what} of {_name(take)} in “{take.project.name}” ended. {why}",
        path=take.get_absolute_url(),
    )  # fmt: skip


def _touch(take: Take) -> None:
    touch(take.project_id, takes=[take.pk], lines=[take.line_id])
