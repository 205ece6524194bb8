from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from speech.jobs.pruning import WORK_FILE_SECONDS, prune

pytestmark = pytest.mark.django_db


def test_what_killed_workers_left_is_removed_once_no_job_comes_back_for_it(
    settings: Settings,
) -> None:
    names = ("ab12.audio", ".ab12.audio.x8s7f.part", "ab12.flac")
    old = [Path(settings.WORK_DIR) / name for name in names]
    fresh = [Path(settings.WORK_DIR) / name.replace("ab12", "cd34") for name in names]
    for path in (*old, *fresh):
        path.write_bytes(b"half of it")
    for path in old:
        then = time.time() - WORK_FILE_SECONDS - 60
        os.utime(path, (then, then))

    prune()

    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in fresh)
