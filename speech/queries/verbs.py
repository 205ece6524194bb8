"""Every verb that is logged: what it is about, and the sentence that tells it.

Rule: a sentence holds {who}, {target}, and any plain value of the event's data by its name;
`tests/queries/test_activity.py` fails for a verb that is logged and not told here. An unknown one
(an older or newer release wrote it) is told as "Ada: its words, its target".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What an event is about."""

    LINES = "lines"
    TAKES = "takes"
    REVIEW = "review"
    COMMENTS = "comments"
    TESTS = "tests"
    DELIVERIES = "deliveries"
    PEOPLE = "people"
    PROJECT = "project"
    STUDIO = "studio"


LABELS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.LINES: "Lines",
        Kind.TAKES: "Takes",
        Kind.REVIEW: "Review",
        Kind.COMMENTS: "Comments",
        Kind.TESTS: "Listening tests",
        Kind.DELIVERIES: "Deliveries",
        Kind.PEOPLE: "People",
        Kind.PROJECT: "Project",
    }
)
"""Those that a project's activity can be filtered by."""


@dataclass(frozen=True, kw_only=True)
class Verb:
    kind: Kind
    sentence: str
    words: bool = False
    """`old` and `new` are texts, shown word by word."""


def _of(kind: Kind, sentences: Mapping[str, str]) -> dict[str, Verb]:
    return {verb: Verb(kind=kind, sentence=sentence) for verb, sentence in sentences.items()}


VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        **_of(
            Kind.LINES,
            {
                "line added": "{who} added {target}",
                "line setup changed": "{who} changed the setup of {target}",
                "line setup adopted": "{target} took over the setup of take {take}, by {who}",
                "line moved": "{who} moved {target}",
                "line deleted": "{who} deleted {target}",
                "line restored": "{who} brought back {target}",
                "line cut": "{who} cut {target} into {count} lines",
                "script pasted": "{who} pasted a script: {count} lines",
            },
        ),
        "line edited": Verb(kind=Kind.LINES, sentence="{who} edited {target}", words=True),
        **_of(
            Kind.TAKES,
            {
                "takes asked for": "{who} asked for {takes} of {target}: {engine}",
                "take made": "{target} is ready",
                "take ended": "{target}: {how}. {why}",
                "take retried": "{who} tried {target} again",
                "unknown take submitted again": "{who} sent {target} again, though it may have"
                " been charged already",
                "unknown take dismissed": "{who} let {target} go, though it may have been charged",
                "take cancelled": "{who} cancelled {target}",
                "waiting takes cancelled": "{who} cancelled {count} waiting takes",
                "sweep asked for": "{who} asked for a sweep of {target}, {plan}: {engine}",
                "sweep stopped": "{who} stopped a sweep of {target}: {cancelled} not sent any more,"
                " {marked} being made already",
                "take starred": "{who} gave {target} a star",
                "star removed": "{who} took the star from {target}",
                "take archived": "{who} archived {target}",
                "take restored": "{who} brought {target} back from the archive",
                "take chosen": "{who} put {target} to use",
                "choice removed": "{who} took {target} out of use",
            },
        ),
        **_of(
            Kind.REVIEW,
            {
                "review asked": "{who} asked for a review of {target}",
                "review withdrawn": "{who} took {target} back from review",
                "review stopped": "{target} stopped waiting for review after a change by {who}",
                "take approved": "{who} approved {target}",
                "changes asked": "{who} asked for changes to {target}",
                "decision taken back": "{who} took back the decision on {target}",
                "approval fell": "The approval of {target} fell after a change by {who}",
                "take superseded": "{target} was superseded by take {by}, by {who}",
                "approval policy changed": "{who} changed who has to approve",
                "must-say word added": "{who} added “{word}” to the words to say right",
                "must-say word changed": "{who} changed “{word}” of the words to say right",
                "must-say word removed": "{who} took “{word}” off the words to say right",
                "must-say word restored": "{who} brought back “{word}” of the words to say right",
            },
        ),
        **_of(
            Kind.COMMENTS,
            {
                "comment written": "{who} commented on {target}",
                "guest comment written": "{who} commented on {target}",
                "comment edited": "{who} edited a comment on {target}",
                "comment deleted": "{who} deleted a comment on {target}",
                "comment restored": "{who} brought back a comment on {target}",
                "comment resolved": "{who} resolved a comment on {target}",
                "comment reopened": "{who} reopened a comment on {target}",
                "comment answered": "{target} answers a comment",
            },
        ),
        **_of(
            Kind.TESTS,
            {
                "listening test made": "{who} made {target}",
                "listening test sent": "{who} asked {people} to vote in {target}",
                "listening test changed": "{who} changed {target}",
                "listening test closed": "{who} closed {target}",
                "listening test discarded": "{who} discarded {target}",
                "vote cast": "{who} voted in {target}",
            },
        ),
        **_of(
            Kind.DELIVERIES,
            {
                "delivery asked for": "{who} asked for {target}: {lines} of {of} lines",
                "delivery made": "{target} is ready: {lines} of {of} lines",
                "delivery failed": "{target} could not be made",
                "delivery removed": "{who} threw away the file of {target}",
            },
        ),
        **_of(
            Kind.PEOPLE,
            {
                "member added": "{who} joined as {role}",
                "role changed": "{who} changed the role of {target}",
                "member removed": "{who} removed {target} from the project",
                "project left": "{who} left the project",
                "invitation made": "{who} made an invitation for a new {role}",
                "link taken back": "{who} took back an invitation",
                "guest link made": "{who} made a link for a guest to {target}",
                "guest link taken back": "{who} took back a guest’s link to {target}",
            },
        ),
        **_of(
            Kind.PROJECT,
            {
                "project created": "{who} created the project “{name}”",
                "project renamed": "{who} renamed the project",
                "project defaults changed": "{who} changed what lines use unless they say"
                " otherwise",
                "api key made": "{who} made the API key “{name}”",
                "api key revoked": "{who} revoked the API key “{name}”",
                "voice brought": "{who} brought {target}; its consent is not stated",
                "budget changed": "{who} changed the budget from {old} to {new}",
                "key budget changed": "{who} changed the budget of the API key “{name}” from {old}"
                " to {new}",
                "project archived": "{who} archived the project",
                "project restored": "{who} took the project out of the archive",
                "project deleted": "{who} deleted the project “{name}”",
            },
        ),
        **_of(
            Kind.STUDIO,
            {
                "account edited": "{who} edited their account",
                "password changed": "{who} changed the password of {target}",
                "password link made": "{who} made a link for a new password of {target}",
                "administrator added": "{who} made {target} an administrator",
                "administrator removed": "{who} took the administrator’s rights from {target}",
                "person deactivated": "{who} switched off the account of {target}",
                "person reactivated": "{who} switched the account of {target} on again",
                "first administrator": "{who} became the first administrator",
                "right to create projects given": "{who} allowed {target} to create projects",
                "right to create projects taken": "{who} no longer allows {target} to create"
                " projects",
                "voice keeper added": "{who} made {target} a keeper of the voice library",
                "voice keeper removed": "{target} no longer keeps the voice library, by {who}",
                "default budget changed": "{who} changed the budget of new projects from {old} to"
                " {new}",
                "monthly limit changed": "{who} changed the studio’s monthly limit from {old} to"
                " {new}",
                "new rights acknowledged": "{who} acknowledged the new rights of people in the"
                " studio",
                "submissions paused": "{who} paused sending to the engine “{target}”",
                "submissions resumed": "{who} resumed sending to the engine “{target}”",
                "engine check asked for": "{who} asked for a check of the engine “{target}”",
                "voice added": "{who} added {target}",
                "voice edited": "{who} edited {target}",
                "voice clip asked for again": "{who} asked for the clip of {target} again",
                "voice consent stated": "{who} stated the consent for {target}, which came through"
                " the API",
                "voice ready": "The clip of {target} is checked and ready",
                "voice clip refused": "The clip of {target} cannot be used",
                "voice archived": "{who} archived {target}",
                "voice restored": "{who} brought back {target}",
                "voice deleted": "{who} deleted {target}",
            },
        ),
    }
)
_BEGINNINGS = (
    (Kind.COMMENTS, ("comment",)),
    (Kind.TESTS, ("listening", "vote")),
    (Kind.REVIEW, ("review", "approv", "changes", "decision", "must")),
    (Kind.DELIVERIES, ("delivery",)),
    (Kind.LINES, ("line", "script")),
    (Kind.TAKES, ("take", "star", "sweep", "waiting")),
    (Kind.PEOPLE, ("member", "role", "invitation", "guest", "link")),
)


def kind_of(verb: str) -> Kind:
    """What a verb is about; by its first word where it has no sentence."""
    known = VERBS.get(verb)
    if known is not None:
        return known.kind
    return next((kind for kind, words in _BEGINNINGS if verb.startswith(words)), Kind.PROJECT)
