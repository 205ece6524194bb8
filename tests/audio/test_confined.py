"""The child process itself: started late, replaced, killed, never in the way of the next file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from speech.audio.confined import ROOT, AudioJob, ConfinedAudio
from speech.audio.job import Measured
from speech.errors import AudioError
from tests.audio.hostile import silent_flac
from tests.audio.sounds import encoded, tone, voice

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.wav"
    path.write_bytes(encoded(tone(1), "wav"))
    return path


def _until(question: Callable[[], bool], seconds: float = 10) -> None:
    end, pause = time.monotonic() + seconds, threading.Event()
    while not question():
        assert time.monotonic() < end, "waited in vain"
        pause.wait(0.005)


def test_it_starts_nothing_before_the_first_file(clip: Path) -> None:
    audio = ConfinedAudio()
    before = audio.pid
    audio.process(AudioJob(source=clip))
    during = audio.pid
    audio.close()
    assert (before, audio.pid) == (None, None)
    assert during is not None


def test_it_takes_another_child_after_so_many_files(clip: Path) -> None:
    audio = ConfinedAudio(files_per_child=2)
    audio.warm()
    first = audio.pid
    audio.process(AudioJob(source=clip))
    assert audio.pid == first
    audio.process(AudioJob(source=clip))
    audio.process(AudioJob(source=clip))
    assert audio.pid not in {None, first}
    audio.close()


def test_it_enforces_the_timeout_and_serves_the_next(clip: Path, tmp_path: Path) -> None:
    audio = ConfinedAudio()
    audio.warm()
    child = audio.pid
    assert child
    os.kill(child, signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(AudioError, match="took too long"):
        audio.process(AudioJob(source=clip, store_as=tmp_path / "kept.flac"), timeout=0.2)
    assert time.monotonic() - started < 3
    assert not psutil.pid_exists(child)
    assert not (tmp_path / "kept.flac").exists()
    assert audio.process(AudioJob(source=clip)).duration == 1
    audio.close()


def test_a_child_killed_at_work_is_an_error_and_the_next_file_is_served(
    clip: Path, tmp_path: Path
) -> None:
    slow = tmp_path / "slow.flac"
    slow.write_bytes(silent_flac(hours=1.9))
    audio = ConfinedAudio()
    audio.warm()
    child = psutil.Process(audio.pid)
    before = child.cpu_times().user
    with ThreadPoolExecutor(1) as pool:
        kept = tmp_path / "kept.flac"
        job = AudioJob(source=slow, store_as=kept, max_seconds=7200, kind="reference")
        pending = pool.submit(audio.process, job)
        _until(lambda: child.cpu_times().user > before + 0.03)
        child.kill()
        with pytest.raises(AudioError, match="failed badly"):
            pending.result(timeout=10)
    assert not kept.exists()
    assert list(tmp_path.glob(".*.part")) == []
    assert audio.process(AudioJob(source=clip)).duration == 1
    audio.close()


def test_a_child_killed_at_rest_is_simply_replaced(clip: Path) -> None:
    audio = ConfinedAudio()
    audio.warm()
    child = psutil.Process(audio.pid)
    child.kill()
    _until(lambda: child.status() == psutil.STATUS_ZOMBIE)
    assert audio.process(AudioJob(source=clip)).duration == 1
    audio.close()


def test_the_child_goes_when_its_parent_is_killed() -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from speech.audio.confined import ConfinedAudio\n"
        "audio = ConfinedAudio(); audio.warm(); print(audio.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert psutil.pid_exists(child)
        parent.kill()
    _until(lambda: _is_gone(child))


def _is_gone(pid: int) -> bool:
    try:  # with nobody to reap it, an orphan may stay as a zombie
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_child_gets_no_secret_and_no_open_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEGMIND_API_KEY", "SG_not_for_children")
    secret = tmp_path / "secret"
    secret.write_text("x")
    audio = ConfinedAudio()
    with secret.open() as file:
        os.set_inheritable(file.fileno(), True)
        audio.warm()
    child = psutil.Process(audio.pid)
    assert "SEGMIND_API_KEY" not in child.environ()
    assert str(secret) not in {item.path for item in child.open_files()}
    audio.close()


@pytest.mark.skipif(sys.platform != "linux", reason="limits are read from the kernel")
def test_the_child_has_limits() -> None:
    audio = ConfinedAudio()
    audio.warm()
    child = psutil.Process(audio.pid)
    assert child.rlimit(psutil.RLIMIT_AS)[1] <= 1_500 * 1024**2
    assert child.rlimit(psutil.RLIMIT_FSIZE)[1] <= 256 * 1024**2
    assert child.rlimit(psutil.RLIMIT_NOFILE)[1] <= 32
    assert child.rlimit(psutil.RLIMIT_CORE)[1] == 0
    audio.close()


def test_many_threads_share_one_child(clip: Path, tmp_path: Path) -> None:
    audio = ConfinedAudio()
    clips = []
    for number in range(8):
        path = tmp_path / f"{number}.wav"
        path.write_bytes(encoded(tone(0.5 + number / 10), "wav"))
        clips.append(path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda path: audio.process(AudioJob(source=path)), clips))
    assert [one.duration for one in found] == [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2]
    audio.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forking")
def test_a_forked_worker_takes_a_child_of_its_own(clip: Path) -> None:
    program = (
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from pathlib import Path\n"
        "from speech.audio.confined import AudioJob, ConfinedAudio\n"
        f"audio, job = ConfinedAudio(), AudioJob(source=Path({str(clip)!r}))\n"
        "audio.warm(); first = audio.pid\n"
        "if fork := os.fork():\n"
        "    rc = os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])\n"
        "    audio.process(job); assert audio.pid == first; audio.close(); sys.exit(rc)\n"
        "audio.process(job); assert audio.pid != first; audio.close(); os._exit(7)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=30, check=False)
    assert done.returncode == 7


def test_a_missing_file_is_an_error_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="not there any more"):
        ConfinedAudio().process(AudioJob(source=tmp_path / "gone.wav"))


def test_a_place_that_cannot_be_written_is_an_error_with_a_sentence(
    clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    audio = ConfinedAudio()
    with pytest.raises(AudioError, match="written"):
        audio.process(AudioJob(source=clip, store_as=tmp_path / "file" / "kept.flac"))
    audio.close()


def test_a_device_or_folder_is_not_read(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/zero")):
        with pytest.raises(AudioError, match="not there"):
            ConfinedAudio().process(AudioJob(source=path))


def test_measured_survives_the_way_through_json(audio: ConfinedAudio, tmp_path: Path) -> None:
    path = tmp_path / "voice.flac"
    path.write_bytes(encoded(voice(6), "flac"))
    measured = audio.process(AudioJob(source=path, kind="reference"))
    assert Measured.from_dict({**measured.as_dict(), "from_a_later_version": 1}) == measured
