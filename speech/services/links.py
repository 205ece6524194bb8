"""One-time links: the first administrator, invitations, new passwords.

Rule: only a token's SHA-256 is stored, so a link is shown once and by nobody else; it is used up
by one conditional UPDATE in the same transaction as what it grants, and only by a POST, because
previewers and scanners send GETs. Price: a lost link cannot be shown again, only made anew.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from speech.errors import WrongState
from speech.models import OneTimeLink, Project, User
from speech.services import mail
from speech.services.accounts import create_person, password_faults, refuse_if, set_password
from speech.services.events import log
from speech.services.members import admit, clean_role
from speech.services.studio import set_limits
from speech.states import LinkKind, Role
from speech.text import one_line

LASTS = {
    LinkKind.FIRST_ADMINISTRATOR: timedelta(days=7),
    LinkKind.INVITATION: timedelta(days=7),
    LinkKind.PASSWORD_RESET: timedelta(days=1),
}
NOTE_LIMIT = 200
LETTERS_APART = timedelta(minutes=5)


class LinkGone(WrongState):
    """The link does not work (any more); the sentence says why and what to do."""

    code = "link_gone"


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A new link. `path` holds the token: show it to the issuer once, log it never."""

    link: OneTimeLink
    path: str


@transaction.atomic
def issue_first_admin_link() -> str | None:
    """The path of a link by which the first administrator signs in; None once there is one.

    Earlier unused ones stop working.
    """
    if _administrator_exists():
        return None
    _revoke(Q(kind=LinkKind.FIRST_ADMINISTRATOR))
    return _issue(None, LinkKind.FIRST_ADMINISTRATOR).path


@transaction.atomic
def issue_invitation(actor: User, *, project: Project, role: str, note: str = "") -> Issued:
    """A link by which whoever holds it joins `project`. `note` says for whom it is meant."""
    role = clean_role(role)
    note = one_line(note)[:NOTE_LIMIT]
    issued = _issue(actor, LinkKind.INVITATION, project=project, role=role, note=note)
    log(actor, "invitation made", project=project, target=f"link {issued.link.pk}", role=role)
    return issued


@transaction.atomic
def issue_password_reset(actor: User | None, *, user: User) -> Issued:
    """A link by which `user` chooses a new password; earlier ones stop working."""
    if not user.is_active:
        raise WrongState(f"{user.label} is deactivated. Reactivate the account first.")
    _revoke(Q(kind=LinkKind.PASSWORD_RESET, user=user))
    issued = _issue(actor, LinkKind.PASSWORD_RESET, user=user)
    log(actor, "password link made", target=f"person {user.pk}")
    return issued


@transaction.atomic
def revoke_link(actor: User, *, link: OneTimeLink) -> None:
    if not _revoke(Q(pk=link.pk)):
        raise LinkGone("This link was already used or taken back.")
    log(actor, "link taken back", project=link.project, target=f"link {link.pk}")


def find_link(token: str) -> OneTimeLink:
    """The link, if it would work now. Reading it uses nothing up. Raises `LinkGone`."""
    link = (
        OneTimeLink.objects.select_related("project", "user", "created_by")
        .filter(token_hash=_hash(token))
        .first()
    )
    if link is None:
        raise LinkGone("This link is not one of ours. Check that it was copied whole.")
    again = "Ask for a new one."
    if link.kind == LinkKind.FIRST_ADMINISTRATOR:
        if _administrator_exists():
            raise LinkGone(
                "This link was for the first administrator. It was already used, or somebody"
                " else came first. Sign in instead."
            )
        again = "Run “manage.py sign_in_link” on the server for a new one."
    if link.used_at is not None:
        raise LinkGone(f"This link was already used; it works once. {again}")
    if link.revoked_at is not None:
        raise LinkGone(f"This link was taken back. {again}")
    if link.expires_at <= timezone.now():
        raise LinkGone(f"This link has expired. {again}")
    if link.user is not None and not link.user.is_active:
        raise LinkGone("This account is deactivated. Ask an administrator.")
    return link


@transaction.atomic
def become_first_administrator(
    token: str, *, username: str, password: str, **limits: Decimal | None
) -> User:
    """Uses the link up. `limits`, where the studio is new: what `set_limits` takes. Raises
    `LinkGone` or `ParamErrors`; then the link still works."""
    _use_up(find_link(token), LinkKind.FIRST_ADMINISTRATOR)
    person = create_person(username=username, password=password, administrator=True)
    if limits:
        set_limits(person, **limits)
    demo = Project.objects.filter(is_demo=True).first()
    if demo is not None:
        admit(person, project=demo, person=person, role=Role.OWNER)
    log(person, "first administrator", target=f"person {person.pk}")
    return person


@transaction.atomic
def accept_invitation(actor: User, *, token: str) -> Project:
    """`actor`, who is signed in, joins the project. A higher role that they have stays."""
    link = find_link(token)
    _use_up(link, LinkKind.INVITATION)
    assert link.project is not None
    admit(actor, project=link.project, person=actor, role=link.role)
    return link.project


@transaction.atomic
def join_as_newcomer(token: str, *, username: str, password: str, email: str = "") -> User:
    """A new account, on the project of the invitation."""
    link = find_link(token)
    _use_up(link, LinkKind.INVITATION)
    person = create_person(username=username, password=password, email=email)
    assert link.project is not None
    admit(person, project=link.project, person=person, role=link.role)
    return person


@transaction.atomic
def choose_new_password(token: str, *, password: str) -> User:
    link = find_link(token)
    _use_up(link, LinkKind.PASSWORD_RESET)
    assert link.user is not None
    refuse_if(password_faults(password, link.user))
    set_password(link.user, person=link.user, password=password)
    return link.user


def mail_invitation(issued: Issued, *, to: str) -> bool:
    """True if the letter was handed over. Call it after the link was committed."""
    link = issued.link
    by = link.created_by.label if link.created_by else "Somebody"
    where = f"“{link.project.name}”" if link.project else "the studio"
    return mail.send(
        to,
        subject=f"{by} invites you to {where}",
        text=(
            f"{by} invites you to {where} in Takeroom.\n\n{mail.absolute(issued.path)}\n\n"
            "The link works once and for 7 days.\n"
        ),
    )


def mail_password_reset(user_id: int) -> bool:
    """Worker side: make a link and mail it; the token exists nowhere else. 0 is nobody."""
    person = User.objects.filter(pk=user_id, is_active=True).exclude(email="").first()
    if person is None or not mail.can_mail():
        return False
    if person.links.filter(created_at__gt=timezone.now() - LETTERS_APART).exists():
        return False  # anybody may ask in anybody's name: one letter in a while is enough
    issued = issue_password_reset(None, user=person)
    return mail.send(
        person.email,
        subject="A new password for Takeroom",
        text=(
            f"Hello {person.label},\n\nchoose a new password here:\n\n"
            f"{mail.absolute(issued.path)}\n\nThe link works once and for one day. If you did"
            " not ask for it, leave it: nothing has changed.\n"
        ),
    )


def _issue(
    actor: User | None,
    kind: LinkKind,
    *,
    project: Project | None = None,
    role: str = "",
    user: User | None = None,
    note: str = "",
) -> Issued:
    token = secrets.token_urlsafe(32)
    link = OneTimeLink.objects.create(
        kind=kind,
        token_hash=_hash(token),
        project=project,
        role=role,
        user=user,
        note=note,
        created_by=actor,
        expires_at=timezone.now() + LASTS[kind],
    )
    return Issued(link=link, path=reverse("speech:link", args=[token]))


def _use_up(link: OneTimeLink, kind: LinkKind) -> None:
    if link.kind != kind:
        raise LinkGone("This link is for something else.")
    now = timezone.now()
    fresh = OneTimeLink.objects.filter(
        pk=link.pk, used_at=None, revoked_at=None, expires_at__gt=now
    )
    if not fresh.update(used_at=now):
        raise LinkGone("This link was just used; it works once. Ask for a new one.")


def _revoke(which: Q) -> int:
    return OneTimeLink.objects.filter(which, used_at=None, revoked_at=None).update(
        revoked_at=timezone.now()
    )


def _administrator_exists() -> bool:
    return User.objects.filter(is_superuser=True, is_active=True).exists()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
