"""Making one delivery: a task that is safe to run twice, and begun again where it died.

Rule: the row is claimed by one conditional UPDATE that counts `tries`; that number is the fence
of all that is written later, and part of the place where the file goes. Whoever makes it says
`beat_at` every second; a row without a beat for a minute is taken over. Price: a file that was
stored by somebody who then died is removed only by the next attempt.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from speech.exporting import names, package
from speech.models import Delivery, Heartbeat
from speech.queries.health import DEFAULT
from speech.services.deliveries import due, folder_of
from speech.services.events import log, touch
from speech.services.projects import remove_folder
from speech.states import DeliveryState

MOST_TRIES = 3
BEAT_SECONDS = 1.0
GAVE_UP = (
    "Making this delivery was begun three times and never came to an end. Look whether the disk"
    " is full and the workers are running, then make a new one."
)
NOTHING_LEFT = "Nothing could go in: no approval and sound file held when it was made."


class Lost(Exception):
    """Somebody else makes this delivery by now, or it is gone with its project."""


@dataclass(kw_only=True)
class Attempt:
    """One attempt at a row. Writes only while the row is ours."""

    delivery: Delivery
    number: int
    last_beat: float = field(default_factory=time.monotonic)

    def beat(self, done: int) -> None:
        """Say that we live and how far we are, once a second at most. Raises `Lost`.

        The queue's own heartbeat is a task like this one: where a single worker is busy here,
        nobody else can tell the watchdog that it is alive.
        """
        if time.monotonic() - self.last_beat < BEAT_SECONDS:
            return
        now = timezone.now()
        self.write(done=done, beat_at=now)
        Heartbeat.objects.filter(name=DEFAULT).update(at=now)
        self.last_beat = time.monotonic()

    @transaction.atomic
    def write(self, **values: Any) -> None:
        rows = Delivery.objects.filter(
            pk=self.delivery.pk, state=DeliveryState.MAKING, tries=self.number
        )
        if not rows.update(**values):
            raise Lost
        touch(self.delivery.project_id)


class _Watched(File):  # type: ignore[type-arg]
    """A file that says it is being read."""

    def __init__(self, file: Any, attempt: Attempt, done: int) -> None:
        super().__init__(file)
        self._attempt, self._done = attempt, done

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        for piece in super().chunks(chunk_size or package.CHUNK):
            self._attempt.beat(self._done)
            yield piece


def make(delivery_id: int) -> None:
    """Task: make a delivery that nobody else makes now. Does nothing for a finished one."""
    attempt = _claim(delivery_id)
    if attempt is None:
        return
    try:
        if attempt.number > MOST_TRIES:
            _fail(attempt, GAVE_UP)
            return
        _clean(attempt)
        _make(attempt)
    except Lost:
        remove_folder(folder_of(attempt.delivery, attempt=attempt.number))


def _claim(delivery_id: int) -> Attempt | None:
    found = Delivery.objects.filter(due(), pk=delivery_id).first()
    if found is None:
        return None
    now = timezone.now()
    mine = Delivery.objects.filter(due(), pk=found.pk, tries=found.tries).update(
        state=DeliveryState.MAKING, tries=F("tries") + 1, started_at=now, beat_at=now, done=0
    )
    if not mine:
        return None
    row = Delivery.objects.select_related("project__voice", "asked_by").get(pk=found.pk)
    return Attempt(delivery=row, number=found.tries + 1)


def _make(attempt: Attempt) -> None:
    delivery = attempt.delivery
    with _work_folder(delivery, attempt.number) as folder:
        base = names.package_name(slug=delivery.project.slug, number=delivery.number)
        path = folder / f"{base}.zip"
        made = package.write(delivery, path, beat=attempt.beat)
        if not made.packed:
            _fail(attempt, NOTHING_LEFT, missing=made.missing, done=0)
            return
        with path.open("rb") as file:
            name = default_storage.save(
                f"{folder_of(delivery, attempt=attempt.number)}/{path.name}",
                _Watched(file, attempt, made.packed),
            )
    _finish(attempt, made, name)


@transaction.atomic
def _finish(attempt: Attempt, made: package.Package, name: str) -> None:
    delivery = attempt.delivery
    log(
        None, "delivery made", project=delivery.project, target=f"delivery {delivery.pk}",
        number=delivery.number, lines=made.packed, of=made.packed + len(made.missing),
        sha256=made.sha256,
    )  # fmt: skip
    attempt.write(
        state=DeliveryState.DONE,
        file=name,
        sha256=made.sha256,
        byte_count=made.byte_count,
        missing=made.missing,
        done=made.packed,
        total=made.packed,
        finished_at=timezone.now(),
    )


@transaction.atomic
def _fail(attempt: Attempt, sentence: str, **more: Any) -> None:
    delivery = attempt.delivery
    _clean(attempt)
    log(
        None, "delivery failed", project=delivery.project, target=f"delivery {delivery.pk}",
        number=delivery.number, reason=sentence,
    )  # fmt: skip
    attempt.write(state=DeliveryState.FAILED, error=sentence, finished_at=timezone.now(), **more)


def _clean(attempt: Attempt) -> None:
    """Remove what attempts that died have left behind."""
    for number in range(1, attempt.number):
        remove_folder(folder_of(attempt.delivery, attempt=number))
        shutil.rmtree(_work_path(attempt.delivery, number), ignore_errors=True)


@contextmanager
def _work_folder(delivery: Delivery, number: int) -> Iterator[Path]:
    """A folder of this attempt's own; one that was killed is cleaned up after by the next, or, on
    another host, by `speech.jobs.pruning`."""
    path = _work_path(delivery, number)
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _work_path(delivery: Delivery, number: int) -> Path:
    return Path(settings.WORK_DIR) / f"delivery-{delivery.pk}-{number}"
