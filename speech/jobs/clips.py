"""A voice's reference clip, from an address or an upload to a checked copy of our own.

Rule: the voice row is the truth. A check claims it with one conditional UPDATE that moves
`due_at` to the end of its lease; the very moment it wrote there is its fence, and everything it
writes later is conditional on it. So a lost wake-up, a doubled one, a killed worker and a voice
that was deleted meanwhile are all harmless. Reason: as for takes; but here no money is at stake,
so a check that died is simply done again, `MOST_ATTEMPTS` times. Price: a killed check is looked
at again only when its lease has run out.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from speech.audio.confined import AudioJob, ConfinedAudio, Measured
from speech.audio.sniff import sniff
from speech.audio.verdict import Finding, is_refused, reference_findings
from speech.background import enqueue
from speech.engines.addresses import Resolver
from speech.engines.download import download
from speech.errors import AudioError, AudioTooBig, NotAudio, RateLimited, StudioError, TryLater
from speech.jobs.store import keep
from speech.models import Voice
from speech.services.events import hold, log
from speech.services.fallen import recheck
from speech.services.queueing import settle_clip, settle_stranded_clips
from speech.services.voices import (
    CHECK_VOICE,
    INCOMING,
    clips_folder,
    concerned,
    remove_files,
)
from speech.states import CLIP_LIVE, ClipState

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
"""Longer than the queue lets a task live."""
FETCH_SECONDS = 40.0
READ_SECONDS = 30.0
LONGEST_CLIP = 600.0
MOST_ATTEMPTS = 5
MOST_READINGS = 2
"""A file that bends the decoder twice will do so again."""
FIRST_PAUSE = timedelta(seconds=15)
WAKE_AT_MOST = 50
ORPHANED_AFTER = timedelta(days=1)

GAVE_UP = (
    "Checking this clip was begun five times and never came to an end, so we stopped."
    " Try again, or try another file."
)


def check_voice(voice_id: int) -> None:
    """Task: bring one voice's clip to `ready` or `refused`. Safe to run twice, or for nobody."""
    # Clips are rare: a warm child would hold its memory for hours between two of them.
    with closing(ConfinedAudio()) as audio:
        ClipCheck(audio=audio).run(voice_id)


def wake_due_clips() -> int:
    """Task: look for clips whose wake-up was lost or whose worker died; how many were found."""
    due = Voice.objects.filter(state__in=CLIP_LIVE, due_at__lte=timezone.now())
    ids = list(due.order_by("due_at").values_list("pk", flat=True)[:WAKE_AT_MOST])
    for voice_id in ids:
        enqueue(CHECK_VOICE, voice_id)
    settle_stranded_clips()
    return len(ids)


def remove_orphans() -> int:
    """Remove uploads that no voice names and work folders of killed checks, a day old."""
    before = timezone.now() - ORPHANED_AFTER
    for folder in settings.WORK_DIR.glob("clip-*"):
        if folder.stat().st_mtime < before.timestamp():
            shutil.rmtree(folder, ignore_errors=True)
    if not default_storage.exists(INCOMING):
        return 0
    _, names = default_storage.listdir(INCOMING)
    stored = {f"{INCOMING}/{name}" for name in names}
    named = set(Voice.objects.exclude(incoming="").values_list("incoming", flat=True))
    orphans = [name for name in stored - named if default_storage.get_modified_time(name) < before]
    remove_files(orphans)
    return len(orphans)


@dataclass(frozen=True, kw_only=True)
class Claim:
    voice: Voice
    until: datetime
    attempt: int

    def write(self, **values: Any) -> bool:
        """False if somebody else has the row by now; then nothing was written."""
        row = Voice.objects.filter(pk=self.voice.pk, state__in=CLIP_LIVE, due_at=self.until)
        return bool(row.update(**values))


@dataclass(frozen=True, kw_only=True)
class ClipCheck:
    """One way to check clips. People's addresses are never trusted: `trusted_origins` and
    `resolver` are for tests, which have no public server to ask."""

    audio: ConfinedAudio
    trusted_origins: frozenset[str] = frozenset()
    resolver: Resolver | None = None

    def run(self, voice_id: int) -> None:
        claim = _claim(voice_id)
        if claim is None:
            return
        if claim.attempt > MOST_ATTEMPTS:
            _refuse(claim, GAVE_UP)
            return
        try:
            with _work_folder() as folder:
                source = folder / "source"
                self._obtain(claim, source)
                if claim.write(state=ClipState.CHECKING):
                    self._judge(claim, source, folder)
        except (TryLater, RateLimited) as error:
            _again_or_refuse(claim, error, most=MOST_ATTEMPTS)
        except (NotAudio, AudioTooBig) as error:
            _refuse(claim, error.sentence)
        except AudioError as error:
            _again_or_refuse(claim, error, most=MOST_READINGS)
        except StudioError as error:
            _refuse(claim, error.sentence)

    def _obtain(self, claim: Claim, source: Path) -> None:
        voice = claim.voice
        if voice.incoming:
            _copy_incoming(voice.incoming, source)
            return
        asyncio.run(
            download(
                voice.source_url,
                source,
                max_bytes=settings.UPLOAD_MAX_BYTES,
                timeout=FETCH_SECONDS,
                trusted_origins=self.trusted_origins,
                resolver=self.resolver,
                sniff=sniff,
            )
        )

    def _judge(self, claim: Claim, source: Path, folder: Path) -> None:
        flac, mp3 = folder / "clip.flac", folder / "clip.mp3"
        measured = self.audio.process(
            AudioJob(
                source=source,
                kind="reference",
                store_as=flac,
                reference_mp3=mp3,
                max_seconds=LONGEST_CLIP,
                max_bytes=settings.UPLOAD_MAX_BYTES,
            ),
            timeout=READ_SECONDS,
        )
        findings = reference_findings(measured)
        if is_refused(findings):
            _refuse(claim, findings[0].sentence, findings=findings)
        else:
            _keep(claim, measured, findings, flac=flac, mp3=mp3)


def _claim(voice_id: int) -> Claim | None:
    now = timezone.now()
    due = Voice.objects.filter(pk=voice_id, state__in=CLIP_LIVE, due_at__lte=now)
    voice = due.first()
    if voice is None:
        return None
    until = now + LEASE
    mine = due.filter(due_at=voice.due_at).update(
        state=ClipState.CHECKING if voice.incoming else ClipState.FETCHING,
        due_at=until,
        attempts=voice.attempts + 1,
    )
    return Claim(voice=voice, until=until, attempt=voice.attempts + 1) if mine else None


def _keep(
    claim: Claim, measured: Measured, findings: tuple[Finding, ...], *, flac: Path, mp3: Path
) -> None:
    voice = claim.voice
    old = [voice.clip.name or "", voice.clip_mp3.name or "", voice.incoming]
    base = f"{clips_folder(voice.pk)}/{measured.sha256[:16]}"
    sizes = {"mp3_bytes": mp3.stat().st_size}
    new = [_store(flac, f"{base}.flac"), _store(mp3, f"{base}.mp3")]
    facts = dict[str, Any](
        state=ClipState.READY,
        sentence="",
        findings=_plain(findings),
        measured=measured.as_dict() | sizes,
        duration=measured.duration,
        lufs=measured.lufs,
        pitch_hz=measured.pitch_hz,
        sha256=measured.sha256,
        clip=new[0],
        clip_mp3=new[1],
        incoming="",
        due_at=None,
        attempts=0,
    )
    with transaction.atomic():
        hold(*concerned(voice))
        written = claim.write(**facts)
        if written:
            log(None, "voice ready", target=f"voice {voice.pk}", sha256=measured.sha256)
            recheck(None, voice=voice)  # what was approved was read by the clip from before
    # Whoever lost the row removes what it stored; whoever won, what was there before.
    remove_files(old if written else new)
    settle_clip(voice.pk)


def _refuse(claim: Claim, sentence: str, *, findings: tuple[Finding, ...] = ()) -> None:
    """Not usable; but a voice that has a clip keeps it and stays usable."""
    voice = claim.voice
    over: dict[str, Any] = {"incoming": "", "due_at": None, "attempts": 0}
    if voice.clip:
        written = claim.write(
            state=ClipState.READY, sentence=f"{sentence} The clip from before is kept.", **over
        )
    else:
        written = claim.write(
            state=ClipState.REFUSED, sentence=sentence, findings=_plain(findings), **over
        )
    if written:
        remove_files([voice.incoming])
        log(None, "voice clip refused", target=f"voice {voice.pk}", sentence=sentence)
        settle_clip(voice.pk)


def _again_or_refuse(claim: Claim, error: StudioError, *, most: int) -> None:
    if claim.attempt >= most:
        _refuse(claim, f"{error.sentence} We tried {claim.attempt} times and stopped.")
        return
    pause = FIRST_PAUSE * 2 ** (claim.attempt - 1)
    retry_at = getattr(error, "retry_at", None)
    due_at = timezone.now() + pause
    if retry_at is not None:
        due_at = min(max(due_at, retry_at), timezone.now() + timedelta(minutes=15))
    claim.write(
        state=ClipState.WAITING,
        sentence=f"{error.sentence} We will try again shortly.",
        due_at=due_at,
    )


def _copy_incoming(name: str, target: Path) -> None:
    try:
        with default_storage.open(name) as stored, target.open("wb") as file:
            for chunk in stored.chunks():
                file.write(chunk)
    except FileNotFoundError as error:
        raise NotAudio("The uploaded file is not there any more. Upload it again.") from error


def _store(path: Path, name: str) -> str:
    with path.open("rb") as file:
        name = default_storage.save(name, File(file))
    keep(name)
    return name


def _plain(findings: tuple[Finding, ...]) -> list[dict[str, str]]:
    return [{"level": f.level, "code": f.code, "sentence": f.sentence} for f in findings]


@contextmanager
def _work_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=settings.WORK_DIR, prefix="clip-") as name:
        yield Path(name)
