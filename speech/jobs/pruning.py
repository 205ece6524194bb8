"""What nobody needs any more: old messages, sign-in attempts, left-over work files."""

from __future__ import annotations

import shutil
import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from speech.background import forget_old_messages
from speech.jobs.clips import remove_orphans
from speech.models import ApiCall, Notice, OneTimeLink, Presence, SignInAttempt

WORK_FILES = ("*.audio", ".*.part", "*.flac")
"""Downloads, halves of downloads, and takes on their way to the store."""
WORK_FILE_SECONDS = 8 * 24 * 3600
"""Past the seven days that a provider keeps outputs, no job comes back for its work file."""


def prune() -> None:
    now = timezone.now()
    SignInAttempt.objects.filter(at__lt=now - timedelta(days=1)).delete()
    OneTimeLink.objects.filter(expires_at__lt=now - timedelta(days=30)).delete()
    Presence.objects.filter(seen_at__lt=now - timedelta(days=1)).delete()
    # An idempotency key is good for a day, however soon the protocol forgets the request.
    ApiCall.objects.filter(expires_at__lt=now, created_at__lt=now - timedelta(days=1)).delete()
    Notice.objects.filter(read_at__lt=now - timedelta(days=90)).delete()
    forget_old_messages(now - timedelta(days=2))
    remove_orphans()
    _remove_work_folders("delivery-*", older_than=24 * 3600)
    oldest = time.time() - WORK_FILE_SECONDS
    for pattern in WORK_FILES:
        for path in settings.WORK_DIR.glob(pattern):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)


def _remove_work_folders(pattern: str, *, older_than: float) -> None:
    """What killed workers left behind."""
    for folder in settings.WORK_DIR.glob(pattern):
        if folder.stat().st_mtime < time.time() - older_than:
            shutil.rmtree(folder, ignore_errors=True)
