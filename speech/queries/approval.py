"""What an approval is bound to, and who has to give it. Nothing here changes a row.

Rule: a decision keeps the SHA-256 of line text, voice reference, parameters and sound. It stands
only while the line would still be read that way and still goes with that sound. The text is the
line's own, as it was typed: how it is cleaned before it is sent may change with a release.
Reason: what was approved is what is delivered. Price: a change that nobody can hear lets an
approval fall as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from speech.models import Decision, Line, Membership, MustSay, Project, Review, Take, User
from speech.queries.staleness import Difference
from speech.queries.takes import stale_differences
from speech.queries.tuning import effective_tuning, effective_voice
from speech.states import ApprovalPolicy, ReviewState, Role, Verdict
from speech.text import find_word, fold, without_tags

DECIDING_ROLES = (Role.OWNER, Role.PRODUCER, Role.REVIEWER)


def mark_of_take(take: Take) -> str:
    """The fingerprint of what a take is: what is approved when it is approved."""
    return _mark(
        text=take.own_text,
        reference=take.reference_sha256 or take.reference_url,
        tuning=take.params,
        sound=take.sha256,
    )


def mark_of_line(line: Line, *, sound: str) -> str:
    """The fingerprint of what the line asks for now, with the sound of a take."""
    voice = effective_voice(line)
    return _mark(
        text=line.text,
        reference=(voice.sha256 or voice.source_url) if voice else "",
        tuning=effective_tuning(line),
        sound=sound,
    )


def hindrances(take: Take) -> list[Difference]:
    """Why approving this take could not make its line what was heard: other words, or a voice
    whose clip is gone. Other parameters are no hindrance: an approval makes them the line's."""
    found = [one for one in stale_differences(take) if one.what == "Text"]
    clip = take.reference_sha256 or take.reference_url
    if take.voice is None:
        found.append(Difference(what="Voice", then=take.voice_name, now="deleted"))
    elif (take.voice.sha256 or take.voice.source_url) != clip:
        then, now = f"{take.voice.name}’s earlier clip", "its present clip"
        found.append(Difference(what="Voice", then=then, now=now))
    return found


def lacks_consent(take: Take) -> str:
    """Why nothing that this take's voice reads can be approved yet; empty where it can."""
    if take.voice is None or take.voice.has_consent:
        return ""
    return (
        f"The voice “{take.voice.name}” came through the API, and nobody has stated who consented"
        " to its use. State it on the voice’s page; then its takes can be reviewed."
    )


def still_holds(review: Review) -> bool:
    """Whether an approval is what its line asks for now. Reads the review's take and line."""
    if review.state != ReviewState.APPROVED:
        return False
    take, line = review.take, review.take.line
    mark = mark_of_line(line, sound=take.sha256)
    approvals = [one for one in standing(review) if one.verdict == Verdict.APPROVE]
    chosen = line.chosen_take_id == take.pk and take.archived_at is None
    return chosen and bool(approvals) and all(one.fingerprint == mark for one in approvals)


def standing(review: Review) -> list[Decision]:
    """Decisions in force, oldest first. One query, none where `decisions` were prefetched."""
    return [one for one in review.decisions.all() if one.ended_at is None]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Who has to approve, as the project's settings say it."""

    sentence: str
    warning: str
    """Why it cannot be met as it stands, and what holds meanwhile; mostly empty."""


def policy_of(project: Project) -> Policy:
    """At most two queries."""
    own = "" if project.own_approval else " Nobody approves a take that they made themselves."
    warning = ""
    people = deciders(project)
    match project.approval_policy:
        case ApprovalPolicy.COUNT:
            who = f"{project.approvals_needed} different people have to approve a take."
            if len(people) < project.approvals_needed:
                warning = (
                    f"Only {len(people)} of the people here can approve, so no take can get"
                    f" {project.approvals_needed} approvals. Add people, or ask for fewer."
                )
        case ApprovalPolicy.NAMED:
            who = f"Each of these has to approve a take: {_names(people)}."
            if not named_approvers(project):
                who = f"An owner approves: {_names(people)}."
                warning = (
                    "None of the named approvers is left. Until somebody is named, one owner’s"
                    " approval is enough."
                )
        case _:
            who = "One approval is enough."
    return Policy(sentence=who + own, warning=warning)


def deciders(project: Project) -> list[User]:
    """Whose decision counts: everybody who may decide, or the named ones. The owners stand in
    where none of the named is left, so that a project can always be approved. At most two queries.
    """
    members = _active(project, DECIDING_ROLES)
    if project.approval_policy != ApprovalPolicy.NAMED:
        return [member.user for member in members]
    return named_approvers(project) or [one.user for one in _active(project, (Role.OWNER,))]


def named_approvers(project: Project) -> list[User]:
    """Those who were named and may still decide. One query."""
    return [member.user for member in _active(project, DECIDING_ROLES).filter(approver=True)]


def _active(project: Project, roles: Iterable[str]) -> QuerySet[Membership]:
    members = Membership.objects.filter(project=project, role__in=roles, user__is_active=True)
    return members.select_related("user").order_by("user_id")


def _names(people: Iterable[User]) -> str:
    return ", ".join(person.label for person in people)


def is_met(project: Project, approvals: Iterable[Decision]) -> bool:
    """Whether these approvals are enough. At most two queries, where approvers are named."""
    people = {one.by_id for one in approvals if one.verdict == Verdict.APPROVE and one.by_id}
    match project.approval_policy:
        case ApprovalPolicy.COUNT:
            return len(people) >= project.approvals_needed
        case ApprovalPolicy.NAMED:
            named = {person.pk for person in named_approvers(project)}
            if not named:
                return not people.isdisjoint(person.pk for person in deciders(project))
            return named <= people
        case _:
            return bool(people)


def words_in(text: str, must_say: Iterable[MustSay]) -> list[MustSay]:
    """Those must-say words that are said in `text`: whole, in any case and spelling of signs, and
    not inside a tag."""
    said = fold(without_tags(text))
    return [one for one in must_say if find_word(one.word, said)]


def _mark(*, text: str, reference: str, tuning: Mapping[str, Any], sound: str) -> str:
    body = json.dumps([text.strip(), reference, dict(sorted(tuning.items())), sound])
    return hashlib.sha256(body.encode()).hexdigest()
