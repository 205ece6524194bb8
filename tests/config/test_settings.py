"""The settings as whole processes see them."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

from config import secret_key

ROOT = Path(__file__).resolve().parents[2]


def manage(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "ENV_FILE": "", "DATA_DIR": str(data), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def ask(data: Path, *names: str, **environment: str) -> list[object]:
    program = (
        "import json; from django.conf import settings;"
        f"print(json.dumps([getattr(settings, name, None) for name in {names!r}], default=str))"
    )
    answer = manage(data, "shell", "--no-imports", "-c", program, **environment)
    assert answer.returncode == 0, answer.stderr
    values: list[object] = json.loads(answer.stdout)
    return values


def test_it_passes_the_deployment_check_in_production(tmp_path: Path) -> None:
    answer = manage(
        tmp_path,
        "check",
        "--deploy",
        "--fail-level=WARNING",
        PUBLIC_URL="https://studio.example.com",
    )
    assert answer.returncode == 0, answer.stderr
    names = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "SESSION_COOKIE_SECURE", "DEBUG")
    hosts, origins, secure, debug = ask(tmp_path, *names, PUBLIC_URL="https://studio.example.com/")
    assert isinstance(hosts, list)
    assert "studio.example.com" in hosts
    assert "*" not in hosts
    assert origins == ["https://studio.example.com"]
    assert (secure, debug) == (True, False)


def test_it_answers_only_to_loopback_without_a_public_address(tmp_path: Path) -> None:
    hosts, secure = ask(tmp_path, "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE", HOST="0.0.0.0")
    assert hosts == ["localhost", "127.0.0.1", "[::1]"]
    assert secure is False


def test_it_says_the_cure_instead_of_a_traceback(tmp_path: Path) -> None:
    answer = manage(tmp_path, "check", PORT="http")
    assert answer.returncode == 1
    assert "PORT='http' is not a whole number" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_it_makes_one_secret_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "secret_key"
    first = secret_key.read_or_create(file)
    assert len(first) >= 50
    assert secret_key.read_or_create(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(tmp_path.glob(".secret_key-*"))


def test_it_reads_a_file_of_variables_but_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "studio.env"
    file.write_text("PORT=9000\nTIME_ZONE='Europe/Berlin'\n", encoding="utf-8")
    values = ask(tmp_path, "PORT", "TIME_ZONE", ENV_FILE=str(file), PORT="9001")
    assert values == [9001, "Europe/Berlin"]
