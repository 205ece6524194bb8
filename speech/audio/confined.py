"""The parent's side of the confined child: one warm process that reads hostile sound.

    audio = ConfinedAudio()
    measured = audio.process(AudioJob(source=path, store_as=target))   # from any thread

The child is started when first needed, replaced after some two hundred files (a decoder may leak
or have been bent by what it read), and killed when it takes too long. Nothing of the parent's
environment reaches it but what a Python needs to start.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from speech.audio.job import AudioJob, Kind, Measured, too_many_bytes
from speech.errors import AudioError, AudioTooBig, NotAudio

__all__ = ["AudioJob", "ConfinedAudio", "Kind", "Measured"]

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from speech.audio.child import main; main()"
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
START_SECONDS = 30.0
LONGEST_ANSWER = 64 * 1024
FILES_PER_CHILD = 200

TOO_SLOW = "This sound took too long to read, so we stopped. Try a shorter or simpler file."
CRASHED = "Reading this sound failed badly, so we stopped. The file is probably damaged."
NOT_STARTED = "The part that reads sound could not start. Please tell your administrator."
NOT_THERE = "The sound file is not there any more."


class ConfinedAudio:
    """Serves one file at a time; callers in other threads wait their turn."""

    def __init__(self, *, files_per_child: int = FILES_PER_CHILD, own_network: bool = True) -> None:
        self._files_per_child = files_per_child
        self._own_network = own_network
        self._turn = threading.Lock()
        self._child: _Child | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        child = self._child
        return child.process.pid if child else None

    def process(self, job: AudioJob, *, timeout: float = 30) -> Measured:
        """Reads, measures and keeps one file, within `timeout` seconds once its turn comes.

        Raises `NotAudio`, `AudioTooBig` or `AudioError`, each with a sentence for people. After
        an error nothing is left at `store_as` that was not there before, except where the clip
        was stored and only the MP3 failed.
        """
        self._check(job)
        part_name = f".{uuid.uuid4().hex}.part"
        with self._turn:
            try:
                return self._ask(job, part_name, timeout)
            finally:
                # A child that was killed cannot tidy up after itself.
                for target in filter(None, (job.store_as, job.reference_mp3)):
                    with suppress(OSError):
                        target.with_name(part_name).unlink(missing_ok=True)

    def warm(self) -> None:
        """Starts the child now. Raises `AudioError` if it cannot start."""
        with self._turn:
            self._running()

    def close(self) -> None:
        """Ends the child; the next `process` would start another."""
        with self._turn:
            self._drop()

    def _check(self, job: AudioJob) -> None:
        try:
            if not job.source.is_file():
                raise AudioError(NOT_THERE)
            size = job.source.stat().st_size
        except OSError as error:
            raise AudioError(NOT_THERE) from error
        if size > job.max_bytes:
            raise AudioTooBig(too_many_bytes(job.max_bytes))

    def _ask(self, job: AudioJob, part_name: str, timeout: float) -> Measured:
        child = self._running()
        child.served += 1
        number = child.served
        request = {"id": number, "job": job.as_dict(), "part_name": part_name, "seconds": timeout}
        try:
            answer = child.exchange(request, timeout)
        except TimeoutError as error:
            self._drop(kill=True)
            raise AudioError(TOO_SLOW) from error
        except (OSError, ValueError) as error:
            log.warning("the sound child %s broke: %s", child.process.pid, child.last_words())
            self._drop(kill=True)
            raise AudioError(CRASHED) from error
        if answer.get("id") != number:
            self._drop(kill=True)
            raise AudioError(CRASHED)
        if child.served >= self._files_per_child:
            self._drop()
        return _unpack(answer)

    def _running(self) -> _Child:
        child = self._child
        if child and child.owner != os.getpid():
            child.forget()  # we are a fork: the child belongs to the process we came from
            child = None
        if child is None or child.process.poll() is not None:
            self._drop()
            self._child = child = _Child(own_network=self._own_network)
            try:
                child.receive(START_SECONDS)
            except (OSError, ValueError, TimeoutError) as error:
                log.error("the sound child did not start: %s", child.last_words())
                self._drop(kill=True)
                raise AudioError(NOT_STARTED) from error
        return child

    def _drop(self, *, kill: bool = False) -> None:
        child, self._child = self._child, None
        if child and child.owner == os.getpid():
            child.end(kill=kill)


class _Child:
    """One process and its pipes."""

    def __init__(self, *, own_network: bool) -> None:
        self.owner = os.getpid()
        self.served = 0
        self._words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        command = [sys.executable, "-I", "-B", "-c", BOOT, str(ROOT)]
        self.process = subprocess.Popen(
            command + (["--own-network"] if own_network else []),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            cwd="/",
            env=_environment(),
        )
        self._rest = b""

    def exchange(self, message: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Sends one line and returns the next; OSError or ValueError if the child is broken."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()
        return self.receive(timeout)

    def receive(self, timeout: float) -> dict[str, Any]:
        assert self.process.stdout
        pipe = self.process.stdout.fileno()
        until = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if not selector.select(max(0.0, until - time.monotonic())):
                    raise TimeoutError
                piece = os.read(pipe, LONGEST_ANSWER)
                if not piece or len(self._rest) > LONGEST_ANSWER:
                    raise ConnectionResetError("the child ended or talks nonsense")
                self._rest += piece
        line, self._rest = self._rest.split(b"\n", 1)
        answer = json.loads(line)
        if not isinstance(answer, dict):
            raise ValueError("not an answer")
        return answer

    def last_words(self) -> str:
        """The end of what it wrote to stderr, for the log."""
        size = self._words.seek(0, os.SEEK_END)
        self._words.seek(max(0, size - 2000))
        return self._words.read().decode(errors="replace").strip()

    def end(self, *, kill: bool) -> None:
        if kill:
            self.process.kill()
        self.forget()
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def forget(self) -> None:
        """Closes our ends of the pipes; a child whose stdin ends goes away by itself."""
        for pipe in (self.process.stdin, self.process.stdout, self._words):
            with suppress(OSError):
                if pipe:
                    pipe.close()


def _environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    # One thread: a second one would only cost memory, and threads forbid a network of its own.
    return {**passed, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}


def _unpack(answer: dict[str, Any]) -> Measured:
    if "measured" in answer:
        try:
            return Measured.from_dict(answer["measured"])
        except TypeError as error:
            raise AudioError(CRASHED) from error
    log.info("a sound was refused: %s", answer.get("detail"))
    kinds: dict[str, type[AudioError]] = {kind.code: kind for kind in (NotAudio, AudioTooBig)}
    raise kinds.get(str(answer.get("error")), AudioError)(str(answer.get("sentence")))
