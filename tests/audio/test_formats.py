"""Every upload format is read, kept as FLAC, and described truly."""

from __future__ import annotations

import hashlib
from pathlib import Path

import av
import numpy as np
import pytest

from speech.audio import encode
from speech.audio.confined import AudioJob, ConfinedAudio
from speech.audio.decode import decode, to_int16
from speech.audio.sniff import CONTENT_TYPES, EXTENSIONS, sniff
from tests.audio.sounds import UPLOADS, decoded, encoded, tone, voice

LOSSY_OPUS_RATE = 48_000


@pytest.mark.parametrize("kind", UPLOADS)
def test_it_reads_and_keeps_each_upload_format(
    audio: ConfinedAudio, tmp_path: Path, kind: str
) -> None:
    source, kept = tmp_path / "upload", tmp_path / "media" / "clip.flac"
    data = encoded(voice(6), kind)
    source.write_bytes(data)
    measured = audio.process(AudioJob(source=source, store_as=kept))
    stored = kept.read_bytes()
    assert measured.container == kind == sniff(data[:16])
    assert measured.duration == pytest.approx(6, abs=0.05)
    assert measured.sample_rate == (LOSSY_OPUS_RATE if kind in {"ogg", "webm"} else 24_000)
    assert measured.sha256 == hashlib.sha256(stored).hexdigest()
    assert measured.bytes == len(stored)
    assert sniff(stored) == "flac"
    assert not measured.truncated


def test_it_reads_a_browser_recording_without_a_length(
    audio: ConfinedAudio, tmp_path: Path
) -> None:
    source = tmp_path / "recording.webm"
    source.write_bytes(encoded(voice(6), "webm", live=True))
    measured = audio.process(AudioJob(source=source))
    assert measured.duration == pytest.approx(6, abs=0.05)
    assert not measured.truncated


@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_it_keeps_16_bit_sound_to_the_last_bit(
    audio: ConfinedAudio, tmp_path: Path, kind: str
) -> None:
    wave = np.concatenate([voice(2), tone(2, peak=0.9)[:, : voice(2).shape[1]]])
    source, kept = tmp_path / f"a.{kind}", tmp_path / "kept.flac"
    source.write_bytes(encoded(wave, kind))
    measured = audio.process(AudioJob(source=source, store_as=kept))
    before, after = (decode(path.read_bytes(), max_seconds=60).samples for path in (source, kept))
    assert measured.channels == 2
    assert np.array_equal(before, after)
    assert np.array_equal(before, to_int16(wave))


def test_six_channels_become_two(audio: ConfinedAudio, tmp_path: Path) -> None:
    source = tmp_path / "surround.wav"
    with av.open(str(source), "w") as file:
        stream = file.add_stream("pcm_s16le", rate=48_000)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "5.1"
        values = to_int16(np.tile(tone(1, rate=48_000), (6, 1)))
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(values.T.reshape(1, -1)), format="s16", layout="5.1"
        )
        frame.rate = 48_000
        for one in (frame, None):
            file.mux(stream.encode(one))
    measured = audio.process(AudioJob(source=source, store_as=tmp_path / "kept.flac"))
    assert (measured.channels, measured.duration) == (2, 1)


def test_the_same_sound_and_tags_give_the_same_file() -> None:
    samples = to_int16(voice(3))
    one = encode.flac(samples, rate=24_000, tags={"COMMENT": "Draft voice", "TITLE": "Ä"})
    two = encode.flac(samples, rate=24_000, tags={"TITLE": "Ä", "COMMENT": "Draft voice"})
    other = encode.flac(samples, rate=24_000, tags={"COMMENT": "Turbo", "TITLE": "Ä"})
    assert one == two
    assert one != other
    assert b"Lavf" not in one
    assert b"Lavc" not in one


def test_a_fresh_child_gives_the_same_file(tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    source.write_bytes(encoded(voice(2), "wav"))
    hashes = set()
    for _ in range(2):
        audio = ConfinedAudio()
        job = AudioJob(source=source, store_as=tmp_path / "k.flac", tags={"COMMENT": "Draft"})
        hashes.add(audio.process(job).sha256)
        audio.close()
    assert len(hashes) == 1


def test_tags_can_be_read_back_and_hold_no_control_marks(
    audio: ConfinedAudio, tmp_path: Path
) -> None:
    source, kept = tmp_path / "a.wav", tmp_path / "kept.flac"
    source.write_bytes(encoded(tone(1), "wav"))
    tags = {"COMMENT": "Draft voice, a stand-in", "TITLE": "two\nlines\x00"}
    audio.process(AudioJob(source=source, store_as=kept, tags=tags))
    with av.open(str(kept)) as file:
        found = {key.upper(): value for key, value in file.metadata.items()}
    assert found["COMMENT"] == "Draft voice, a stand-in"
    assert found["TITLE"] == "two lines "


@pytest.mark.parametrize(
    ("rate", "target"), [(16_000, 24_000), (24_000, 24_000), (44_100, 44_100), (96_000, 48_000)]
)
def test_the_reference_mp3_is_mono_as_long_and_fast_enough(
    audio: ConfinedAudio, tmp_path: Path, rate: int, target: int
) -> None:
    source, clip = tmp_path / "a.wav", tmp_path / "elsewhere" / "clip.mp3"
    wave = tone(6, rate=rate, channels=2)
    source.write_bytes(encoded(wave, "wav", rate=rate))
    audio.process(AudioJob(source=source, kind="reference", reference_mp3=clip))
    found, found_rate = decoded(clip.read_bytes())
    assert sniff(clip.read_bytes()) == "mp3"
    assert found_rate == target
    assert found.shape[0] == 1
    assert found.shape[1] / target == pytest.approx(6, abs=0.06)


def test_the_mp3_is_as_loud_as_the_sound_it_was_made_of(
    audio: ConfinedAudio, tmp_path: Path
) -> None:
    source, clip = tmp_path / "a.wav", tmp_path / "clip.mp3"
    source.write_bytes(encoded(voice(8), "wav"))
    before = audio.process(AudioJob(source=source, kind="reference", reference_mp3=clip))
    after = audio.process(AudioJob(source=clip))
    assert before.lufs is not None
    assert after.lufs == pytest.approx(before.lufs, abs=0.1)  # uncorrected: 0.445 quieter


@pytest.mark.parametrize("kind", UPLOADS)
def test_it_names_each_kind_by_its_beginning(kind: str) -> None:
    assert sniff(encoded(tone(0.5), kind)[:16]) == kind


def test_it_knows_mp3_with_and_without_a_tag() -> None:
    tagged = encoded(tone(0.5), "mp3")
    bare = tagged[10 + int.from_bytes(tagged[6:10], "big") :]
    assert tagged[:3] == b"ID3"
    assert bare[0] == 0xFF
    assert sniff(bare[:4]) == "mp3"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        b"RIFF\0\0\0\0AVI ",
        b"\xff\xff\xff\xff",
        b"<html>",
        b"\xff\xf1P\x80",
        b"#EXTM3U",
    ],
)
def test_it_names_nothing_that_is_no_sound(head: bytes) -> None:
    assert sniff(head) is None


def test_every_kind_has_a_type_and_an_ending() -> None:
    assert set(CONTENT_TYPES) == set(EXTENSIONS) == set(UPLOADS)
