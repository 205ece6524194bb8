"""Links by which somebody without an account hears one take and comments on it.

Rule: only a token's SHA-256 is stored; a link is shown once. It opens one take, and of what is
said about it only the threads that were begun through it. It works until it expires or is taken
back, and not while the project, line or take is put away. Price: a guest who lost the link needs
a new one, and begins anew.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from speech.errors import BadInput, WrongState
from speech.models import Comment, GuestLink, Take, User
from speech.services.comments import announce, facts, save_comment
from speech.services.events import log, touch
from speech.text import one_line

DAYS = (1, 7, 30)
LABEL_LIMIT = 80
NAME_LIMIT = 60
AN_HOUR = 30
"""Comments through one link."""
IN_ALL = 200
SEEN_APART = timedelta(minutes=1)


class GuestGone(WrongState):
    """The link does not work (any more); the sentence says why and what to do."""

    code = "guest_gone"


class TooMany(WrongState):
    """Enough was written through this link."""

    code = "too_many"


@dataclass(frozen=True, kw_only=True)
class IssuedGuest:
    """A new link. `path` holds the token: show it once, log it never."""

    link: GuestLink
    path: str


@transaction.atomic
def make_guest_link(actor: User, *, take: Take, label: str, days: int) -> IssuedGuest:
    """A link to `take` for 1, 7 or 30 days. `label` says for whom it is meant."""
    if not take.is_done or take.archived_at is not None:
        raise WrongState("Only a finished take that is not archived can be shown to a guest.")
    if take.project.archived_at is not None:
        raise WrongState("This project is archived. Restore it to show a take to a guest.")
    if days not in DAYS:
        raise BadInput("A guest link lasts 1, 7 or 30 days.")
    label = one_line(label)
    if not label:
        raise BadInput("Say for whom the link is meant.")
    token = secrets.token_urlsafe(32)
    link = GuestLink.objects.create(
        take=take,
        token_hash=_hash(token),
        label=label[:LABEL_LIMIT],
        created_by=actor,
        expires_at=timezone.now() + timedelta(days=days),
    )
    log(
        actor, "guest link made", project=take.project, target=f"take {take.pk}",
        label=link.label, days=days,
    )  # fmt: skip
    touch(take.project_id, takes=[take.pk])
    return IssuedGuest(link=link, path=reverse("speech:guest", args=[token]))


@transaction.atomic
def revoke_guest_link(actor: User, *, link: GuestLink) -> None:
    """Take a link back: it stops at once, also for a page that is open."""
    working = GuestLink.objects.filter(pk=link.pk, revoked_at=None)
    if not working.update(revoked_at=timezone.now()):
        raise GuestGone("This link was already taken back.")
    take = link.take
    log(
        actor, "guest link taken back", project=take.project, target=f"take {take.pk}",
        label=link.label,
    )  # fmt: skip
    touch(take.project_id, takes=[take.pk])


def find_guest_link(token: str) -> GuestLink:
    """The link with its take, if it works now. One query. Raises `GuestGone`."""
    link = (
        GuestLink.objects.select_related("take__line", "take__project", "created_by")
        .filter(token_hash=_hash(token))
        .first()
    )
    if link is None:
        raise GuestGone("This link is not one of ours. Check that it was copied whole.")
    if link.revoked_at is not None:
        raise GuestGone("This link was taken back. Ask whoever sent it for a new one.")
    if link.expires_at <= timezone.now():
        raise GuestGone("This link has expired. Ask whoever sent it for a new one.")
    take = link.take
    away = (take.archived_at, take.line.deleted_at, take.project.archived_at)
    if any(away) or not take.is_done:
        raise GuestGone("This take was put away. Ask whoever sent the link about it.")
    return link


def note_visit(link: GuestLink) -> None:
    """Keep when the link was last used; at most one write a minute."""
    now = timezone.now()
    if link.opened_at is None or link.opened_at < now - SEEN_APART:
        GuestLink.objects.filter(pk=link.pk).update(opened_at=now)


@transaction.atomic
def write_as_guest(
    link: GuestLink,
    *,
    name: str,
    text: str,
    start: float | None = None,
    end: float | None = None,
    parent: Comment | None = None,
) -> Comment:
    """A comment, or a reply in a thread of this link. Raises `BadInput`, `TooMany`, `GuestGone`.

    Whoever made the link is told, and who took part in the thread. Nobody can be mentioned: a
    guest does not know who is on the project.
    """
    locked = GuestLink.objects.select_for_update().get(pk=link.pk)
    if locked.revoked_at is not None:
        raise GuestGone("This link was taken back. Ask whoever sent it for a new one.")
    _refuse_floods(locked)
    name = clean_name(name)
    thread_of = parent and (parent.parent or parent)
    if thread_of is not None and thread_of.guest_id != link.pk:
        raise BadInput("This thread cannot be answered here.")
    take = link.take
    comment = save_comment(
        take, text=text, start=start, end=end, parent=parent, guest=locked, guest_name=name
    )
    log(
        None, "guest comment written", project=take.project, target=f"take {take.pk}",
        guest=name, label=link.label, **facts(comment),
    )  # fmt: skip
    maker = [link.created_by] if link.created_by else []
    announce(comment, actor=None, also=maker)
    touch(take.project_id, takes=[take.pk])
    return comment


def clean_name(name: str) -> str:
    name = one_line(name)
    if not name:
        raise BadInput("Write your name, so that the team knows who speaks.")
    return name[:NAME_LIMIT]


def _refuse_floods(link: GuestLink) -> None:
    written = Comment.objects.filter(guest=link)
    if written.count() >= IN_ALL:
        raise TooMany(
            f"{IN_ALL} comments were written through this link; that is all it takes."
            " Ask whoever sent it for a new one."
        )
    lately = written.filter(created_at__gt=timezone.now() - timedelta(hours=1))
    if lately.count() >= AN_HOUR:
        raise TooMany(
            f"{AN_HOUR} comments were written through this link within an hour."
            " Wait a while, then send it again; nothing you typed is lost."
        )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
