"""The child's life: bounded, alone, and gone without a trace when it is stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from speech.engines.base import Phase, Result, Submitted
from speech.engines.draft import DraftEngine
from speech.engines.draft.adapter import ABANDONED_AFTER, CHILD
from speech.errors import GenerationFailed, NotAccepted
from tests.engines.draft_voice import asked

LONG = "é—“a” " * 80
ROOT = CHILD.parents[3]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "work"


@pytest.fixture
async def engine(work: Path) -> AsyncIterator[DraftEngine]:
    made = DraftEngine(workdir=work)
    yield made
    await made.aclose()


def children(of: int | None = None) -> list[psutil.Process]:
    found = psutil.Process(of).children(recursive=True)
    return [child for child in found if str(CHILD) in _command(child)]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


async def started(of: int | None = None) -> psutil.Process:
    """The child as soon as it runs."""
    async with asyncio.timeout(20):
        while True:
            if found := children(of):
                return found[0]
            await asyncio.sleep(0.002)


def trace(work: Path) -> list[Path]:
    return list(work.iterdir()) if work.exists() else []


async def test_it_stops_a_child_that_takes_too_long(work: Path) -> None:
    engine = DraftEngine(workdir=work, timeout=0.02)
    with pytest.raises(GenerationFailed, match=r"longer than 0\.02 seconds and was stopped"):
        await engine.submit(asked(LONG))
    assert children() == []
    assert trace(work) == []


async def test_it_stops_the_child_when_it_is_cancelled(engine: DraftEngine, work: Path) -> None:
    making = asyncio.create_task(engine.submit(asked(LONG)))
    await started()
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert children() == []
    assert trace(work) == []


async def test_it_explains_a_child_that_was_killed(
    engine: DraftEngine, work: Path, caplog: pytest.LogCaptureFixture
) -> None:
    making = asyncio.create_task(engine.submit(asked(LONG, ref="job-9")))
    (await started()).kill()
    with pytest.raises(GenerationFailed, match="stopped on this text"):
        await making
    assert trace(work) == []
    assert "job-9" in caplog.text
    assert "é" not in caplog.text


async def test_it_runs_no_more_children_at_once_than_it_may(work: Path) -> None:
    engine = DraftEngine(workdir=work, parallel=1)
    all_of_them = asyncio.gather(*(engine.submit(asked("Hello.", ref=f"j{n}")) for n in range(3)))
    most = 0
    while not all_of_them.done():
        most = max(most, len(children()))
        await asyncio.sleep(0.002)
    assert most == 1
    assert len(trace(work)) == 6


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
async def test_it_leaves_no_child_when_the_worker_is_killed(work: Path) -> None:
    program = textwrap.dedent(
        """
        import asyncio, pathlib, sys
        from speech.engines.draft import DraftEngine
        from tests.engines.draft_voice import asked
        engine = DraftEngine(workdir=pathlib.Path(sys.argv[1]))
        asyncio.run(engine.submit(asked(sys.argv[2])))
        """
    )
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(work), LONG, cwd=ROOT
    )
    try:
        child = await started(worker.pid)
        while "--probe" in _command(child) or not _speaking(child):
            child = await started(worker.pid)
        # Held still, so that it cannot simply have come to its end.
        child.send_signal(signal.SIGSTOP)
        worker.kill()
        await worker.wait()
        gone, _ = psutil.wait_procs([child], timeout=10)
        assert gone == [child]
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()


def _speaking(child: psutil.Process) -> bool:
    try:
        return "espeak" in Path(f"/proc/{child.pid}/maps").read_text()
    except OSError:
        return False


async def test_it_makes_a_lost_draft_again(engine: DraftEngine, work: Path, tmp_path: Path) -> None:
    submitted = await engine.submit(asked("Hello."))
    (work / "job-1.wav").unlink()
    for lost in (
        engine.status(submitted),
        engine.result(submitted),
        engine.fetch(submitted, Result(), tmp_path / "x.wav"),
    ):
        with pytest.raises(NotAccepted) as failure:
            await lost
        assert failure.value.sentence == (
            "The draft was lost when the worker stopped; making it again."
        )
    again = await engine.status(await engine.submit(asked("Hello.")))
    assert again.phase is Phase.COMPLETED


async def test_it_knows_no_draft_that_it_was_not_asked_for(engine: DraftEngine) -> None:
    for name in ("never", "../../etc/passwd"):
        with pytest.raises(NotAccepted):
            await engine.status(Submitted(request_id=name))


async def test_it_leaves_nothing_behind_once_fetched(
    engine: DraftEngine, work: Path, tmp_path: Path
) -> None:
    submitted = await engine.submit(asked("Hello."))
    assert sorted(path.name for path in trace(work)) == ["job-1.json", "job-1.wav"]
    await engine.fetch(submitted, await engine.result(submitted), tmp_path / "deep" / "a.wav")
    assert trace(work) == []
    assert (tmp_path / "deep" / "a.wav").stat().st_size > 10_000


async def test_it_tries_again_when_there_is_no_place_to_work(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(NotAccepted, match="will be tried again"):
        await DraftEngine(workdir=blocked / "work").submit(asked("Hello."))


def test_it_sweeps_what_was_abandoned_a_day_ago(work: Path) -> None:
    work.mkdir(exist_ok=True)
    old, new = work / "old.wav", work / "new.wav"
    for path in (old, new):
        path.write_bytes(b"sound")
    long_ago = old.stat().st_mtime - ABANDONED_AFTER - 60
    os.utime(old, (long_ago, long_ago))
    DraftEngine(workdir=work)
    assert trace(work) == [new]


def test_it_confines_the_child_before_it_loads_anything() -> None:
    program = textwrap.dedent(
        f"""
        import resource, runpy, sys
        child = runpy.run_path({str(CHILD)!r})
        assert "numpy" not in sys.modules
        child["confine"]()
        print([resource.getrlimit(limit) for limit, _ in child["LIMITS"]]
              == [(value, value) for _, value in child["LIMITS"]])
        try:
            bytearray(2 << 30)
        except MemoryError:
            print("bounded")
        """
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == [b"True", b"bounded"]


def test_it_loads_no_asyncio_in_the_child() -> None:
    program = textwrap.dedent(
        f"""
        import runpy, sys
        runpy.run_path({str(CHILD)!r})["find_parts"]()
        import speech.engines.draft.program
        print("asyncio" in sys.modules, "django" in sys.modules)
        """
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == [b"False", b"False"]
