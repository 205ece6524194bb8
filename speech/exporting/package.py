"""The ZIP of a delivery, written to a file of our own piece by piece.

Stored, not deflated: FLAC does not shrink. Each sound is copied to a work file and hashed on the
way; it goes in only if the copy is, byte by byte, what was approved, and the approval stands at
that moment. The same approvals give the same bytes: names by position, times of the approvals.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.core.files.storage import default_storage

from speech.exporting import names, papers
from speech.exporting.papers import Packed
from speech.models import Delivery, Review, Take
from speech.queries.approval import still_holds
from speech.queries.deliveries import Missing, Ready, approvals, fresh, outlook

CHUNK = 1024 * 1024
OLDEST = datetime(1980, 1, 1, tzinfo=UTC)
"""A ZIP knows no earlier time."""

Beat = Callable[[int], None]
"""Called with the number of files that are in, often; raises when the work is no longer ours."""


@dataclass(frozen=True, kw_only=True)
class Package:
    """What was written: how many files, which lines were left out, and hash and size of it all."""

    packed: int
    missing: list[dict[str, Any]]
    sha256: str
    byte_count: int


def write(delivery: Delivery, path: Path, *, beat: Beat) -> Package:
    """Write the delivery to `path`. Raises `OSError` where the disk is full or out of reach."""
    found = outlook(delivery.project)
    missing = list(found.missing)
    packed: list[Packed] = []
    folder = names.package_name(slug=delivery.project.slug, number=delivery.number)
    last = max((one.line.position for one in found.ready), default=0)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for ready in found.ready:
            beat(len(packed))
            text, position = ready.line.text, ready.line.position
            name = names.sound_name(position=position, last=last, text=text)
            with tempfile.TemporaryFile(dir=path.parent) as copy:
                sound, why = _checked(ready, copy, beat=lambda: beat(len(packed)))
                if sound is None:
                    missing.append(Missing(line=ready.line, why=why))
                    continue
                _put(archive, f"{folder}/{name}", copy, at=_approved_at(sound.review))
            packed.append(Packed(name=name, ready=sound))
        kept = [one.kept() for one in sorted(missing, key=lambda one: one.line.position)]
        if packed:
            at = max(_approved_at(one.ready.review) for one in packed)
            sheets = {papers.MANIFEST: papers.manifest(packed)}
            if kept:
                sheets[papers.LEFT_OUT] = papers.left_out(kept)
            sheets[papers.README] = papers.readme(delivery, packed=packed, missing=kept)
            for name, body in sheets.items():
                archive.writestr(_entry(f"{folder}/{name}", at=at), body)
    digest = _hash(path, beat=lambda: beat(len(packed)))
    return Package(packed=len(packed), missing=kept, sha256=digest, byte_count=path.stat().st_size)


def _checked(
    ready: Ready, copy: IO[bytes], *, beat: Callable[[], None]
) -> tuple[Ready | None, str]:
    """Copy the sound; what goes in, or None and why it does not."""
    take = ready.take
    try:
        digest = _copy(take, copy, beat=beat)
    except FileNotFoundError:
        return None, f"the sound file of take {take.number} is gone from the store"
    if digest != take.sha256:
        return None, f"the sound file of take {take.number} is not the one that was approved"
    try:
        review = fresh(ready.review.pk)
    except Review.DoesNotExist:
        return None, f"take {take.number} is gone"
    if not still_holds(review) or review.take.line.deleted_at is not None:
        return None, f"the approval of take {take.number} fell while this was made"
    return replace(ready, review=review), ""


def _copy(take: Take, copy: IO[bytes], *, beat: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with default_storage.open(take.audio.name or "") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
            copy.write(piece)
            beat()
    copy.seek(0)
    return digest.hexdigest()


def _put(archive: zipfile.ZipFile, name: str, copy: IO[bytes], *, at: datetime) -> None:
    entry = _entry(name, at=at)
    entry.file_size = copy.seek(0, 2)
    copy.seek(0)
    with archive.open(entry, "w") as out:
        while piece := copy.read(CHUNK):
            out.write(piece)


def _entry(name: str, *, at: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=max(at, OLDEST).astimezone(UTC).timetuple()[:6])
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry


def _approved_at(review: Review) -> datetime:
    return max(one.at for one in approvals(review))


def _hash(path: Path, *, beat: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
            beat()
    return digest.hexdigest()
