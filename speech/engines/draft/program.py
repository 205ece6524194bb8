"""One take from JSON to WAV, in the child: what `child.py` runs once it is confined."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any

from speech.catalog import DRAFT
from speech.engines.draft.espeak import Espeak
from speech.engines.draft.problems import CANNOT_SPEAK, NOT_HERE, CannotRead, NotSpeakable
from speech.engines.draft.reading import Asked, Reader
from speech.engines.draft.sampler import Tuning

TEXT_CAP = 2000
INPUT_CAP = 64 * 1024


def probe() -> dict[str, Any]:
    return {"version": Espeak(seed=1).version}


def speak(asked: dict[str, Any], out: Path) -> dict[str, Any]:
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
