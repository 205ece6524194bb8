"""Keys of the front door: made once, shown once, taken back for good.

Rule: a key looks like Segmind's (`SG_` and 16 hex digits), because the SDK and people's checks
expect that; only its SHA-256 is kept. Reason: 64 random bits need no slow hash, and a call can
find its row by an index. Price: a lost key cannot be shown again, only replaced.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from speech.catalog import ENGINES
from speech.errors import BadInput, WrongState
from speech.models import ApiKey, Project, User
from speech.services.budgets import refuse_odd
from speech.services.events import hold, log
from speech.text import one_line

SHAPE = re.compile(r"SG_[0-9a-f]{16}")
NAME_LIMIT = 80
MOST_PER_MINUTE = 10_000
USED_EVERY = timedelta(minutes=1)
"""How old the note of the last use may be: a write for each poll would be too much."""


@dataclass(frozen=True, kw_only=True)
class IssuedKey:
    """A new key; `secret` exists here only, and is shown to whoever made it, once."""

    key: ApiKey
    secret: str = field(repr=False)


@transaction.atomic
def make_key(
    actor: User,
    *,
    project: Project,
    name: str,
    engine: str = "",
    budget: Decimal | None = None,
    per_minute: int = 60,
) -> IssuedKey:
    """`engine` empty: the studio's default at the time of each call."""
    name = _clean_name(name)
    if engine and engine not in ENGINES:
        raise BadInput(f"There is no engine “{engine}”.")
    if not 1 <= per_minute <= MOST_PER_MINUTE:
        raise BadInput(f"Between 1 and {MOST_PER_MINUTE:,} requests a minute, please.")
    refuse_odd(budget)
    if project.archived_at is not None:
        raise WrongState("This project is archived. Restore it to make a key for it.")
    hold(project.pk)
    secret = f"SG_{secrets.token_hex(8)}"
    key = ApiKey.objects.create(
        project=project, name=name, key_hash=hash_of(secret), hint=secret[:7], engine=engine,
        budget=budget, per_minute=per_minute, created_by=actor,
    )  # fmt: skip
    log(actor, "api key made", project=project, target=f"key {key.pk}", name=name)
    return IssuedKey(key=key, secret=secret)


@transaction.atomic
def revoke_key(actor: User, *, key: ApiKey) -> ApiKey:
    """From now on it opens nothing. What was asked for with it goes on."""
    hold(key.project_id)
    if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        raise WrongState("This key was revoked already.")
    key.refresh_from_db()
    log(actor, "api key revoked", project=key.project, target=f"key {key.pk}", name=key.name)
    return key


def find_key(secret: str) -> ApiKey | None:
    """The living key that this is, with its project; None for all else. One query."""
    if not SHAPE.fullmatch(secret):
        return None
    living = ApiKey.objects.filter(key_hash=hash_of(secret), revoked_at=None)
    return next(iter(living.select_related("project")[:1]), None)


def note_use(key: ApiKey) -> None:
    """Remember that it was used, at most once a minute."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_EVERY)
    if key.last_used_at is None or key.last_used_at < now - USED_EVERY:
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _clean_name(name: str) -> str:
    name = one_line(name)
    if not name:
        raise BadInput("Give the key a name: what it is for.")
    if len(name) > NAME_LIMIT:
        raise BadInput(f"A key's name has at most {NAME_LIMIT} characters.")
    return name
