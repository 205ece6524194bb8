"""The confined child: reads jobs from stdin, one JSON object a line, and answers on stdout.

Started by `confined.ConfinedAudio` and by nothing else. It ends when its stdin ends, so it
cannot outlive its parent.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from typing import Any

import numpy as np

from speech.audio import encode, limits, measure
from speech.audio.decode import UNREADABLE, Sound, decode
from speech.audio.job import AudioJob, Measured, too_many_bytes
from speech.audio.voice import VoiceFacts, voice_facts
from speech.errors import AudioError, AudioTooBig, NotAudio


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; stdin then ends
    own_network = limits.leave_network() if "--own-network" in sys.argv else False
    limits.confine()
    # Answers go to a private copy of stdout, so that nothing a library prints gets among them.
    with os.fdopen(os.dup(1), "w", encoding="ascii") as answers:
        os.dup2(2, 1)
        _say(answers, {"ready": True, "own_network": own_network})
        for line in sys.stdin:
            request = json.loads(line)
            limits.allow(request["seconds"])
            _say(answers, {"id": request["id"], **_answer(request)})
            limits.rest()


def _say(answers: Any, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        measured = work(AudioJob.from_dict(request["job"]), part_name=request["part_name"])
    except AudioError as error:
        return {"error": error.code, "sentence": error.sentence, "detail": repr(error.__cause__)}
    except MemoryError:
        sentence = "This sound needs more memory than one file may have."
        return {"error": AudioTooBig.code, "sentence": sentence, "detail": "MemoryError"}
    except OSError as error:
        sentence = "The sound could not be read from disk or written to it."
        return {"error": AudioError.code, "sentence": sentence, "detail": repr(error)}
    except Exception as error:  # noqa: BLE001 - whatever a strange file provokes, the next one is served
        return {"error": NotAudio.code, "sentence": UNREADABLE, "detail": repr(error)}
    return {"measured": measured.as_dict()}


def work(job: AudioJob, *, part_name: str) -> Measured:
    """Decodes, measures and stores one file. Raises `AudioError` and its kin, or OSError."""
    with job.source.open("rb") as file:
        data = file.read(job.max_bytes + 1)
    if len(data) > job.max_bytes:
        raise AudioTooBig(too_many_bytes(job.max_bytes))
    sound = decode(data, max_seconds=job.max_seconds)
    kept = data
    if job.store_as:
        kept = encode.flac(sound.samples, rate=sound.rate, tags=job.tags)
        encode.store(kept, job.store_as, part_name=part_name)
    if job.reference_mp3:
        clip = encode.mp3(sound.samples, rate=sound.rate)
        encode.store(clip, job.reference_mp3, part_name=part_name)
    return _measure(sound, kept, job)


def _measure(sound: Sound, kept: bytes, job: AudioJob) -> Measured:
    mono = sound.samples.astype(np.float32).mean(axis=0) / np.float32(32768)
    quiet = measure.silences(mono, sound.rate)
    loud = measure.levels(sound.samples, sound.rate)
    voice: VoiceFacts | None = None
    if job.kind == "reference":
        voice = voice_facts(mono, sound.rate)
    return Measured(
        duration=round(sound.seconds, 4),
        sample_rate=sound.rate,
        channels=sound.samples.shape[0],
        codec=sound.codec,
        container=sound.container,
        sha256=hashlib.sha256(kept).hexdigest(),
        bytes=len(kept),
        lufs=loud.lufs,
        true_peak_db=loud.true_peak_db,
        peaks=measure.peaks(mono),
        leading_silence=round(quiet.leading, 3),
        trailing_silence=round(quiet.trailing, 3),
        longest_hole=round(quiet.longest_hole, 3),
        rms=round(measure.rms(mono), 5),
        clipped_runs=measure.clipped_runs(sound.samples),
        loud_tail=measure.has_loud_tail(mono, sound.rate),
        truncated=sound.truncated,
        pitch_hz=voice.pitch_hz if voice else None,
        voiced_share=voice.voiced_share if voice else None,
        snr_db=voice.snr_db if voice else None,
        speech_share=voice.speech_share if voice else None,
    )
