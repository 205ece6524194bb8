"""What an approval is bound to, and who has to give it. Nothing here changes a row.

Rule: a decision keeps the SHA-256 of line text, voice reference, parameters and sound. It stands
only while the line would still be read that way and still goes with that sound. Reason: what was
approved is what is delivered. Price: a change that nobody can hear lets an approval fall as well.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from speech.models import Decision, Line, Membership, MustSay, Project, Review, Take, User
from speech.queries.staleness import Difference
from speech.queries.takes import stale_differences
from speech.queries.tuning import effective_tuning, effective_voice
from speech.states import ApprovalPolicy, ReviewState, Role, Verdict

DECIDING_ROLES = (Role.OWNER, Role.PRODUCER, Role.REVIEWER)


def mark_of_take(take: Take) -> str:
    """The fingerprint of what a take is: what is approved when it is approved."""
    return _mark(
        text=take.text,
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


def deciders(project: Project) -> list[User]:
    """Whose decision counts: everybody who may decide, or the named ones. One query."""
    members = Membership.objects.filter(project=project, role__in=DECIDING_ROLES)
    if project.approval_policy == ApprovalPolicy.NAMED:
        members = members.filter(approver=True)
    found = members.filter(user__is_active=True).select_related("user").order_by("user_id")
    return [member.user for member in found]


def is_met(project: Project, approvals: Iterable[Decision]) -> bool:
    """Whether these approvals are enough. One query where approvers are named."""
    people = {one.by_id for one in approvals if one.verdict == Verdict.APPROVE and one.by_id}
    match project.approval_policy:
        case ApprovalPolicy.COUNT:
            return len(people) >= project.approvals_needed
        case ApprovalPolicy.NAMED:
            named = {person.pk for person in deciders(project)}
            return bool(named) and named <= people
        case _:
            return bool(people)


def words_in(text: str, must_say: Iterable[MustSay]) -> list[MustSay]:
    """Those must-say words that occur in `text`, whole and in any case."""
    return [one for one in must_say if _pattern(one.word).search(_plain(text))]


def _pattern(word: str) -> re.Pattern[str]:
    words = r"\s+".join(re.escape(part) for part in _plain(word).split())
    return re.compile(rf"(?<!\w){words}(?!\w)")


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("’", "'").casefold()


def _mark(*, text: str, reference: str, tuning: Mapping[str, Any], sound: str) -> str:
    body = json.dumps([text.strip(), reference, dict(sorted(tuning.items())), sound])
    return hashlib.sha256(body.encode()).hexdigest()
