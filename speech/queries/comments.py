"""What was said about takes, as threads; and who is meant by an “@name”."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Prefetch, QuerySet
from django.utils import timezone

from speech.models import Batch, Comment, GuestLink, Project, Take, User
from speech.states import JobState

DELETED = "(deleted)"
_ORDER_STEP = 10_000_000
"""More threads than one take can have; a thread's place is its time, then its key."""
_BEFORE_NAME = re.compile(r"(?<![\w@])@")
_AFTER_NAME = re.compile(r"\w|[-.+@]\w")
"""What a name must not be followed by: “@ann” is not meant in “@anna”, “@ann-marie”, “@ann.lee”."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    text: str
    mention: bool


@dataclass(frozen=True, kw_only=True)
class Said:
    """One comment or reply. `pieces` are empty once it is deleted."""

    comment: Comment
    pieces: Sequence[Piece]

    @property
    def is_deleted(self) -> bool:
        return self.comment.deleted_at is not None

    @property
    def by_guest(self) -> bool:
        return self.comment.author_id is None and bool(self.comment.guest_name)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A finished take that was asked for in answer to a comment."""

    take: int
    number: int


@dataclass(frozen=True, kw_only=True)
class Thread:
    first: Said
    replies: Sequence[Said]
    answers: Sequence[Answer]

    @property
    def pk(self) -> int:
        return self.first.comment.pk

    @property
    def is_resolved(self) -> bool:
        return self.first.comment.resolved_at is not None

    @property
    def order(self) -> int:
        """What is said of the whole take first, then along the sound."""
        start = self.first.comment.start
        at = 0 if start is None else 1 + round(start * 1000)
        return at * _ORDER_STEP + self.pk % _ORDER_STEP

    @property
    def mark(self) -> tuple[Any, ...]:
        """Equal for as long as the thread looks the same."""
        said = [(one.comment.pk, one.is_deleted) for one in (self.first, *self.replies)]
        return (tuple(said), self.is_resolved, tuple(one.take for one in self.answers))


@dataclass(frozen=True, kw_only=True)
class LinkRow:
    """A guest link as the take's page lists it."""

    link: GuestLink
    works: bool
    comments: int


def with_comments() -> Prefetch[str, QuerySet[Comment], str]:
    """For `prefetch_related` of takes: one query for all their comments, and where there are any,
    one for whom they mention and one for the takes that answer them."""
    done = Batch.objects.filter(takes__state=JobState.DONE, takes__line__deleted_at=None)
    found = done.annotate(
        take=F("takes__pk"), number=F("takes__number"), mark=F("takes__fingerprint")
    )
    # Made exactly as the take that was commented on: a repeat is no answer.
    answers = found.exclude(mark=F("answers__take__fingerprint")).order_by("takes__pk")
    comments = (
        Comment.objects.select_related("author", "resolved_by", "guest")
        .prefetch_related(
            Prefetch("mentions", User.objects.only("username", "first_name", "last_name")),
            Prefetch("retakes", answers, to_attr="answers"),
        )
        .order_by("id")
    )
    return Prefetch("comments", comments)


def threads(take: Take) -> list[Thread]:
    """What is said about a take that came through `with_comments`; no query.

    A deleted comment stays, empty, for as long as it has replies.
    """
    comments = list(take.comments.all())
    replies: dict[int, list[Said]] = {}
    for comment in comments:
        if comment.parent_id is not None and comment.deleted_at is None:
            replies.setdefault(comment.parent_id, []).append(_said(comment))
    found = [
        Thread(first=_said(one), replies=replies.get(one.pk, ()), answers=_answers(one))
        for one in comments
        if one.parent_id is None and (one.deleted_at is None or one.pk in replies)
    ]
    return sorted(found, key=lambda thread: thread.order)


def gone_threads(take: Take) -> list[int]:
    """Keys of threads of which nothing is left to show."""
    shown = {thread.pk for thread in threads(take)}
    return [one.pk for one in take.comments.all() if one.parent_id is None and one.pk not in shown]


def guest_threads(link: GuestLink) -> list[Thread]:
    """Only what was begun through this link. At most four queries."""
    take = Take.objects.prefetch_related(with_comments()).only("pk").get(pk=link.take_id)
    return [thread for thread in threads(take) if thread.first.comment.guest_id == link.pk]


def gone_guest_threads(link: GuestLink) -> list[int]:
    """Keys of threads of this link whose first comment was deleted: what a page may have to drop,
    unless `guest_threads` still has them. One query."""
    deleted = Comment.objects.filter(guest=link, parent=None).exclude(deleted_at=None)
    return list(deleted.values_list("pk", flat=True))


def guest_links(take: Take) -> list[LinkRow]:
    """The links to a take, newest first. Two queries."""
    now = timezone.now()
    written = Comment.objects.filter(take=take).exclude(guest=None).values_list("guest", flat=True)
    counts = list(written)
    return [
        LinkRow(
            link=link,
            works=link.revoked_at is None and link.expires_at > now,
            comments=counts.count(link.pk),
        )
        for link in take.guest_links.select_related("created_by")
    ]


def mentionable(project: Project) -> list[User]:
    """Who can be mentioned: the active members. One query."""
    return list(
        User.objects.filter(memberships__project=project, is_active=True).order_by("username")
    )


def mentioned(text: str, people: Iterable[User]) -> list[User]:
    """Whom of `people` the text means by an “@name”, each once, in the order of the text."""
    by_name = _by_name(people)
    found = {by_name[name].pk: by_name[name] for _, _, name in _mentions(text, by_name)}
    return list(found.values())


def pieces(text: str, people: Iterable[User]) -> list[Piece]:
    """The text, cut where one of `people` is meant."""
    out, at = [], 0
    for start, end, _ in _mentions(text, _by_name(people)):
        out.append(Piece(text=text[at:start], mention=False))
        out.append(Piece(text=text[start:end], mention=True))
        at = end
    out.append(Piece(text=text[at:], mention=False))
    return [piece for piece in out if piece.text]


def excerpt(text: str, size: int = 80) -> str:
    """The beginning of a text, on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= size else flat[: size - 1].rstrip() + "…"


def _said(comment: Comment) -> Said:
    if comment.deleted_at is not None:
        return Said(comment=comment, pieces=())
    return Said(comment=comment, pieces=pieces(comment.text, comment.mentions.all()))


def _answers(comment: Comment) -> list[Answer]:
    batches: Sequence[Any] = getattr(comment, "answers", ())
    return [Answer(take=batch.take, number=batch.number) for batch in batches]


def _by_name(people: Iterable[User]) -> dict[str, User]:
    """User names, and full names where only one person has them."""
    people = list(people)
    labels = [person.label.casefold() for person in people]
    full = {person.label.casefold(): person for person in people}
    unique = {name: person for name, person in full.items() if labels.count(name) == 1}
    return unique | {person.username.casefold(): person for person in people}


def _mentions(text: str, by_name: Mapping[str, User]) -> list[tuple[int, int, str]]:
    """(start, end, name) of each mention; the longest name that fits wins."""
    if not by_name or "@" not in text:
        return []
    names = sorted(by_name, key=len, reverse=True)
    found = []
    for sign in _BEFORE_NAME.finditer(text):
        for name in names:
            end = sign.end() + len(name)
            fits = text[sign.end() : end].casefold() == name
            if fits and not _AFTER_NAME.match(text, end):
                found.append((sign.start(), end, name))
                break
    return found
