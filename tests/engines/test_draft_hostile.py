"""Text that wants to be more than text, and text that nobody can read aloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from speech.engines.draft import DraftEngine
from speech.errors import GenerationFailed, Refused
from tests.engines.draft_voice import asked, take


@pytest.fixture
def engine(tmp_path: Path) -> DraftEngine:
    return DraftEngine(workdir=tmp_path / "work")


async def test_it_reads_markup_as_text(engine: DraftEngine, tmp_path: Path) -> None:
    sound = tmp_path / "sound.wav"
    await take(engine, sound, "A sound that somebody wants to smuggle in, over and over again.")
    text = f"<speak><audio src='{sound.name}'>one</audio><break time='9s'/></speak> two."
    made = await take(engine, tmp_path / "take.wav", text)
    assert made.spoken == text.replace("<speak>", "speak>", 1).split()


async def test_it_does_not_obey_markup(engine: DraftEngine, tmp_path: Path) -> None:
    made = await take(engine, tmp_path / "take.wav", "<break time='60s'/> end.")
    assert made.seconds < 15


async def test_it_reads_phoneme_codes_as_letters(engine: DraftEngine, tmp_path: Path) -> None:
    coded = await take(engine, tmp_path / "coded.wav", "[[h@'loU]] friend.")
    plain = await take(engine, tmp_path / "plain.wav", "hello friend.")
    assert coded.seconds > plain.seconds + 0.5


async def test_it_takes_no_commands_from_control_characters(
    engine: DraftEngine, tmp_path: Path
) -> None:
    plain = await take(engine, tmp_path / "plain.wav", "One  99S two  99P three.")
    coded = await take(engine, tmp_path / "coded.wav", "One \x0199S two \x0199P three.")
    assert coded.spoken == ["One", "99S", "two", "99P", "three."]
    assert coded.seconds == pytest.approx(plain.seconds, rel=0.15)


@pytest.mark.parametrize(
    "text",
    ["nul\x00 in\x00side", "\u202eabc\u202c shalom שלום עולם", "مرحبا بك", "日本語テキスト",
     "zero\u200bwidth\u200djoiner", "\ud800 lone surrogate", "a" * 500, "1" * 500,
     ("word " * 100).strip(), "é—“a” " * 80, "!? " * 160 + "ok", "[" * 250 + "]" * 249 + "a",
     "[laugh]" * 60, "Ã©\u0301\u0301\u0301", "²³½ ٣ Ⅷ", "%s {0} $(ls) ../../etc"],
    ids=range(16),
)  # fmt: skip
async def test_it_survives(engine: DraftEngine, tmp_path: Path, text: str) -> None:
    made = await take(engine, tmp_path / "take.wav", text)
    assert 0.4 < made.seconds < 240
    assert float(abs(made.samples).max()) > 0.01
    for word in made.result.words:
        assert text[word.position : word.position + word.length] == word.word


@pytest.mark.parametrize(
    "text", ["😀🎈", "…", "", " \n ", "[happy]", "\x00\x01", "?!", "👩‍🚀 [angry]"]
)
async def test_it_says_when_there_is_nothing_to_read(engine: DraftEngine, text: str) -> None:
    with pytest.raises(GenerationFailed) as failure:
        await engine.submit(asked(text))
    assert failure.value.sentence == (
        "There is nothing in this text that the draft voice can read aloud."
    )


async def test_it_refuses_a_text_beyond_all_bounds(engine: DraftEngine, tmp_path: Path) -> None:
    with pytest.raises(GenerationFailed, match="longer than 2000 characters"):
        await engine.submit(asked("word " * 500))
    with pytest.raises(GenerationFailed, match="longer than 4 minutes"):
        await engine.submit(asked("W! " * 600))
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize("ref", ["../up", "", "a/b", ".", "x" * 200, "a\x00b"])
async def test_it_lets_no_name_leave_the_work_folder(engine: DraftEngine, ref: str) -> None:
    with pytest.raises(Refused):
        await engine.submit(asked("Hello.", ref=ref))
