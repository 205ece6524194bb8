"""The numbers, against sounds whose answers are known."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

from speech.audio import measure
from speech.audio.confined import AudioJob, ConfinedAudio
from speech.audio.decode import to_int16
from speech.audio.voice import voice_facts
from tests.audio.sounds import Wave, encoded, silence, tone, voice


def _lufs(wave: Wave, rate: int) -> float:
    found = measure.levels(to_int16(wave), rate).lufs
    assert found is not None
    return found


def _db(decibels: float) -> float:
    return float(10 ** (decibels / 20))


@pytest.mark.parametrize("rate", [24_000, 44_100, 48_000])
@pytest.mark.parametrize("level", [-23, -33])
def test_loudness_of_ebu_3341_cases_1_and_2(rate: int, level: int) -> None:
    wave = tone(20, rate=rate, hz=1000, peak=_db(level), channels=2)
    assert _lufs(wave, rate) == pytest.approx(level, abs=0.1)


def test_loudness_of_ebu_3341_case_3_leaves_quiet_parts_out() -> None:
    parts = [tone(s, rate=48_000, hz=1000, peak=_db(p), channels=2)
             for s, p in ((10, -36), (60, -23), (10, -36))]  # fmt: skip
    assert _lufs(np.concatenate(parts, axis=1), 48_000) == pytest.approx(-23, abs=0.1)


def test_one_channel_is_3_db_below_two() -> None:
    assert _lufs(tone(5, peak=_db(-20)), 24_000) == pytest.approx(-23, abs=0.1)


def test_silence_and_very_short_sounds_have_no_loudness() -> None:
    assert measure.levels(to_int16(silence(2)), 24_000) == measure.Levels(
        lufs=None, true_peak_db=None
    )
    assert measure.levels(to_int16(tone(0.3)), 24_000).lufs is None


def test_true_peak_sees_between_the_samples() -> None:
    time = np.arange(48_000)
    fade = np.clip(np.minimum(time, time[::-1]) / 4800, 0, 1)  # a hard edge has peaks of its own
    wave = (0.5 * fade * np.sin(np.pi / 2 * time + np.pi / 4)).astype(np.float32)[None]
    assert np.abs(wave).max() < 0.36
    found = measure.levels(to_int16(wave), 48_000).true_peak_db
    assert found == pytest.approx(-6.02, abs=0.2)


def test_true_peak_counts_the_last_moment() -> None:
    wave = tone(2.05, peak=0.1)
    wave[0, -10] = 0.9
    found = measure.levels(to_int16(wave), 24_000).true_peak_db
    assert found is not None
    assert found >= -0.92


def test_peaks_are_800_pairs_that_follow_the_sound() -> None:
    wave = np.concatenate([silence(1), tone(1, peak=0.5)], axis=1)[0]
    pairs = np.frombuffer(base64.b64decode(measure.peaks(wave)), np.int8).reshape(-1, 2)
    assert pairs.shape == (800, 2)
    assert not pairs[:399].any()
    assert pairs[402:].min() == pytest.approx(-64, abs=1)
    assert pairs[402:].max() == pytest.approx(64, abs=1)


@pytest.mark.parametrize("frames", [1, 5, 799, 801])
def test_peaks_of_very_short_sounds_are_800_pairs_too(frames: int) -> None:
    wave = np.full(frames, 0.5, np.float32)
    pairs = np.frombuffer(base64.b64decode(measure.peaks(wave)), np.int8)
    assert pairs.size == 1600
    assert (pairs == 64).all()


def test_it_measures_silence_at_the_ends_and_the_longest_hole() -> None:
    parts = [silence(0.5), tone(1), silence(1.8), tone(1), silence(0.3), tone(1), silence(0.7)]
    found = measure.silences(np.concatenate(parts, axis=1)[0], 24_000)
    assert found.leading == pytest.approx(0.5, abs=0.011)
    assert found.trailing == pytest.approx(0.7, abs=0.011)
    assert found.longest_hole == pytest.approx(1.8, abs=0.021)


def test_silence_throughout_is_all_ends_and_no_hole() -> None:
    found = measure.silences(silence(2)[0], 24_000)
    assert found == measure.Silences(leading=2, trailing=2, longest_hole=0)


def test_it_counts_runs_at_full_scale() -> None:
    wave = tone(1, peak=0.3)
    wave[0, 100:103] = 1.0
    wave[0, 200:240] = -1.0
    wave[0, 300:302] = 1.0  # two samples are no run
    assert measure.clipped_runs(to_int16(wave)) == 2
    assert measure.clipped_runs(to_int16(np.concatenate([wave, wave]))) == 4


def test_a_loud_end_is_told_from_a_quiet_one() -> None:
    speech = tone(2)[0]
    assert measure.has_loud_tail(speech, 24_000)
    assert not measure.has_loud_tail(np.concatenate([speech, silence(0.06)[0]]), 24_000)


@pytest.mark.parametrize("hz", [80, 130, 210, 300])
@pytest.mark.parametrize("rate", [24_000, 44_100])
def test_it_finds_the_pitch_of_a_voice(hz: int, rate: int) -> None:
    facts = voice_facts(voice(4, rate=rate, hz=hz)[0], rate)
    assert facts.pitch_hz == pytest.approx(hz, rel=0.03)
    assert facts.voiced_share > 0.8
    assert facts.snr_db > 30
    assert 0.5 < facts.speech_share < 0.95


def test_noise_and_silence_have_no_pitch() -> None:
    noise = np.random.default_rng(5).standard_normal(24_000 * 4).astype(np.float32) * 0.1
    facts = voice_facts(noise, 24_000)
    assert facts.pitch_hz is None
    assert facts.voiced_share < 0.2
    assert facts.snr_db < 5
    assert voice_facts(silence(3)[0], 24_000).pitch_hz is None


def test_noise_behind_a_voice_lowers_the_distance_to_it() -> None:
    assert voice_facts(voice(4, noise=0.02)[0], 24_000).snr_db < 20


def test_a_reference_tells_of_its_voice_and_a_take_does_not(
    audio: ConfinedAudio, tmp_path: Path
) -> None:
    source = tmp_path / "voice.wav"
    source.write_bytes(encoded(voice(6, hz=180), "wav"))
    clip = audio.process(AudioJob(source=source, kind="reference"))
    take = audio.process(AudioJob(source=source))
    assert clip.pitch_hz == pytest.approx(180, rel=0.03)
    assert (take.pitch_hz, take.snr_db, take.speech_share) == (None, None, None)


def test_a_whole_file_is_a_whole_file(audio: ConfinedAudio, tmp_path: Path) -> None:
    source = tmp_path / "a.mp3"
    source.write_bytes(encoded(tone(2.5, rate=44_100), "mp3", rate=44_100))
    measured = audio.process(AudioJob(source=source))
    assert measured.duration == 2.5  # the encoder's padding is taken off
    assert not measured.truncated
