"""Addresses of sound that work without a key: signed, and good for a time.

Rule: an address names a take or a clip and the moment when it ends, under a signature that only
this studio can write; the same take has the same address however often it is asked for. Reason:
whoever makes a request hands its answer on to players and other servers, which have no key.
Price: an address cannot be taken back before its time. Where a caller with a key of the project
names a clip by its address, the moment does not count: the key opens it anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from speech.models import Take, Voice

OUTPUT, CLIP = "api_output", "api_clip"


@dataclass(frozen=True, kw_only=True)
class Named:
    """What a signed token says."""

    pk: int
    until: float
    """Seconds since 1970."""

    @property
    def is_over(self) -> bool:
        return self.until < timezone.now().timestamp()


def output_path(take: Take) -> str:
    """Where a finished take can be heard, until some days after it was made."""
    return _path(OUTPUT, take.pk, take.finished_at or take.created_at)


def clip_path(voice: Voice) -> str:
    """Where the checked copy of a voice's clip can be heard, for some days from now."""
    return _path(CLIP, voice.pk, timezone.now())


def take_at(token: str) -> Take | None:
    named = _read(OUTPUT, token)
    if named is None or named.is_over:
        return None
    done = Take.objects.exclude(audio="").filter(pk=named.pk, project__archived_at=None)
    return done.first()


def clip_at(token: str) -> Voice | None:
    named = _read(CLIP, token)
    if named is None or named.is_over:
        return None
    return Voice.objects.exclude(clip_mp3="").filter(pk=named.pk).first()


def voice_named_by(address: str) -> int | None:
    """The key of the voice whose clip this studio gave out under `address`, in time or not; None
    for every other address."""
    try:
        match = resolve(urlsplit(address).path)
    except (Resolver404, ValueError):
        return None
    if match.url_name != CLIP:
        return None
    named = _read(CLIP, match.kwargs["token"])
    return named.pk if named else None


def _path(name: str, pk: int, since: datetime) -> str:
    until = int((since + timedelta(seconds=settings.API_OUTPUT_SECONDS)).timestamp())
    return reverse(f"speech:{name}", args=[_signer(name).sign(f"{pk}.{until}")])


def _read(name: str, token: str) -> Named | None:
    try:
        pk, _, until = _signer(name).unsign(token).partition(".")
        return Named(pk=int(pk), until=float(until))
    except (BadSignature, ValueError):
        return None


def _signer(name: str) -> Signer:
    return Signer(sep=".", salt=f"speech.{name}")
