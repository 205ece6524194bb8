"""Draft takes as they sound: repeatable, steered by each setting, timed to the word."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from speech.catalog import DELIVERY_TAGS, DRAFT, SOUND_TAGS
from speech.engines.base import Engine, Phase
from speech.engines.draft import DraftEngine, available
from tests.engines.draft_voice import PLAIN, asked, pitch, take

TALK = "It's late, and we should go. In the end it is one of the best, I think; isn't it? Yes!"


@pytest.fixture
def engine(tmp_path: Path) -> DraftEngine:
    return DraftEngine(workdir=tmp_path / "work")


def test_it_is_an_engine_that_says_what_it_is(engine: DraftEngine) -> None:
    checked: Engine = engine
    assert (checked.key, checked.resubmit_is_free) == (DRAFT.key, True)
    assert checked.version == "espeak-ng 1.52.0 / draft 1"
    assert available() == engine.available() == ""


async def test_it_gives_the_same_bytes_for_the_same_seed_also_side_by_side(
    engine: DraftEngine, tmp_path: Path
) -> None:
    text = f"{TALK} [laugh] [whispering] {PLAIN}"
    first = await take(engine, tmp_path / "first.wav", text, reference_pitch_hz=210.0)
    rest = await asyncio.gather(
        *(
            take(engine, tmp_path / f"{n}.wav", text, ref=f"job-{n}", reference_pitch_hz=210.0)
            for n in range(4)
        )
    )
    assert {first.sha256} == {one.sha256 for one in rest}
    assert {first.result.words} == {one.result.words for one in rest}
    assert first.result.seed == 7


async def test_it_reads_differently_with_another_seed(engine: DraftEngine, tmp_path: Path) -> None:
    takes = [await take(engine, tmp_path / f"{seed}.wav", TALK, seed=seed) for seed in (1, 2, 3)]
    assert len({one.sha256 for one in takes}) == 3


@pytest.mark.parametrize(
    "change",
    [{"temperature": 2.0}, {"top_k": 1}, {"top_p": 0.0}, {"min_p": 1.0},
     {"repetition_penalty": 2.0}, {"norm_loudness": False}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
async def test_it_reads_differently_with_each_setting(
    engine: DraftEngine, tmp_path: Path, change: dict[str, Any]
) -> None:
    base = await take(engine, tmp_path / "base.wav", TALK)
    other = await take(engine, tmp_path / "other.wav", TALK, **change)
    assert base.sha256 != other.sha256
    assert base.spoken == other.spoken


async def test_it_draws_a_seed_where_none_is_given_and_tells_it(
    engine: DraftEngine, tmp_path: Path
) -> None:
    drawn = await take(engine, tmp_path / "drawn.wav", TALK, seed=0)
    assert drawn.result.seed
    again = await take(engine, tmp_path / "again.wav", TALK, seed=drawn.result.seed)
    assert drawn.sha256 == again.sha256


async def test_it_costs_nothing_and_is_complete_when_it_is_accepted(engine: DraftEngine) -> None:
    submitted = await engine.submit(asked("Hello there."))
    assert submitted.phase is Phase.COMPLETED
    assert (await engine.status(submitted)).phase is Phase.COMPLETED
    result = await engine.result(submitted)
    assert result.cost == 0.0
    assert result.inference_time
    assert result.output_url == ""


async def test_it_times_every_word_of_the_text_as_sent(engine: DraftEngine, tmp_path: Path) -> None:
    text = f"“Well,” [sigh] {TALK} [happy] That cost $5 in 1984—really… [laugh]"
    made = await take(engine, tmp_path / "take.wav", text)
    words = made.result.words
    assert [text[word.position :][: word.length] for word in words] == made.spoken
    tagless = text.replace("[sigh]", "").replace("[happy]", "").replace("[laugh]", "")
    assert made.spoken == tagless.replace("“", "").replace("—", "— ").split()
    ends = [word.end for word in words]
    starts = [word.start for word in words]
    assert starts == sorted(starts)
    assert all(start < end for start, end in zip(starts, ends, strict=True))
    assert all(end <= start for end, start in zip(ends, [*starts[1:], made.seconds], strict=True))
    assert ends[-1] <= made.seconds


async def test_it_is_loud_within_words_and_still_between_sentences(
    engine: DraftEngine, tmp_path: Path
) -> None:
    made = await take(engine, tmp_path / "take.wav", "Mama. Mama. Mama.")
    words = made.result.words
    assert len(words) == 3
    for word, after in pairwise(words):
        assert float(abs(made.between(word.start, word.end)).max()) > 0.05
        assert float(abs(made.between(word.end + 0.02, after.start)).max()) < 0.001


@pytest.mark.parametrize("tag", SOUND_TAGS)
async def test_it_gives_a_sound_tag_sound_and_no_word(
    engine: DraftEngine, tmp_path: Path, tag: str
) -> None:
    made = await take(engine, tmp_path / "take.wav", f"Oh. [{tag}] Right.")
    assert made.spoken == ["Oh.", "Right."]
    before, after = made.result.words
    gap = made.between(before.end, after.start)
    assert float(np.sqrt(np.mean(gap**2))) > 0.005
    assert after.start - before.end > 0.4
    assert made.result.warnings == ()


async def test_it_changes_the_manner_with_each_delivery_tag(
    engine: DraftEngine, tmp_path: Path
) -> None:
    plain = await take(engine, tmp_path / "plain.wav", TALK)
    made = {
        tag: await take(engine, tmp_path / f"{tag}.wav", f"[{tag}] {TALK}") for tag in DELIVERY_TAGS
    }
    assert all(one.spoken == plain.spoken for one in made.values())
    lengths = {tag: one.seconds for tag, one in made.items()} | {"": plain.seconds}
    assert len(set(lengths.values())) == len(lengths)


async def test_it_whispers_without_a_voice(engine: DraftEngine, tmp_path: Path) -> None:
    made = await take(engine, tmp_path / "take.wav", f"{PLAIN} [whispering] {PLAIN}")
    middle = made.result.words[len(made.result.words) // 2].start
    voiced, breathed = made.between(0, middle - 0.3), made.between(middle, made.seconds)

    def hiss(samples: Any) -> float:
        return float(np.mean(np.diff(samples) ** 2) / np.mean(samples**2))

    assert hiss(breathed) > 2 * hiss(voiced)


async def test_it_reads_unknown_brackets_aloud_and_says_so(
    engine: DraftEngine, tmp_path: Path
) -> None:
    made = await take(engine, tmp_path / "take.wav", "Hello [giggle] there.")
    assert made.spoken == ["Hello", "giggle]", "there."]
    assert made.result.warnings == ("“[giggle]” is not a tag; it is read aloud.",)


@pytest.mark.parametrize("hertz", [90.0, 120.0, 150.0, 180.0, 220.0, 280.0])
async def test_it_follows_the_pitch_of_the_reference(
    engine: DraftEngine, tmp_path: Path, hertz: float
) -> None:
    made = await take(
        engine, tmp_path / "take.wav", f"{PLAIN} {PLAIN}", reference_pitch_hz=hertz, top_k=1
    )
    assert pitch(made.samples, made.rate) == pytest.approx(hertz, rel=0.05)


@pytest.mark.parametrize("text", [TALK, "[shush] [laugh]", "Hi"])
async def test_it_is_27_lufs_when_loudness_is_normalised(
    engine: DraftEngine, tmp_path: Path, text: str
) -> None:
    made = await take(engine, tmp_path / "take.wav", text, norm_loudness=True, reference_lufs=-14.0)
    assert made.lufs == pytest.approx(-27, abs=0.5)


async def test_it_is_as_loud_as_the_reference_when_it_is_not(
    engine: DraftEngine, tmp_path: Path
) -> None:
    quiet = await take(
        engine, tmp_path / "quiet.wav", TALK, norm_loudness=False, reference_lufs=-33.0
    )
    assert quiet.lufs == pytest.approx(-33, abs=0.5)
    deafening = await take(
        engine, tmp_path / "loud.wav", TALK, norm_loudness=False, reference_lufs=-3.0
    )
    assert float(abs(deafening.samples).max()) < 1
    assert any("quieter than the reference" in said for said in deafening.result.warnings)


async def test_it_is_a_plain_wav_that_says_what_it_is(engine: DraftEngine, tmp_path: Path) -> None:
    made = await take(engine, tmp_path / "take.wav", TALK)
    with av.open(str(made.path)) as sound:
        stream = sound.streams.audio[0]
        assert (stream.codec_context.name, stream.rate, stream.channels) == ("pcm_s16le", 22050, 1)
        assert sound.metadata["comment"] == DRAFT.note


async def test_it_warns_when_turbo_would_cut_the_reading(
    engine: DraftEngine, tmp_path: Path
) -> None:
    long = "Stop. " * 80
    made = await take(engine, tmp_path / "take.wav", long.strip())
    assert made.seconds > 40
    assert any("Turbo stops at 40 s" in said for said in made.result.warnings)
