"""The draft voice as an engine: one confined child for each take, its files in a work folder."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speech.engines.base import Phase, Progress, Result, SpeechRequest, Submitted, WordTime
from speech.engines.draft.problems import CANNOT_SPEAK, NOT_HERE
from speech.errors import BrokenAnswer, EngineError, GenerationFailed, NotAccepted, Refused
from speech.params import SEED_MAX, defaults

logger = logging.getLogger(__name__)

CHILD = Path(__file__).with_name("child.py")
DRAFT_VERSION = 1
"""Raise it when the same seed may sound different."""
REF = re.compile(r"[A-Za-z0-9_-]{1,80}")
LOST = "The draft was lost when the worker stopped; making it again."
ABANDONED_AFTER = 24 * 3600
"""Seconds. What nobody fetched by then is swept from the work folder."""
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    # One thread: a take uses one core, and idle threads would eat the memory limit.
    "OPENBLAS_NUM_THREADS": "1",
}


def available() -> str:
    """Empty if the draft voice works on this machine, else the sentence that says why not.

    Starts a child the first time (about 0.1 s), so that the library never enters this process.
    """
    return _probe()[1]


class DraftEngine:
    """Free local reading by espeak-ng. `timeout` in seconds, `parallel` children at once."""

    key = "draft"
    resubmit_is_free = True

    def __init__(self, *, workdir: Path, parallel: int = 2, timeout: float = 30) -> None:
        self._workdir = workdir.absolute()
        self._timeout = timeout
        self._slots = asyncio.Semaphore(parallel)
        self.version = f"espeak-ng {_probe()[0] or 'missing'} / draft {DRAFT_VERSION}"
        self._sweep()

    @staticmethod
    def available() -> str:
        return available()

    async def submit(self, request: SpeechRequest) -> Submitted:
        """Make the take, to the end. Raises `GenerationFailed`, `NotAccepted` or `Refused`."""
        if not REF.fullmatch(request.ref):
            raise Refused("The draft voice was given a job name that cannot name a file.")
        if problem := available():
            raise Refused(problem)
        async with self._slots:
            await self._make(request)
        return Submitted(request_id=request.ref, phase=Phase.COMPLETED)

    async def status(self, submitted: Submitted) -> Progress:
        self._answer(submitted)
        return Progress(phase=Phase.COMPLETED)

    async def result(self, submitted: Submitted) -> Result:
        """Words, warnings and measurements; raises `NotAccepted` if the draft was lost."""
        answer = self._answer(submitted)
        words = tuple(
            WordTime(word=word, start=start, end=end, position=position, length=length)
            for word, position, length, start, end in answer["words"]
        )
        return Result(
            seed=answer["seed"],
            cost=0.0,
            inference_time=answer["inference_time"],
            total_time=answer["inference_time"],
            metrics=answer["metrics"],
            words=words,
            warnings=tuple(answer["warnings"]),
        )

    async def fetch(self, submitted: Submitted, result: Result, into: Path) -> None:
        """Move the WAV file to `into`; ask for `result` before, as its notes go too."""
        self._answer(submitted)
        sound, notes = self._paths(submitted.request_id)
        try:
            await asyncio.to_thread(_move, sound, into)
        except FileNotFoundError as error:
            raise NotAccepted(LOST) from error
        notes.unlink(missing_ok=True)

    async def aclose(self) -> None:
        """Nothing to close: a child lives no longer than its `submit`."""

    def _paths(self, ref: str) -> tuple[Path, Path]:
        if not REF.fullmatch(ref):
            raise NotAccepted(LOST)
        return self._workdir / f"{ref}.wav", self._workdir / f"{ref}.json"

    def _answer(self, submitted: Submitted) -> dict[str, Any]:
        sound, notes = self._paths(submitted.request_id)
        try:
            if not sound.is_file():
                raise NotAccepted(LOST)
            answer: dict[str, Any] = json.loads(notes.read_text())
        except (OSError, ValueError) as error:
            raise NotAccepted(LOST) from error
        return answer

    async def _make(self, request: SpeechRequest) -> None:
        sound, notes = self._paths(request.ref)
        part = self._workdir / f"{request.ref}.{secrets.token_hex(4)}.part"
        begun = time.monotonic()
        try:
            self._workdir.mkdir(parents=True, exist_ok=True)
            answer = await self._speak(request, part)
            answer["inference_time"] = round(time.monotonic() - begun, 4)
            answer["words"] = [
                [request.text[position : position + length], position, length, start, end]
                for position, length, start, end in answer["words"]
            ]
            # The notes first: a sound is never there without them.
            notes_part = part.with_suffix(".notes.part")
            notes_part.write_text(json.dumps(answer))
            notes_part.replace(notes)
            part.replace(sound)
        except OSError as error:
            raise NotAccepted(
                f"The draft voice could not start or store its take ({error.strerror});"
                " it will be tried again."
            ) from error
        finally:
            for left in (part, part.with_suffix(".notes.part")):
                # Where there is no folder there is nothing to remove, and a reason is on its way.
                with contextlib.suppress(OSError):
                    left.unlink()

    async def _speak(self, request: SpeechRequest, out: Path) -> dict[str, Any]:
        asked = _asked(request)
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(CHILD),
            str(out),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self._workdir,
            env=ENVIRONMENT,
        )
        try:
            async with asyncio.timeout(self._timeout):
                said, complaint = await child.communicate(json.dumps(asked).encode())
        except TimeoutError as error:
            raise GenerationFailed(
                f"The draft took longer than {self._timeout:g} seconds and was stopped."
            ) from error
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        return _read(request.ref, child.returncode or 0, said, complaint)

    def _sweep(self) -> None:
        """Remove what drivers that died left here long ago."""
        limit = time.time() - ABANDONED_AFTER
        for pattern in ("*.wav", "*.json", "*.part"):
            for path in self._workdir.glob(pattern):
                try:
                    if path.stat().st_mtime < limit:
                        path.unlink()
                except OSError:
                    logger.info("Could not sweep an old draft file.")


def _asked(request: SpeechRequest) -> Mapping[str, Any]:
    return {
        "text": request.text,
        "seed": request.seed or secrets.randbelow(SEED_MAX) + 1,
        "params": {**defaults(), **request.params},
        "reference_pitch_hz": request.reference_pitch_hz,
        "reference_lufs": request.reference_lufs,
    }


def _read(ref: str, status: int, said: bytes, complaint: bytes) -> dict[str, Any]:
    """The child's answer, or the error that its exit status means."""
    if status not in {0, CANNOT_SPEAK, NOT_HERE}:
        # The last line's first word is the exception's name; the rest could hold script text.
        name = complaint.decode(errors="replace").strip().rpartition("\n")[2].partition(":")[0]
        logger.error("Draft child for %s ended with %s %s", ref, status, name[:80])
        raise GenerationFailed("The draft voice stopped on this text; the log says how.")
    try:
        answer = json.loads(said)
        if status == 0:
            return {name: answer[name] for name in ("seed", "words", "warnings", "metrics")}
        sentence = str(answer["error"])
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenAnswer("The draft voice gave an answer that makes no sense.") from error
    failure: type[EngineError] = GenerationFailed if status == CANNOT_SPEAK else NotAccepted
    raise failure(sentence)


def _move(source: Path, into: Path) -> None:
    """`into` is complete or absent, also from one file system to another."""
    into.parent.mkdir(parents=True, exist_ok=True)
    if source.stat().st_dev == into.parent.stat().st_dev:
        source.replace(into)
        return
    part = into.with_name(f"{into.name}.{secrets.token_hex(4)}.part")
    try:
        shutil.copyfile(source, part)
        part.replace(into)
    finally:
        part.unlink(missing_ok=True)
    source.unlink(missing_ok=True)


@functools.cache
def _probe() -> tuple[str, str]:
    """espeak-ng's version, and the sentence that says why there is none."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(CHILD), "--probe"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            env=ENVIRONMENT,
            check=False,
        )
        answer = json.loads(done.stdout)
        return str(answer.get("version", "")), str(answer.get("error", ""))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return "", "The draft voice does not work here: its program does not start."
