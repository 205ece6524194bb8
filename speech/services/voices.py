"""The library of voices: reference clips, consent, preferred knobs.

The clip itself is fetched, read and measured by `speech.jobs.clips`; here a voice only becomes
due. A voice that was ready stays so until a new clip has passed, whatever happens to the new one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import IO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from speech import params
from speech.background import enqueue
from speech.errors import Fault, ParamErrors, WrongState
from speech.models import Line, Project, Review, User, Voice
from speech.services.events import hold, log, moved, touch
from speech.services.fallen import recheck
from speech.states import CLIP_LIVE, LIVE, ClipState
from speech.text import one_line

CHECK_VOICE = "speech.tasks.check_voice"
NAME_LIMIT, BY_LIMIT, FOR_LIMIT = 80, 120, 500
URL_LIMIT = params.URL_REFUSED_OVER
INCOMING = "incoming"
CONSENT_FIELDS = (
    ("name", "Give the voice a name.", "The name", NAME_LIMIT),
    ("consent_by", "Say who gave consent to use this voice.", "This field", BY_LIMIT),
    ("consent_for", "Say what the consent is for.", "This field", FOR_LIMIT),
)


def add_voice(
    actor: User | None,
    *,
    name: str,
    consent_by: str,
    consent_for: str,
    source_url: str = "",
    upload: IO[bytes] | None = None,
    original_name: str = "",
    tuning: Mapping[str, object] | None = None,
) -> Voice:
    """A voice whose clip will be fetched from `source_url` or is `upload`; just one of them.

    Raises `ParamErrors` with every fault. Nothing is kept of an upload that is refused here.
    """
    faults, words = _clean_words(name=name, consent_by=consent_by, consent_for=consent_for)
    knobs = _clean_knobs(tuning or {}, faults)
    source_url = _clean_source(source_url, upload, faults)
    if faults:
        raise ParamErrors(faults)
    incoming = _keep_incoming(upload) if upload is not None else ""
    try:
        with transaction.atomic():
            voice = Voice.objects.create(
                **words,
                source_url=source_url,
                original_name=_shown_name(original_name) if incoming else "",
                incoming=incoming,
                params=knobs,
                created_by=actor,
                due_at=timezone.now(),
            )
            log(actor, "voice added", target=f"voice {voice.pk}", new=_record(voice))
            enqueue(CHECK_VOICE, voice.pk)
    except BaseException:
        remove_files([incoming])
        raise
    return voice


@transaction.atomic
def edit_voice(
    actor: User,
    *,
    voice: Voice,
    name: str,
    consent_by: str,
    consent_for: str,
    tuning: Mapping[str, object],
) -> Voice:
    faults, words = _clean_words(name=name, consent_by=consent_by, consent_for=consent_for)
    knobs = _clean_knobs(tuning, faults)
    if faults:
        raise ParamErrors(faults)
    _refuse_unlisted(voice)
    hold(*concerned(voice))
    old = _record(voice)
    for field, value in words.items():
        setattr(voice, field, value)
    voice.params = knobs
    voice.save(update_fields=["name", "consent_by", "consent_for", "params"])
    log(actor, "voice edited", target=f"voice {voice.pk}", old=old, new=_record(voice))
    recheck(actor, voice=voice)
    _touch_users(voice)
    return voice


@transaction.atomic
def state_consent(
    actor: User, *, voice: Voice, name: str, consent_by: str, consent_for: str
) -> Voice:
    """A voice that came through the API joins the library: somebody says whose it is, who gave
    consent, and what for, and looks after it from then on. What it reads can be approved."""
    faults, words = _clean_words(name=name, consent_by=consent_by, consent_for=consent_for)
    if faults:
        raise ParamErrors(faults)
    hold(*concerned(voice))
    project, old = voice.unlisted_in, _record(voice)
    waiting = Voice.objects.unlisted().filter(pk=voice.pk)
    stated = waiting.update(**words, unlisted_in=None, created_by=actor)
    if not stated:
        raise WrongState("Somebody has stated the consent for this voice already.")
    voice.refresh_from_db()
    what = moved(old, _record(voice))
    log(
        actor, "voice consent stated", project=project, target=f"voice {voice.pk}",
        name=voice.name, **what,
    )  # fmt: skip
    recheck(actor, voice=voice)
    users = _users(voice)
    for project_id in sorted(concerned(voice)):
        takes = voice.takes.filter(project=project_id).values_list("pk", flat=True)
        touch(project_id, takes=takes, lines=users.get(project_id, ()))
    return voice


def recheck_voice(
    actor: User,
    *,
    voice: Voice,
    source_url: str = "",
    upload: IO[bytes] | None = None,
    original_name: str = "",
) -> Voice:
    """Fetch the clip again, or take another one: from `source_url`, or `upload`.

    Without either, the address that the voice already has is fetched again.
    """
    _refuse_unlisted(voice)
    faults: list[Fault] = []
    if upload is None and not source_url.strip():
        source_url = voice.source_url
    source_url = _clean_source(source_url, upload, faults)
    if faults:
        raise ParamErrors(faults)
    incoming = _keep_incoming(upload) if upload is not None else ""
    try:
        with transaction.atomic():
            current = Voice.objects.select_for_update().get(pk=voice.pk)
            changed = Voice.objects.filter(pk=voice.pk).exclude(state__in=CLIP_LIVE)
            if not changed.update(
                state=ClipState.WAITING,
                sentence="",
                source_url=source_url,
                original_name=_shown_name(original_name) if incoming else "",
                incoming=incoming,
                due_at=timezone.now(),
                attempts=0,
            ):
                raise WrongState("This clip is being checked right now. Wait until it is done.")
            log(actor, "voice clip asked for again", target=f"voice {voice.pk}")
            enqueue(CHECK_VOICE, voice.pk)
            stale = current.incoming
    except BaseException:
        remove_files([incoming])
        raise
    remove_files([stale])
    voice.refresh_from_db()
    return voice


@transaction.atomic
def archive_voice(actor: User, *, voice: Voice) -> Voice:
    """Out of the lists for new takes; everything made with it stays."""
    _refuse_unlisted(voice)
    voice.archived_at = timezone.now()
    voice.save(update_fields=["archived_at"])
    log(actor, "voice archived", target=f"voice {voice.pk}", name=voice.name)
    _touch_users(voice)
    return voice


@transaction.atomic
def restore_voice(actor: User, *, voice: Voice) -> Voice:
    voice.archived_at = None
    voice.save(update_fields=["archived_at"])
    log(actor, "voice restored", target=f"voice {voice.pk}", name=voice.name)
    _touch_users(voice)
    return voice


@transaction.atomic
def delete_voice(actor: User, *, voice: Voice) -> None:
    """The voice and its clip go. Lines and projects that used it have none; takes keep their own
    record of it. Files go right after the commit: a crash between leaves orphans at worst."""
    hold(*concerned(voice))
    voice = Voice.objects.select_for_update().get(pk=voice.pk)
    if voice.takes.filter(state__in=LIVE).exists():
        raise WrongState(
            f"Takes are being made with “{voice.name}”. Wait until they are done, then delete it."
        )
    names = [voice.clip.name or "", voice.clip_mp3.name or "", voice.incoming]
    log(actor, "voice deleted", target=f"voice {voice.pk}", new=_record(voice))
    touched = _users(voice)
    decided = list(Review.objects.filter(take__voice=voice).values_list("line", flat=True))
    voice.delete()
    recheck(actor, lines=decided)
    _touch(touched)
    transaction.on_commit(lambda: remove_files(names), robust=True)


def clips_folder(voice_id: int) -> str:
    """Where the clips of a voice are stored."""
    return f"voices/{voice_id}"


def word_faults(**given: str) -> list[Fault]:
    """What is wrong with name, consent_by and consent_for, before anything is asked for."""
    return _clean_words(**given)[0]


def source_faults(source_url: str, upload: IO[bytes] | None) -> list[Fault]:
    """What is wrong with where a new voice's clip shall come from."""
    faults: list[Fault] = []
    _clean_source(source_url, upload, faults)
    return faults


def remove_files(names: Iterable[str]) -> None:
    for name in names:
        if name:
            default_storage.delete(name)


def _clean_words(**given: str) -> tuple[list[Fault], dict[str, str]]:
    faults: list[Fault] = []
    words = {field: one_line(value) for field, value in given.items()}
    for field, missing, called, most in CONSENT_FIELDS:
        if not words[field]:
            faults.append(Fault(field=field, sentence=missing))
        elif len(words[field]) > most:
            faults.append(Fault(field=field, sentence=f"{called} has at most {most} characters."))
    return faults, words


def _clean_knobs(tuning: Mapping[str, object], faults: list[Fault]) -> dict[str, object]:
    """Only what differs from the provider's defaults is a preference of the voice."""
    try:
        given = params.clean_tuning(tuning)
    except ParamErrors as error:
        faults.extend(error.faults)
        return {}
    standard = params.defaults()
    return {name: value for name, value in given.items() if value != standard[name]}


def _clean_source(source_url: str, upload: IO[bytes] | None, faults: list[Fault]) -> str:
    """The address as it will be fetched. Whether it is a public one, the task finds out."""
    source_url = source_url.strip()
    if bool(source_url) == (upload is not None):
        sentence = (
            "Choose one: a web address or a file, not both."
            if source_url
            else "Give the clip's web address, or choose a file."
        )
        faults.append(Fault(field="source_url", sentence=sentence))
    elif source_url:
        try:
            params.BY_NAME["reference_audio"].parse(source_url)
        except ValueError:
            faults.append(
                Fault(
                    field="source_url",
                    sentence="The clip's address must be a web address that starts with https://.",
                )
            )
        if len(source_url) > URL_LIMIT:
            faults.append(
                Fault(field="source_url", sentence=f"At most {URL_LIMIT} characters, please.")
            )
    elif upload is not None:
        faults.extend(_size_faults(upload))
    return source_url


def _size_faults(upload: IO[bytes]) -> list[Fault]:
    size = upload.seek(0, 2)
    upload.seek(0)
    if size == 0:
        return [Fault(field="upload", sentence="This file is empty.")]
    if size > settings.UPLOAD_MAX_BYTES:
        return [
            Fault(
                field="upload",
                sentence=f"This file has {size / 1024 / 1024:.0f} MB; a clip may have"
                f" {settings.UPLOAD_MAX_MB}. 15 seconds of it are enough.",
            )
        ]
    return []


def _keep_incoming(upload: IO[bytes]) -> str:
    """Stored under a name of our own: what the person's file is called reaches no file system."""
    return default_storage.save(f"{INCOMING}/{uuid.uuid4().hex}", File(upload))


def _shown_name(original: str) -> str:
    name = original.replace("\\", "/").rsplit("/", 1)[-1]
    return one_line(name)[:200]


def _refuse_unlisted(voice: Voice) -> None:
    """What arrived through the API is taken as it is: its clip is what its takes were made with."""
    if voice.unlisted_in_id is not None:
        raise WrongState("Nobody has stated the consent for this voice yet. State it first.")


def _record(voice: Voice) -> dict[str, object]:
    """What the audit keeps: who consented to what stays known when the voice is gone."""
    fields = ("name", "source_url", "consent_by", "consent_for", "params")
    return {field: getattr(voice, field) for field in fields}


def _users(voice: Voice) -> dict[int, list[int]]:
    """Project → its lines that are read by this voice, directly or as the project's default."""
    lines = Line.objects.filter(deleted_at=None)
    found: dict[int, list[int]] = {}
    for project_id in Project.objects.filter(voice=voice).values_list("pk", flat=True):
        own = lines.filter(project_id=project_id, voice=None)
        found[project_id] = list(own.values_list("pk", flat=True))
    for project_id, line_id in lines.filter(voice=voice).values_list("project_id", "pk"):
        found.setdefault(project_id, []).append(line_id)
    return found


def concerned(voice: Voice) -> set[int]:
    """Projects whose rows change with the voice: those read by it, and those with takes of it."""
    made = voice.takes.order_by().values_list("project", flat=True).distinct()
    return {*_users(voice), *made}


def _touch(users: Mapping[int, list[int]]) -> None:
    for project_id in sorted(users):
        touch(project_id, lines=users[project_id])


def _touch_users(voice: Voice) -> None:
    _touch(_users(voice))
