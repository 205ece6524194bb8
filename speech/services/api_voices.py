"""Voices that come in through the API: by an address in a request, or as an uploaded clip.

Rule: a caller names a clip, never a voice; the clip becomes a voice of the key's project, checked
like any other, that nobody has stated a consent for: it is kept out of the library, and nothing
that it reads can be approved. The same address, or the same bytes, is the same voice. Reason: the
protocol has no place for a consent, and a thousand calls with one clip must not make a thousand
voices. Price: an address whose content changes is still read by the clip that was checked.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from speech.background import enqueue
from speech.errors import Fault, ParamErrors
from speech.models import ApiKey, Voice
from speech.queries.addresses import voice_named_by
from speech.services.events import hold, log
from speech.services.voices import CHECK_VOICE, INCOMING, NAME_LIMIT, URL_LIMIT, remove_files
from speech.states import ClipState
from speech.text import one_line

A_MINUTE = timedelta(minutes=1)


def voice_for(key: ApiKey, *, address: str) -> Voice:
    """The voice whose clip is at `address`: one of the library, one of the project, or a new one
    whose clip is fetched and checked first. Call it in a transaction that holds the project.

    A voice whose clip is still being checked comes locked, so that whoever settles it sees the
    takes that wait for it. Raises `ParamErrors`.
    """
    if len(address) > URL_LIMIT:
        raise _refused(f"Reference clip: at most {URL_LIMIT} characters, please.")
    given_out = voice_named_by(address)
    voice = (
        _given_out(key, given_out)
        if given_out is not None
        else _listed(address) or _of_project(key, source_url=address)
    )
    if voice is None:
        voice = _bring(key, name=_name_of(address), source_url=address)
    if voice.archived_at is not None:
        raise _refused(f"The voice “{voice.name}” of this clip was archived in the studio.")
    if voice.state == ClipState.REFUSED:
        _check_again(voice)
    return Voice.objects.select_for_update().get(pk=voice.pk) if voice.is_live else voice


def bring_clips(key: ApiKey, *, clips: Sequence[bytes]) -> list[Voice]:
    """A voice for each uploaded clip, in order: those that the project has already, and new ones
    whose clips are checked next."""
    stored: list[str] = []
    try:
        with transaction.atomic():
            hold(key.project_id)
            return [_of_bytes(key, clip, stored) for clip in clips]
    except BaseException:
        remove_files(stored)
        raise


def clips_in_a_minute(key: ApiKey) -> int:
    """How many clips this key has brought within the last minute."""
    since = timezone.now() - A_MINUTE
    return Voice.objects.filter(arrived_by=key, created_at__gt=since).count()


def _of_bytes(key: ApiKey, clip: bytes, stored: list[str]) -> Voice:
    mark = hashlib.sha256(clip).hexdigest()
    arrived_as = f"upload {mark}"
    voice = _of_project(key, original_name=arrived_as)
    if voice is not None and voice.state != ClipState.REFUSED:
        return voice
    incoming = default_storage.save(f"{INCOMING}/{uuid.uuid4().hex}", ContentFile(clip))
    stored.append(incoming)
    if voice is not None:
        _check_again(voice, incoming=incoming)
        return voice
    name = f"Uploaded via API, {mark[:8]}"
    return _bring(key, name=name, original_name=arrived_as, incoming=incoming)


def _given_out(key: ApiKey, pk: int) -> Voice:
    voice = Voice.objects.filter(pk=pk).first()
    if voice is None:
        raise _refused("The clip at this address is no longer kept here. Upload it again.")
    if voice.unlisted_in_id not in {None, key.project_id}:
        raise _refused(
            "This clip was uploaded for another project. Upload it with a key of this one."
        )
    return voice


def _listed(address: str) -> Voice | None:
    """A voice of the library; one that is ready before one that may become so."""
    known = Voice.objects.listed().filter(source_url=address, archived_at=None)
    found = list(known.exclude(state=ClipState.REFUSED).order_by("-id"))
    return next((voice for voice in found if voice.is_usable), found[0] if found else None)


def _of_project(key: ApiKey, **wanted: str) -> Voice | None:
    """What came with a key of this project before, also where the consent was stated since."""
    listed_since = Q(unlisted_in=None, arrived_by__project=key.project_id)
    mine = Voice.objects.filter(Q(unlisted_in=key.project_id) | listed_since, **wanted)
    return mine.order_by("-id").first()


def _bring(
    key: ApiKey, *, name: str, source_url: str = "", original_name: str = "", incoming: str = ""
) -> Voice:
    voice = Voice.objects.create(
        name=name,
        source_url=source_url,
        original_name=original_name,
        incoming=incoming,
        unlisted_in=key.project,
        arrived_by=key,
        due_at=timezone.now(),
    )
    log(
        None, "voice brought", project=key.project, target=f"voice {voice.pk}",
        name=voice.name, api_key=key.name,
    )  # fmt: skip
    enqueue(CHECK_VOICE, voice.pk)
    return voice


def _check_again(voice: Voice, *, incoming: str = "") -> None:
    """A refusal may have passed: a server was away, or another file is there now."""
    voice.state, voice.sentence, voice.incoming = ClipState.WAITING, "", incoming
    voice.due_at, voice.attempts = timezone.now(), 0
    voice.save(update_fields=["state", "sentence", "incoming", "due_at", "attempts"])
    enqueue(CHECK_VOICE, voice.pk)


def _name_of(address: str) -> str:
    """Such as "narrator.mp3 (voices.example)"."""
    parts = urlsplit(address)
    file = unquote(parts.path).rstrip("/").rpartition("/")[2]
    file = one_line(file)
    host = (parts.hostname or "")[: NAME_LIMIT // 2]
    if not file:
        return host
    room = NAME_LIMIT - len(host) - 3
    return f"{file if len(file) <= room else file[: room - 1] + '…'} ({host})"


def _refused(sentence: str) -> ParamErrors:
    return ParamErrors([Fault(field="reference_audio", sentence=sentence)])
