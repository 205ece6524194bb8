"""Real processes: started, killed in every way, and looked for afterwards."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from speech.running.prepare import NOBODY_YET
from tests.running.studio import Studio, alive, get_json, manage, wait_until
from tests.studio_process import copy_prepared

STOPS_WITHIN = 5.0


@pytest.fixture(scope="module")
def inhabited(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with an administrator: copied, it starts without a first start's extras."""
    data = tmp_path_factory.mktemp("inhabited")
    copy_prepared(prepared, data)
    (data / "static").symlink_to(prepared / "static")
    assert manage(data, "prepare").returncode == NOBODY_YET
    made = manage(
        data,
        *("createsuperuser", "--noinput", "--username", "root", "--email", "root@example.com"),
        DJANGO_SUPERUSER_PASSWORD="a long enough word",
    )
    assert made.returncode == 0, made.stderr
    assert manage(data, "prepare").returncode == 0
    return data


@pytest.fixture(scope="module")
def lasting(inhabited: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    data = tmp_path_factory.mktemp("lasting")
    copy_prepared(inhabited, data)
    studio = Studio(data, STATIC_ROOT=str(inhabited / "static"))
    try:
        studio.wait_until_ready()
        yield studio
    finally:
        studio.end()


@pytest.fixture
def running(lasting: Studio) -> Studio:
    """One studio for all tests that it survives, each of them on another of its children."""
    lasting.wait_until_complete()
    return lasting


@pytest.fixture
def start(inhabited: Path, tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    studios: list[Studio] = []

    def start_one(*arguments: str, fresh: bool = False, **environment: str) -> Studio:
        data = tmp_path / "data"
        if not data.exists() and not fresh:
            data.mkdir()
            copy_prepared(inhabited, data)
        environment.setdefault("STATIC_ROOT", str(inhabited / "static"))
        studios.append(Studio(data, *arguments, **environment))
        return studios[-1]

    yield start_one
    for studio in studios:
        studio.end()


def test_it_starts_prints_a_link_serves_health_and_stops_in_time(
    start: Callable[..., Studio],
) -> None:
    studio = start(fresh=True)
    url = studio.wait_until_ready()
    link = studio.wait_for_line(r"^Sign in: (http://\S+)$").group(1)
    assert link.startswith(url + "/")
    status, body = get_json(url + "/healthz")
    assert status == 200
    assert (body["web"], body["database"], body["problems"]) == (True, True, [])
    family = studio.family()
    began = time.monotonic()
    studio.process.send_signal(signal.SIGTERM)
    assert studio.process.wait(STOPS_WITHIN) == 0
    assert time.monotonic() - began < STOPS_WITHIN
    assert alive(family) == []


def test_it_stops_in_time_when_its_whole_group_is_interrupted(start: Callable[..., Studio]) -> None:
    studio = start()
    studio.wait_until_ready()
    family = studio.family()
    os.killpg(studio.process.pid, signal.SIGINT)
    assert studio.process.wait(STOPS_WITHIN) == 0
    assert alive(family) == []


def test_it_stops_in_time_although_a_child_ignores_the_request(
    start: Callable[..., Studio],
) -> None:
    studio = start()
    studio.wait_until_ready()
    studio.child("worker", "driver").suspend()
    family = studio.family()
    studio.process.send_signal(signal.SIGTERM)
    assert studio.process.wait(STOPS_WITHIN) == 0
    assert alive(family) == []


@pytest.mark.parametrize("words", [("web",), ("worker", "driver")])
def test_it_starts_a_killed_child_again_and_says_so(
    running: Studio, words: tuple[str, ...]
) -> None:
    victim = running.child(*words)
    tree = [victim, *victim.children(recursive=True)]
    victim.kill()
    running.wait_for_line(rf"^{words[-1]} stopped \(killed by SIGKILL\); starting it again")
    wait_until(lambda: alive(tree) == [], within=3)
    # While the web process is replaced, callers wait instead of being refused.
    assert get_json(running.url + "/healthz")[0] == 200
    running.wait_until_complete()


def test_it_replaces_a_cluster_whose_guard_was_killed(running: Studio) -> None:
    main = running.child("worker", "default")
    tree = main.children(recursive=True)
    (guard,) = main.children()
    guard.kill()
    running.wait_for_line(r"^default stopped .*; starting it again")
    wait_until(lambda: alive(tree) == [], within=3)


def test_a_worker_that_alone_is_told_to_end_does_and_is_replaced(running: Studio) -> None:
    """As django-q2's guard tells one that has overrun its time."""
    main = running.child("worker", "default")
    (guard,) = main.children()
    worker = min(guard.children(), key=lambda child: child.pid)
    worker.terminate()
    wait_until(lambda: alive([worker]) == [])
    running.wait_until_complete()
    assert running.child("worker", "default") == main


def test_it_leaves_no_orphan_when_it_is_killed(start: Callable[..., Studio]) -> None:
    studio = start()
    studio.wait_until_ready()
    family = studio.family()
    studio.process.kill()
    studio.process.wait()
    assert wait_until(lambda: alive(family) == [], within=10) < 5


def test_it_leaves_no_orphan_when_a_cluster_is_killed_with_it(
    start: Callable[..., Studio],
) -> None:
    studio = start()
    studio.wait_until_ready()
    family = studio.family()
    victims = [psutil.Process(studio.process.pid), studio.child("worker", "driver")]
    for victim in victims:
        victim.kill()
    studio.process.wait()
    wait_until(lambda: alive(family) == [], within=10)


def test_it_refuses_a_second_studio_on_the_same_folder(running: Studio) -> None:
    second = Studio(running.data)
    try:
        second.wait_for_line(rf"already running .* \(process {running.process.pid}\)")
        assert second.process.wait(10) == 1
    finally:
        second.end()


def test_it_names_the_cure_when_the_port_is_taken(start: Callable[..., Studio]) -> None:
    first = start("--only", "web")
    port = first.wait_for_line(r"Takeroom is ready: http://127.0.0.1:(\d+)/").group(1)
    second = start("--only", "web", PORT=port)
    second.wait_for_line(rf"Cannot listen on 127.0.0.1:{port}.*PORT={int(port) + 1}")
    assert second.process.wait(10) == 1


def test_it_runs_tasks_in_both_clusters(start: Callable[..., Studio]) -> None:
    studio = start()
    studio.wait_until_ready()
    program = (
        "from django_q.tasks import async_task;"
        "async_task('speech.tasks.rewake_driver');"
        "async_task('speech.tasks.run_driver', cluster='driver')"
    )
    assert manage(studio.data, "shell", "--no-imports", "-c", program).returncode == 0
    wait_until(lambda: rows(studio.data, "select count(*) from django_q_ormq") == 0)
    beats = "select count(*) from speech_heartbeat where name = 'default'"
    assert rows(studio.data, beats) == 1


def test_it_restarts_a_driver_that_does_not_move_although_it_lives(
    start: Callable[..., Studio],
) -> None:
    studio = start(STALL_SECONDS="3", DRIVER_LEASE_SECONDS="2")
    studio.wait_until_ready()
    driver = studio.child("worker", "driver")
    for process in (driver, *driver.children(recursive=True)):
        process.suspend()
    program = (
        "from speech.services.takes import request_takes; from tests import factories;"
        "project = factories.make_project(voice=factories.make_voice());"
        "line = factories.make_line(project);"
        "request_takes(None, line=line, engine='draft', seed=1)"
    )
    asked = manage(studio.data, "shell", "--no-imports", "-c", program)
    assert asked.returncode == 0, asked.stderr
    studio.wait_for_line("^Restarting driver: due takes are not moving")
    done = "select count(*) from speech_take where state = 'done'"
    wait_until(lambda: rows(studio.data, done) == 1)
    assert studio.child("worker", "driver").pid != driver.pid


def rows(data: Path, question: str) -> int:
    connection = sqlite3.connect(data / "db.sqlite3", timeout=20)
    try:
        answer: int = connection.execute(question).fetchone()[0]
        return answer
    finally:
        connection.close()
