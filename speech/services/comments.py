"""What people say about takes: comments, threads, mentions, and what becomes of them.

Rule: a thread is one comment and its replies, one level deep. A reply opens a resolved thread
again. Who is meant by an “@name” is decided when it is written, so that a renamed or removed
person is not told of old words. Everybody hears of a comment once: a mention counts more than a
reply.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from speech.errors import BadInput, NotAllowed, WrongState
from speech.models import Batch, Comment, Take, User
from speech.queries.comments import DELETED, excerpt, mentionable, mentioned
from speech.services.events import log, touch
from speech.services.notices import tell
from speech.states import JobState, NoticeKind
from speech.text import tidy

TEXT_LIMIT = 2000
SLACK = 0.25
"""Seconds that a time may lie past the end: a player's clock and a stored length differ a bit."""

logger = logging.getLogger(__name__)


@transaction.atomic
def write_comment(
    actor: User,
    *,
    take: Take,
    text: str,
    start: float | None = None,
    end: float | None = None,
    parent: Comment | None = None,
) -> Comment:
    """Say something about a take: as a whole, at `start`, or about `start` to `end` (seconds).

    With `parent` it is a reply, and has no time of its own. Raises `BadInput`.
    """
    comment = save_comment(take, text=text, start=start, end=end, parent=parent, author=actor)
    people = mentioned(comment.text, mentionable(take.project)) if "@" in comment.text else []
    comment.mentions.set(people)
    log(actor, "comment written", project=take.project, target=f"take {take.pk}", **facts(comment))
    announce(comment, actor=actor, mentions=people)
    touch(take.project_id, takes=[take.pk])
    return comment


@transaction.atomic
def resolve_comment(actor: User, *, comment: Comment, on: bool) -> Comment:
    """Settle a thread, or open it again. Doing it twice changes nothing."""
    if comment.parent_id is not None:
        raise WrongState("A thread is resolved as a whole, at its first comment.")
    which = Comment.objects.filter(pk=comment.pk, resolved_at__isnull=on)
    if not which.update(
        resolved_at=timezone.now() if on else None, resolved_by=actor if on else None
    ):
        return comment
    take = comment.take
    verb = "comment resolved" if on else "comment reopened"
    log(actor, verb, project=take.project, target=f"take {take.pk}", **facts(comment))
    touch(take.project_id, takes=[take.pk])
    comment.refresh_from_db()
    return comment


@transaction.atomic
def delete_comment(actor: User, *, comment: Comment, others: bool = False) -> None:
    """Take a comment's words away. `others`: whether `actor` may do so to a guest's.

    What was said stays in the project's activity.
    """
    guests_own = comment.author_id is None and bool(comment.guest_name)
    if comment.author_id != actor.pk and not (guests_own and others):
        raise NotAllowed("Only who wrote a comment can delete it.")
    take, said = comment.take, facts(comment)
    fresh = Comment.objects.filter(pk=comment.pk, deleted_at=None)
    if not fresh.update(deleted_at=timezone.now(), text=DELETED):
        return
    comment.mentions.clear()
    log(actor, "comment deleted", project=take.project, target=f"take {take.pk}", **said)
    touch(take.project_id, takes=[take.pk])


def save_comment(
    take: Take,
    *,
    text: str,
    start: float | None,
    end: float | None,
    parent: Comment | None,
    **by: object,
) -> Comment:
    """The row, checked; a reply opens its thread again. Call it inside a transaction."""
    text = clean_text(text)
    if parent is not None:
        thread = Comment.objects.select_for_update().get(pk=parent.parent_id or parent.pk)
        if thread.take_id != take.pk:
            raise BadInput("This thread belongs to another take.")
        start = end = None
        Comment.objects.filter(pk=thread.pk).update(resolved_at=None, resolved_by=None)
        parent = thread
    else:
        start, end = clean_times(take, start, end)
    return Comment.objects.create(take=take, text=text, start=start, end=end, parent=parent, **by)


def clean_text(text: str) -> str:
    text = tidy(text)
    if not text:
        raise BadInput("Write something first.")
    if len(text) > TEXT_LIMIT:
        raise BadInput(
            f"A comment has at most {TEXT_LIMIT:,} characters; this one has {len(text):,}."
        )
    return text


def clean_times(
    take: Take, start: float | None, end: float | None
) -> tuple[float | None, float | None]:
    """Seconds inside the take, to a hundredth. Raises `BadInput`."""
    if start is None and end is None:
        return None, None
    if take.duration is None:
        raise BadInput("This take has no sound yet, so nothing can be said about a moment of it.")
    if start is None:
        raise BadInput("Say where the range starts.")
    last = take.duration
    for seconds in (start, end):
        if seconds is not None and not (math.isfinite(seconds) and 0 <= seconds <= last + SLACK):
            raise BadInput(f"The time has to lie in the take: between 0 and {last:.1f} seconds.")
    start = round(min(start, last), 2)
    if end is None:
        return start, None
    end = round(min(end, last), 2)
    if end <= start:
        raise BadInput("The range has to end after it starts.")
    return start, end


def facts(comment: Comment) -> dict[str, object]:
    """What the activity keeps of a comment."""
    return {
        "text": comment.text,
        "comment": comment.pk,
        "start": comment.start,
        "end": comment.end,
        "reply": comment.parent_id is not None,
    }


def announce(
    comment: Comment,
    *,
    actor: User | None,
    mentions: Iterable[User] = (),
    also: Iterable[User] = (),
) -> None:
    """Tell whom a new comment mentions, and who else took part in its thread; `also` are told
    as if they had."""
    take = comment.take
    named = list(mentions)
    said = f"on take {take.number} of line {take.line.position}: “{excerpt(comment.text)}”"
    verb = "replies" if comment.parent_id else "comments"
    told = {person.pk for person in named}
    others = [one for one in [*_participants(comment), *also] if one.pk not in told]
    for people, kind, what in (
        (named, NoticeKind.MENTION, "mentions you"),
        (others, NoticeKind.REPLY, verb),
    ):
        tell(
            people, kind=kind, project=take.project, actor=actor, path=path_of(comment),
            sentence=f"{comment.who} {what} {said}",
        )  # fmt: skip


def path_of(comment: Comment) -> str:
    return f"{comment.take.get_absolute_url()}#comment-{comment.pk}"


def answered_by(take_id: int) -> Take | None:
    """The take whose comment a finished take was asked for in answer to. The comment's author is
    told of the first take that answers. Call it inside a transaction; two queries, mostly one."""
    batch = (
        Batch.objects.filter(takes=take_id)
        .exclude(answers=None)
        .select_related("answers__take__line", "answers__take__project", "asked_by")
        .select_related("answers__author")
        .first()
    )
    if batch is None or batch.answers is None:
        return None
    try:
        with transaction.atomic():
            _tell_answered(batch, take_id)
    except Exception:  # a take that was paid for is not lost over a notice
        logger.exception("nobody could be told that take %s answers a comment", take_id)
    return batch.answers.take


def _tell_answered(batch: Batch, take_id: int) -> None:
    comment = batch.answers
    if comment is None or comment.author is None:
        return
    made = batch.takes.filter(state=JobState.DONE).exclude(fingerprint=comment.take.fingerprint)
    done = list(made.only("pk", "number"))
    this = next((take for take in done if take.pk == take_id), None)
    if this is None or len(done) > 1:
        return
    tell(
        [comment.author], kind=NoticeKind.REPLY, project=comment.take.project,
        actor=batch.asked_by, path=path_of(comment),
        sentence=f"Take {this.number} of line {comment.take.line.position} answers your comment"
        f" on take {comment.take.number}: “{excerpt(comment.text)}”",
    )  # fmt: skip


def _participants(comment: Comment) -> list[User]:
    """Who else wrote in the thread and may still open the project."""
    if comment.parent_id is None:
        return []
    thread = Comment.objects.filter(Q(pk=comment.parent_id) | Q(parent=comment.parent_id))
    writers = User.objects.filter(
        pk__in=thread.filter(deleted_at=None).values("author"), is_active=True
    )
    inside = Q(memberships__project=comment.take.project_id) | Q(is_superuser=True)
    return list(writers.filter(inside).distinct())
