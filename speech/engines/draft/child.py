"""The program that speaks one draft take: JSON on stdin, a WAV file and JSON on stdout.

    python -I child.py OUT.wav     reads {text, seed, params, reference_pitch_hz, reference_lufs}
                                   writes OUT.wav, and {seed, version, words, warnings, metrics}
    python -I child.py --probe     writes {version}

Exit 0 is a take. Exit 3 is {"error": sentence}: this text cannot be spoken. Exit 4 is {"error"}:
it cannot be spoken here or now. Anything else is a crash. It runs alone, apart from the studio.

Imports stand inside the functions because the limits must bind what they load, and because a probe
must not wait for numpy.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import struct
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

TEXT_CAP = 2000
INPUT_CAP = 64 * 1024
MEGABYTE = 1024 * 1024
LIMITS = (
    (resource.RLIMIT_CPU, 20),
    (resource.RLIMIT_AS, 1024 * MEGABYTE),
    (resource.RLIMIT_FSIZE, 24 * MEGABYTE),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_NOFILE, 64),
)
CANNOT_SPEAK, NOT_HERE = 3, 4
PARENT_DEATH_SIGNAL = 1  # prctl(2), Linux


def confine() -> None:
    """Bound what this process may use, and let it end with its parent."""
    for limit, value in LIMITS:
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):  # some systems know no limit on memory
            continue
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)


def find_parts() -> None:
    """Make `speech.engines.draft.*` importable, without the adapter.

    The package's own `__init__` loads asyncio for the adapter, a third of the time that this
    program needs to start; a bare package stands in for it here.
    """
    here = Path(__file__).resolve().parent
    sys.path.insert(0, str(here.parents[2]))
    package = ModuleType("speech.engines.draft")
    package.__path__ = [str(here)]
    sys.modules[package.__name__] = package


def probe() -> dict[str, Any]:
    from speech.engines.draft.espeak import Espeak

    return {"version": Espeak(seed=1).version}


def speak(asked: dict[str, Any], out: Path) -> dict[str, Any]:
    from speech.engines.draft.espeak import Espeak
    from speech.engines.draft.problems import CannotRead
    from speech.engines.draft.reading import Asked, Reader
    from speech.engines.draft.sampler import Tuning

    if len(asked["text"]) > TEXT_CAP:
        raise CannotRead(f"The text is longer than {TEXT_CAP} characters.")
    params = asked["params"]
    request = Asked(
        text=asked["text"],
        seed=int(asked["seed"]),
        tuning=Tuning(
            temperature=float(params["temperature"]),
            top_k=int(params["top_k"]),
            top_p=float(params["top_p"]),
            min_p=float(params["min_p"]),
            repetition_penalty=float(params["repetition_penalty"]),
        ),
        norm_loudness=bool(params["norm_loudness"]),
        reference_pitch_hz=asked["reference_pitch_hz"],
        reference_lufs=asked["reference_lufs"],
    )
    espeak = Espeak(seed=request.seed)
    reading = Reader(espeak, request).read()
    write_wav(out, reading.samples, reading.sample_rate, espeak.version)
    rate = reading.sample_rate
    return {
        "seed": request.seed,
        "version": espeak.version,
        "words": [
            [position, length, round(start / rate, 4), round(end / rate, 4)]
            for position, length, start, end in reading.words
        ],
        "warnings": reading.warnings,
        "metrics": {**reading.metrics, "sample_rate": rate},
    }


def write_wav(out: Path, samples: bytes, rate: int, version: str) -> None:
    """A 16-bit mono WAV whose metadata says that it is a draft, and what made it."""
    from speech.catalog import DRAFT

    notes = b"INFO" + b"".join(
        _chunk(name, text.encode("ascii", "replace") + b"\0")
        for name, text in ((b"ICMT", DRAFT.note), (b"ISFT", f"espeak-ng {version}"))
    )
    form = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16))
    body = b"WAVE" + form + _chunk(b"LIST", notes) + _chunk(b"data", samples)
    out.write_bytes(_chunk(b"RIFF", body))


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def main(arguments: list[str]) -> int:
    confine()
    find_parts()
    from speech.engines.draft.problems import CannotRead, NotSpeakable

    status = 0
    try:
        if arguments == ["--probe"]:
            answer = probe()
        else:
            raw = sys.stdin.buffer.read(INPUT_CAP + 1)
            answer = speak(json.loads(raw), Path(arguments[0]))
    except NotSpeakable as error:
        status, answer = NOT_HERE, {"error": f"The draft voice does not work here: {error}."}
    except OSError as error:
        status, answer = NOT_HERE, {"error": f"The draft could not be stored: {error.strerror}."}
    except CannotRead as error:
        status, answer = CANNOT_SPEAK, {"error": str(error)}
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    return status


if __name__ == "__main__":
    code = main(sys.argv[1:])
    # Leave at once: nothing is left to close, and espeak-ng's own ending costs time.
    os._exit(code)
