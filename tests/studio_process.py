"""A real studio for tests and benches: own data folder, free port, own processes.

    with Studio() as studio:                              # `manage.py studio`, SQLite
        studio.run_python("from speech.models import User; result = User.objects.count()")

`prepared` names a data folder that `prepare` has made ready; its tables and static files are taken
over, which saves the seconds that they take to make.

`programs` are `manage.py` commands; `("studio",)` is the whole studio under its supervisor,
`("web",)`, `("worker", "driver")` and so on are single processes without one.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0
"""Seconds that a step may take on a busy machine."""
WHOLE = (("studio",),)
WORKERS = (("studio", "--only", "workers"),)


class Studio:
    """`env` is laid over a bare environment; nothing of the tester's own configuration gets in."""

    def __init__(
        self,
        env: Mapping[str, str] | None = None,
        *,
        programs: tuple[tuple[str, ...], ...] = WHOLE,
        data_dir: Path | None = None,
        prepared: Path | None = None,
    ) -> None:
        self._own_folder = data_dir is None
        self.data_dir = data_dir or Path(tempfile.mkdtemp(prefix="takeroom-studio-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.programs = programs
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "PYTHONUNBUFFERED": "1",
            "ENV_FILE": "",
            "DATA_DIR": str(self.data_dir),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "LOG_LEVEL": "WARNING",
            **({"STATIC_ROOT": str(prepared / "static")} if prepared else {}),
            **(env or {}),
        }
        self.processes: dict[tuple[str, ...], list[subprocess.Popen[bytes]]] = {}
        self._console: subprocess.Popen[str] | None = None
        self._prepared = prepared is not None
        if prepared is not None:
            copy_prepared(prepared, self.data_dir)

    # --- life ---

    def start(self) -> Self:
        """Prepare the database once, start the programs, wait for `/healthz` if one serves it."""
        if not self._prepared:
            self.prepare()
        for program in self.programs:
            self.launch(*program)
        if any(p[0] == "web" or (p[0] == "studio" and "workers" not in p) for p in self.programs):
            wait_until(self._answers, what=f"{self.url}/healthz answers")
        return self

    def prepare(self) -> None:
        """Make the tables (and, where pages are served, the static files)."""
        pages = any(p[0] == "web" or p == ("studio",) for p in self.programs)
        done = self.manage("prepare", *(() if pages else ("--no-static",)))
        if done.returncode not in {0, 3}:
            raise RuntimeError(f"prepare failed:\n{done.stdout}{done.stderr}")
        self._prepared = True

    def launch(self, *program: str) -> subprocess.Popen[bytes]:
        """One more `manage.py` process, in a group of its own; its output goes to `output()`."""
        with (self.data_dir / "output.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), *program],
                cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.processes.setdefault(program, []).append(process)
        return process

    def stop(self) -> None:
        """End everything at once and for good; the folder goes too."""
        running = [process for group in self.processes.values() for process in group]
        families = [descendants(process.pid) for process in running]
        for process in running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for family in families:
            kill_all(family)
        self.processes.clear()
        if self._console is not None:
            self._console.kill()
            self._console.communicate()
            self._console = None
        if self._own_folder:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # --- violence ---

    def workers(self, cluster: str = "driver") -> list[psutil.Process]:
        """The processes of one django-q2 cluster and all that they started, the oldest first."""
        found: list[psutil.Process] = []
        for group in self.processes.values():
            for process in group:
                for one in [psutil.Process(process.pid), *descendants(process.pid)]:
                    if _is_worker(one, cluster):
                        found += [one, *one.children(recursive=True)]
                        break
        return found

    def kill_workers(self, cluster: str = "driver") -> int:
        """kill -9 a cluster and all its descendants; how many there were."""
        family = self.workers(cluster)
        kill_all(family)
        return len(family)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9 one of `processes` and all its descendants."""
        kill_all([psutil.Process(process.pid), *descendants(process.pid)])
        process.wait()

    # --- questions ---

    def run_python(self, code: str, **given: Any) -> Any:
        """Run code in this studio's settings; what it assigns to `result`, through JSON.

        It finds the keyword arguments in the dict `given`. Raises RuntimeError with its traceback.
        """
        if self._console is None:
            self._console = subprocess.Popen(
                [sys.executable, "-m", "tests.studio_console"],
                cwd=ROOT,
                env={**self.environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        console = self._console
        assert console.stdin is not None
        assert console.stdout is not None
        console.stdin.write(json.dumps({"code": textwrap.dedent(code), "given": given}) + "\n")
        console.stdin.flush()
        line = console.stdout.readline()
        if not line:
            raise RuntimeError("the studio's console ended")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One `manage.py` command, to its end."""
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
            timeout=PATIENCE,
        )  # fmt: skip

    def output(self) -> str:
        """What the processes have said so far."""
        return (self.data_dir / "output.log").read_text(encoding="utf-8", errors="replace")

    def _answers(self) -> bool:
        for group in self.processes.values():
            for process in group:
                if process.poll() is not None:
                    raise RuntimeError(f"a process ended at once:\n{self.output()}")
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5):
                return True
        except urllib.error.HTTPError as answer:
            answer.close()
            return True  # it serves, and has a complaint
        except OSError:
            return False


def copy_prepared(prepared: Path, data: Path) -> None:
    """Tables and secret key of a folder at rest: a running SQLite file must not be copied so."""
    for file in (*prepared.glob("db.sqlite3*"), prepared / "secret_key"):
        shutil.copy2(file, data / file.name)


def _is_worker(process: psutil.Process, cluster: str) -> bool:
    try:
        return process.cmdline()[-2:] == ["worker", cluster]
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


def descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def kill_all(processes: list[psutil.Process]) -> None:
    """kill -9, parents first, so that none of them replaces a child meanwhile."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(
    condition: Callable[[], bool], *, what: str, within: float = PATIENCE, every: float = 0.05
) -> float:
    """Seconds until the condition of another process held; TimeoutError if it never did."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within:
            raise TimeoutError(f"it never came to be that {what}")
        time.sleep(every)
    return time.monotonic() - began
