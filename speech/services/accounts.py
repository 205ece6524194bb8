"""People: their names, passwords and sign-in; who administers the studio.

The throttle counts failures in a sliding quarter of an hour: few for one name from one place,
more for one place, many for one name from everywhere. Price: somebody with hundreds of addresses
can keep one person out for as long as they keep trying; without the last rule they could guess on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from speech.errors import BadInput, Fault, ParamErrors, WrongState
from speech.models import OneTimeLink, SignInAttempt, User
from speech.services.events import log
from speech.services.members import one_approver_fewer
from speech.text import one_line

NAME_SHAPE = re.compile(r"[\w.+-]{1,60}")
"""No @: a name must never look like somebody else's e-mail address."""
SHOWN_NAME_LIMIT = 60

WINDOW = timedelta(minutes=15)
PER_NAME_AND_PLACE = 5
PER_PLACE = 30
PER_NAME = 60


class WrongCredentials(BadInput):
    """Unknown name, wrong password and deactivated person alike."""

    code = "wrong_credentials"


class Throttled(BadInput):
    code = "throttled"

    def __init__(self, retry_at: datetime) -> None:
        minutes = max(1, -(-int((retry_at - timezone.now()).total_seconds()) // 60))
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__(
            f"There were too many failed attempts to sign in. Try again in {wait}"
            f" (at {timezone.localtime(retry_at):%H:%M})."
        )
        self.retry_at = retry_at


def find_person(name: str) -> User | None:
    """Whoever signs in by this name or e-mail address, active or not."""
    name = name.strip()
    if not name or "\x00" in name:
        return None
    people = User.objects
    return (
        people.filter(username=name).first()
        or people.filter(username__iexact=name).order_by("id").first()
        or people.filter(email__iexact=name).first()
    )


def check_credentials(*, name: str, password: str, address: str) -> User:
    """The person, if the password fits. Raises `Throttled` or `WrongCredentials`.

    The attempt is written down before the password is tried, so that attempts sent at the same
    moment count too; a success takes it back. Each try hashes once, whoever it names.
    """
    person = find_person(name)
    mark, place = _mark(person, name), _place(address)
    attempt = SignInAttempt.objects.create(name_hash=mark, address=place)
    retry_at = _blocked_until(attempt)
    if retry_at is not None:
        attempt.delete()
        raise Throttled(retry_at)
    if person is None:
        User().set_password(password)
    if person is None or not person.check_password(password) or not person.is_active:
        raise WrongCredentials("The name or the password is not right. Check both and try again.")
    SignInAttempt.objects.filter(name_hash=mark, address=place).delete()
    return person


def account_faults(
    *, username: str, email: str = "", password: str | None = None, person: User | None = None
) -> list[Fault]:
    """Everything that is wrong with what somebody chose for their account."""
    faults: list[Fault] = []
    own = person.pk if person and person.pk else 0
    same_name = bool(person and person.username == username)
    if not username:
        faults.append(Fault(field="username", sentence="Choose a name to sign in with."))
    elif not same_name and not NAME_SHAPE.fullmatch(username):
        faults.append(
            Fault(
                field="username",
                sentence="A name has up to 60 letters, digits and . _ + - and no spaces.",
            )
        )
    elif User.objects.filter(username__iexact=username).exclude(pk=own).exists():
        faults.append(Fault(field="username", sentence="Somebody here already has this name."))
    if email:
        faults += _email_faults(email, own)
    if password is not None:
        faults += password_faults(password, person or User(username=username, email=email))
    return faults


def password_faults(password: str, person: User, *, field: str = "password") -> list[Fault]:
    try:
        validate_password(password, person)
    except ValidationError as error:
        return [Fault(field=field, sentence=sentence) for sentence in error.messages]
    return []


def create_person(
    *, username: str, password: str, email: str = "", administrator: bool = False
) -> User:
    """A new account. Raises `ParamErrors`; call it inside the transaction that justifies it."""
    username, email = username.strip(), email.strip()
    refuse_if(account_faults(username=username, email=email, password=password))
    person = User(
        username=username, email=email, is_superuser=administrator, is_staff=administrator
    )
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        raise ParamErrors([_taken()]) from error
    return person


@transaction.atomic
def edit_account(actor: User, *, username: str, shown_name: str, email: str) -> User:
    """Somebody's own sign-in name, the name that others see, and e-mail address."""
    username, email = username.strip(), email.strip()
    shown_name = one_line(shown_name)
    faults = account_faults(username=username, email=email, person=actor)
    if len(shown_name) > SHOWN_NAME_LIMIT:
        faults.append(
            Fault(
                field="shown_name",
                sentence=f"The name that others see has at most {SHOWN_NAME_LIMIT} characters.",
            )
        )
    refuse_if(faults)
    actor.username, actor.email = username, email
    actor.first_name, actor.last_name = shown_name, ""
    try:
        with transaction.atomic():
            actor.save(update_fields=["username", "email", "first_name", "last_name"])
    except IntegrityError as error:
        raise ParamErrors([_taken()]) from error
    log(actor, "account edited", target=f"person {actor.pk}")
    return actor


def change_faults(person: User, *, current: str, new: str) -> list[Fault]:
    """Everything that is wrong with a change of password."""
    faults = password_faults(new, person, field="new_password")
    if not person.check_password(current):
        faults.insert(0, Fault(field="current_password", sentence="This is not your password."))
    return faults


@transaction.atomic
def change_password(actor: User, *, current: str, new: str) -> User:
    """Ends every session of this person; the view keeps the one at hand."""
    refuse_if(change_faults(actor, current=current, new=new))
    set_password(actor, person=actor, password=new)
    return actor


def set_password(actor: User | None, *, person: User, password: str) -> None:
    person.set_password(password)
    person.save(update_fields=["password"])
    OneTimeLink.objects.filter(user=person, used_at=None, revoked_at=None).update(
        revoked_at=timezone.now()
    )
    log(actor, "password changed", target=f"person {person.pk}")


@transaction.atomic
def set_administrator(actor: User, *, person: User, on: bool) -> User:
    person = _locked(person)
    if on and not person.is_active:
        raise WrongState(f"{person.label} is deactivated. Reactivate the account first.")
    if not on:
        _keep_one_administrator(person)
    person.is_superuser = person.is_staff = on
    person.save(update_fields=["is_superuser", "is_staff"])
    log(actor, f"administrator {'added' if on else 'removed'}", target=f"person {person.pk}")
    return person


@transaction.atomic
def deactivate_person(actor: User, *, person: User) -> User:
    """Signs the person out at once, everywhere, and takes back the links they handed out."""
    if person.pk == actor.pk:
        raise WrongState("You cannot deactivate yourself. Another administrator can.")
    person = _locked(person)
    _keep_one_administrator(person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    now = timezone.now()
    open_links = OneTimeLink.objects.filter(used_at=None, revoked_at=None)
    open_links.filter(created_by=person).update(revoked_at=now)
    open_links.filter(user=person).update(revoked_at=now)
    _end_sessions(person)
    log(actor, "person deactivated", target=f"person {person.pk}")
    for seat in person.memberships.filter(approver=True).select_related("project"):
        one_approver_fewer(actor, project=seat.project)
    return person


@transaction.atomic
def reactivate_person(actor: User, *, person: User) -> User:
    person = _locked(person)
    person.is_active = True
    person.save(update_fields=["is_active"])
    log(actor, "person reactivated", target=f"person {person.pk}")
    return person


def refuse_if(faults: Iterable[Fault]) -> None:
    if found := list(faults):
        raise ParamErrors(found)


def _email_faults(email: str, own: int) -> list[Fault]:
    try:
        validate_email(email)
    except ValidationError:
        return [Fault(field="email", sentence="This is not an e-mail address.")]
    if User.objects.filter(email__iexact=email).exclude(pk=own).exists():
        return [Fault(field="email", sentence="Somebody here already has this e-mail address.")]
    return []


def _taken() -> Fault:
    return Fault(field="username", sentence="This name or e-mail address was just taken.")


def _locked(person: User) -> User:
    # All administrators are locked together, so that two cannot each remove the other.
    list(User.objects.select_for_update().filter(is_superuser=True).order_by("id"))
    return User.objects.select_for_update().get(pk=person.pk)


def _keep_one_administrator(person: User) -> None:
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=person.pk)
    if person.is_superuser and not others.exists():
        raise WrongState(f"{person.label} is the only administrator. Make somebody else one first.")


def _end_sessions(person: User) -> None:
    """Without this, reactivating somebody would bring old sessions back to life."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(person.pk):
            session.delete()


def _mark(person: User | None, name: str) -> str:
    """The same for a person's name and e-mail address; says nothing to a reader of the table."""
    key = f"person {person.pk}" if person else f"name {name.strip().casefold()}"
    return salted_hmac("speech.sign-in", key, algorithm="sha256").hexdigest()


def _place(address: str) -> str:
    """One household or office: an IPv4 address, or the first half of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return hashlib.sha256(address.encode()).hexdigest()
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)


def _blocked_until(attempt: SignInAttempt) -> datetime | None:
    earlier = SignInAttempt.objects.filter(id__lt=attempt.pk, at__gt=attempt.at - WINDOW)
    rules = (
        (earlier.filter(name_hash=attempt.name_hash, address=attempt.address), PER_NAME_AND_PLACE),
        (earlier.filter(address=attempt.address), PER_PLACE),
        (earlier.filter(name_hash=attempt.name_hash), PER_NAME),
    )
    blocked = [
        oldest[0] + WINDOW
        for rows, most in rules
        # The attempt that must leave the window before another one may be made.
        if (oldest := rows.order_by("-at").values_list("at", flat=True)[most - 1 : most])
    ]
    return max(blocked, default=None)
