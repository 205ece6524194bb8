"""Every hostile file is refused with a sentence or read safely; nothing calls an address."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import av
import pytest

from speech.audio.confined import AudioJob, ConfinedAudio
from speech.audio.job import Measured
from speech.errors import AudioError, AudioTooBig, NotAudio
from tests.audio.hostile import MAY_PLAY, Canary, hostile_files, silent_flac
from tests.audio.sounds import encoded, tone

SLOWEST = 3.0
MOST_MEMORY_KB = 600 * 1024


@dataclass(frozen=True)
class Outcome:
    seconds: float
    measured: Measured | None
    error: AudioError | None


@dataclass(frozen=True)
class Round:
    outcomes: dict[str, Outcome]
    calls: int
    peak_memory_kb: int
    children: set[int | None]
    left_over: list[Path]


@pytest.fixture(scope="module")
def hostile_round(audio: ConfinedAudio, tmp_path_factory: pytest.TempPathFactory) -> Round:
    """All files once through one child, as an upload would go."""
    folder = tmp_path_factory.mktemp("hostile")
    outcomes: dict[str, Outcome] = {}
    children = set()
    audio.warm()
    with Canary() as canary:
        for name, data in hostile_files(canary.address).items():
            source = folder / name
            source.write_bytes(data)
            job = AudioJob(source=source, kind="reference", store_as=folder / "kept" / "clip.flac")
            outcomes[name] = _try(audio, job)
            children.add(audio.pid)
        canary.settle()
        calls = canary.calls
    status = Path(f"/proc/{audio.pid}/status")
    peak = 0
    if status.exists():
        lines = status.read_text().splitlines()
        peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    left_over = list(folder.rglob("*.part"))
    return Round(outcomes, calls, peak, children, left_over)


def _try(audio: ConfinedAudio, job: AudioJob) -> Outcome:
    started = time.monotonic()
    try:
        measured = audio.process(job, timeout=10)
    except AudioError as error:
        return Outcome(time.monotonic() - started, None, error)
    return Outcome(time.monotonic() - started, measured, None)


def test_it_calls_no_address(hostile_round: Round) -> None:
    assert hostile_round.calls == 0


def test_the_canary_would_notice_a_call() -> None:
    with Canary() as canary:
        with pytest.raises((av.FFmpegError, OSError)):
            av.open(f"http://{canary.address}/a.mp3", timeout=5)
        canary.settle()
        assert canary.calls >= 1


def test_it_refuses_all_that_holds_no_sound(hostile_round: Round) -> None:
    read = {name for name, outcome in hostile_round.outcomes.items() if outcome.measured}
    assert read <= MAY_PLAY


def test_it_reads_real_sound_beside_a_trick(hostile_round: Round) -> None:
    read = {name for name, outcome in hostile_round.outcomes.items() if outcome.measured}
    assert {"m4a_named.mp3", "html_then_mp3.mp3", "huge_id3.mp3", "cut_half.mp3"} <= read


def test_it_says_a_plain_sentence_for_each(hostile_round: Round) -> None:
    for name, outcome in hostile_round.outcomes.items():
        if outcome.error:
            assert type(outcome.error) in {NotAudio, AudioTooBig}, name
            assert outcome.error.sentence[0].isupper(), name
            assert outcome.error.sentence.endswith("."), name
            assert "Error" not in outcome.error.sentence, name


def test_it_is_quick_about_each(hostile_round: Round) -> None:
    slow = {n: o.seconds for n, o in hostile_round.outcomes.items() if o.seconds > SLOWEST}
    assert not slow


def test_one_child_survives_them_all(hostile_round: Round) -> None:
    assert len(hostile_round.children) == 1
    assert None not in hostile_round.children


def test_memory_stays_bounded(hostile_round: Round) -> None:
    assert hostile_round.peak_memory_kb < MOST_MEMORY_KB


def test_nothing_half_written_is_left(hostile_round: Round) -> None:
    assert hostile_round.left_over == []


@pytest.mark.parametrize("kind", ["wav", "mp3", "ogg", "flac", "webm"])
def test_it_notices_a_file_that_was_cut_off(hostile_round: Round, kind: str) -> None:
    outcome = hostile_round.outcomes[f"cut_half.{kind}"]
    assert outcome.measured is not None
    assert outcome.measured.duration < 7
    if kind != "ogg":  # an Ogg file says its length only at its end
        assert outcome.measured.truncated


def test_a_bomb_is_too_long_not_broken(hostile_round: Round) -> None:
    error = hostile_round.outcomes["six_hours_of_silence.flac"].error
    assert isinstance(error, AudioTooBig)
    assert error.sentence == "This sound is longer than 10 minutes, the most we take."


def test_the_bomb_is_a_real_flac(audio: ConfinedAudio, tmp_path: Path) -> None:
    source = tmp_path / "short.flac"
    source.write_bytes(silent_flac(hours=30 / 3600))
    measured = audio.process(AudioJob(source=source))
    assert measured.duration == pytest.approx(24.6, abs=0.1)
    assert measured.lufs is None


def test_a_file_past_the_size_limit_is_refused_unread(audio: ConfinedAudio, tmp_path: Path) -> None:
    source = tmp_path / "big.wav"
    source.write_bytes(bytes(3_000_000))
    with pytest.raises(AudioTooBig, match="larger than 2 MB"):
        audio.process(AudioJob(source=source, max_bytes=2 * 1024 * 1024))


def test_a_sound_past_the_length_limit_is_refused(audio: ConfinedAudio, tmp_path: Path) -> None:
    source = tmp_path / "long.mp3"
    source.write_bytes(encoded(tone(8), "mp3"))
    with pytest.raises(AudioTooBig, match="longer than 5 seconds"):
        audio.process(AudioJob(source=source, max_seconds=5))
