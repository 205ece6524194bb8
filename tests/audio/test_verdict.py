"""What a person is told about a reference clip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from speech.audio.confined import AudioJob, ConfinedAudio
from speech.audio.job import Measured
from speech.audio.verdict import is_refused, reference_findings
from tests.audio.sounds import Wave, encoded, silence, voice

FINE = Measured(
    duration=12.0, sample_rate=44_100, channels=1, codec="mp3", container="mp3", sha256="0" * 64,
    bytes=1, lufs=-22.0, true_peak_db=-3.0, peaks="", leading_silence=0.1, trailing_silence=0.2,
    longest_hole=0.4, rms=0.1, clipped_runs=0, loud_tail=False, truncated=False, pitch_hz=140.0,
    voiced_share=0.7, snr_db=45.0, speech_share=0.85,
)  # fmt: skip


def _codes(level: str, **changes: Any) -> set[str]:
    findings = reference_findings(replace(FINE, **changes))
    return {finding.code for finding in findings if finding.level == level}


def test_a_fine_clip_gets_only_good_words() -> None:
    assert {finding.level for finding in reference_findings(FINE)} == {"good"}
    assert _codes("good") == {"length", "level", "clean"}


@pytest.mark.parametrize("seconds", [0.5, 5.0, 5.09])
def test_it_refuses_five_seconds_and_less(seconds: float) -> None:
    findings = reference_findings(replace(FINE, duration=seconds))
    assert is_refused(findings)
    assert findings[0].code == "too_short"
    assert "5.1" not in findings[0].sentence


def test_it_takes_a_clip_longer_than_five_seconds() -> None:
    assert not is_refused(reference_findings(replace(FINE, duration=5.1)))


def test_it_refuses_silence() -> None:
    assert _codes("refuse", true_peak_db=None, lufs=None) == {"silent"}
    assert _codes("refuse", true_peak_db=-80.0, lufs=None) == {"silent"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"duration": 22.0}, "long"),
        ({"duration": 7.0}, "short"),
        ({"clipped_runs": 3}, "clipping"),
        ({"lufs": -46.0}, "quiet"),
        ({"leading_silence": 1.6}, "silence_at_start"),
        ({"trailing_silence": 2.2}, "silence_at_end"),
        ({"snr_db": 12.0}, "noisy"),
        ({"speech_share": 0.4}, "little_speech"),
        ({"voiced_share": 0.1, "pitch_hz": None}, "little_voice"),
        ({"truncated": True}, "cut_off"),
        ({"sample_rate": 16_000}, "low_rate"),
    ],
)
def test_it_warns_of_one_thing_at_a_time(changes: dict[str, Any], code: str) -> None:
    assert _codes("warn", **changes) == {code}
    assert not is_refused(reference_findings(replace(FINE, **changes)))


def test_a_long_clip_is_told_that_its_beginning_counts() -> None:
    (finding,) = [f for f in reference_findings(replace(FINE, duration=30)) if f.code == "long"]
    assert "first 10 to 15" in finding.sentence


def test_every_sentence_is_one_for_people() -> None:
    worst = replace(
        FINE, duration=40.0, clipped_runs=9, leading_silence=3.0, trailing_silence=3.0, snr_db=3.0,
        speech_share=0.2, voiced_share=0.0, truncated=True, sample_rate=8_000,
    )  # fmt: skip
    findings = reference_findings(worst)
    assert len(findings) >= 8
    for finding in findings:
        assert finding.sentence[0].isupper()
        assert finding.sentence[-1] in ".?"
        assert "_" not in finding.sentence


@pytest.mark.parametrize(
    ("wave", "expected"),
    [
        (voice(12), set()),
        (voice(12, noise=0.02), {"noisy"}),
        (np.clip(voice(12) * 6, -1, 1), {"clipping"}),
        (voice(12) * 0.05, {"quiet"}),
        (np.concatenate([silence(2), voice(12)], axis=1), {"silence_at_start"}),
    ],
    ids=["fine", "noisy", "overdriven", "quiet", "late"],
)
def test_made_clips_get_the_words_they_deserve(
    audio: ConfinedAudio, tmp_path: Path, wave: Wave, expected: set[str]
) -> None:
    source = tmp_path / "clip.wav"
    source.write_bytes(encoded(wave, "wav"))
    findings = reference_findings(audio.process(AudioJob(source=source, kind="reference")))
    assert {finding.code for finding in findings if finding.level == "warn"} == expected
