"""Two people act on one take in the same moment, on the database that lets them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.servers import postgres_database


def test_an_approval_and_a_change_wait_for_each_other(
    prepared_postgres: str, tmp_path: Path
) -> None:
    with postgres_database(like=prepared_postgres) as url:
        told = subprocess.run(
            [sys.executable, "-m", "tests.crash.two_at_once"],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATABASE_URL": url,
                "DATA_DIR": str(tmp_path),
            },
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
    assert told.stdout == ""
