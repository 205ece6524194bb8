"""What to tell a person about a reference clip, in plain words.

Rule: only what surely makes a clip useless is refused; everything else is advice. Reason: the
model refuses clips of 5 seconds or less and cannot use silence; the other thresholds were tried
on synthetic clips only. Price: a bad clip can pass with warnings. Revisit with real recordings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from speech.audio.job import Measured

Level = Literal["refuse", "warn", "good"]

SHORTEST = 5.1
"""The model wants more than 5.0 s after its own resampling; a tenth is our margin."""
BEST_FROM, BEST_TO = 10.0, 15.0
QUIETEST_LUFS = -40.0
LONGEST_EDGE = 1.0
LEAST_SNR_DB = 20.0
LEAST_SPEECH = 0.6
LEAST_VOICED = 0.3
LEAST_RATE = 24_000


@dataclass(frozen=True, kw_only=True)
class Finding:
    level: Level
    code: str
    sentence: str


def reference_findings(measured: Measured) -> tuple[Finding, ...]:
    """All that is to say about a clip: refusals first, then warnings, then what is good."""
    found = [*_length(measured), *_level(measured)]
    if not any(finding.level == "refuse" for finding in found):
        found += [*_ends(measured), *_voice(measured), *_file(measured)]
    order = ("refuse", "warn", "good")
    return tuple(sorted(found, key=lambda finding: order.index(finding.level)))


def is_refused(findings: tuple[Finding, ...]) -> bool:
    return any(finding.level == "refuse" for finding in findings)


def _length(measured: Measured) -> Iterator[Finding]:
    seconds = measured.duration
    if seconds < SHORTEST:
        yield _refuse(
            "too_short",
            f"This clip lasts {_rounded_down(seconds)} seconds; it must be longer than 5."
            " 10 to 15 seconds work best.",
        )
    elif seconds > BEST_TO:
        yield _warn(
            "long",
            f"This clip lasts {seconds:.0f} seconds; only the first 10 to 15 shape the voice."
            " Put the best part first.",
        )
    elif seconds < BEST_FROM:
        yield _warn(
            "short",
            f"This clip lasts {_rounded_down(seconds)} seconds. That is enough,"
            " but 10 to 15 seconds work best.",
        )
    else:
        yield _good("length", f"A good length: {_rounded_down(seconds)} seconds.")


def _level(measured: Measured) -> Iterator[Finding]:
    unheard = measured.lufs is None and measured.duration >= SHORTEST
    if measured.true_peak_db is None or unheard:
        yield _refuse("silent", "We hear nothing in this clip. Choose one with a clear voice.")
        return
    if measured.clipped_runs:
        yield _warn(
            "clipping",
            "This clip is overdriven in places and may sound harsh."
            " Record it again at a lower level if you can.",
        )
    if measured.lufs is None:
        return
    if measured.lufs < QUIETEST_LUFS:
        yield _warn(
            "quiet",
            f"This clip is very quiet ({measured.lufs:.0f} LUFS). Record it closer or louder.",
        )
    elif not measured.clipped_runs:
        yield _good("level", f"A good level: {measured.lufs:.0f} LUFS, not overdriven.")


def _ends(measured: Measured) -> Iterator[Finding]:
    if measured.leading_silence >= measured.duration:
        return  # all of it lies below the floor; that it is quiet has been said
    if measured.leading_silence > LONGEST_EDGE:
        yield _warn(
            "silence_at_start",
            f"The first {measured.leading_silence:.1f} seconds are silent. Cut them off:"
            " the beginning counts most.",
        )
    if measured.trailing_silence > LONGEST_EDGE:
        yield _warn(
            "silence_at_end", f"The last {measured.trailing_silence:.1f} seconds are silent."
        )


def _voice(measured: Measured) -> Iterator[Finding]:
    if measured.snr_db is not None:
        if measured.snr_db < LEAST_SNR_DB:
            yield _warn(
                "noisy",
                "There is noise or music behind the voice, or no pause in it."
                " A quiet room gives a better match.",
            )
        else:
            yield _good("clean", "Little noise behind the voice.")
    if measured.speech_share is not None and measured.speech_share < LEAST_SPEECH:
        yield _warn(
            "little_speech",
            f"Only {measured.speech_share:.0%} of this clip is speech; the rest is pauses.",
        )
    if measured.voiced_share is not None and measured.voiced_share < LEAST_VOICED:
        yield _warn(
            "little_voice",
            "We find hardly any tone of a voice in this clip: is it a whisper, noise or music?",
        )


def _file(measured: Measured) -> Iterator[Finding]:
    if measured.truncated:
        yield _warn("cut_off", "This file is shorter than it says it is. It may have been cut off.")
    if measured.sample_rate < LEAST_RATE:
        yield _warn(
            "low_rate",
            f"This clip has {measured.sample_rate / 1000:g} kHz (samples a second)."
            " 24 kHz or more keeps the brightness of the voice.",
        )


def _rounded_down(seconds: float) -> str:
    """5.04 reads "5.0": never "5.1" for a clip that is refused for being shorter."""
    return f"{int(seconds * 10) / 10:.1f}"


def _refuse(code: str, sentence: str) -> Finding:
    return Finding(level="refuse", code=code, sentence=sentence)


def _warn(code: str, sentence: str) -> Finding:
    return Finding(level="warn", code=code, sentence=sentence)


def _good(code: str, sentence: str) -> Finding:
    return Finding(level="good", code=code, sentence=sentence)
