"""The board's sound, rendered offline in Chromium by the very code that plays it.

Switching must be inaudible but for the take that is heard: same sample, no hole, no drift.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from tests.browser.stage import Stage

Wave = NDArray[np.float32]

ENGINE = Path(__file__).resolve().parents[2] / "static" / "js" / "board-sound.js"
RATE = 48_000
FADE = 0.012
SWITCHES = [0.137 + 0.1031 * number for number in range(19)] + [1.9985]
"""Twenty odd moments; the last one comes in the middle of the fade before it."""
RENDER = """async ({files, plan}) => {
    const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer;
    const context = new OfflineAudioContext(1, Math.round(plan.seconds * 48000), 48000);
    const sound = new window.takeroom.BoardSound(
        context, files.map((_, i) => ({lufs: plan.lufs ? plan.lufs[i] : null})));
    const buffers = await Promise.all(files.map(file => context.decodeAudioData(bytes(file))));
    const decoded = buffers.map(one => one.getChannelData(0).slice());
    buffers.forEach((buffer, index) => plan.late?.[0] === index || sound.place(index, buffer));
    const meanwhile = (at, act) => context.suspend(at).then(() => { act(); context.resume(); });
    if (plan.late) meanwhile(plan.late[1], () => sound.place(plan.late[0], buffers[plan.late[0]]));
    if (plan.loopAt) meanwhile(plan.loopAt[2], () => sound.setLoop(...plan.loopAt));
    if (plan.unloopAt) meanwhile(plan.unloopAt, () => sound.clearLoop());
    if (plan.loop) sound.setLoop(...plan.loop);
    sound.audible = -1;
    sound.switchTo(plan.first || 0, 0);
    sound.start(plan.from || 0, 0);
    for (const [index, at] of plan.switches || []) sound.switchTo(index, at);
    for (const [from, at] of plan.seeks || []) sound.start(from, at);
    const text = samples => {
        const all = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
        let out = "";
        for (let i = 0; i < all.length; i += 32768)
            out += String.fromCharCode(...all.subarray(i, i + 32768));
        return btoa(out);
    };
    const rendered = (await context.startRendering()).getChannelData(0);
    return [text(rendered), plan.wanted === undefined ? "" : text(decoded[plan.wanted])];
}"""


@pytest.fixture(scope="module")
def page(stage: Stage) -> Iterator[Page]:
    """An empty page with the engine and nothing else."""

    def opened() -> Page:
        page = stage.browser.new_page()
        page.add_script_tag(path=str(ENGINE))
        return page

    made = stage.do(opened)
    yield made
    stage.do(made.close)


def speech(seconds: float, rate: int, *, pitch: float = 180.0) -> Wave:
    """Tones that move like a voice and are never silent; the same for each rate."""
    t = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * (pitch * t + 8 * np.sin(2 * np.pi * 1.7 * t))
    wave = sum(np.sin(number * phase + number**2) / number for number in range(1, 18))
    wave = wave * (1 + 0.3 * np.sin(2 * np.pi * 3.1 * t))
    return np.asarray(0.2 * wave / 1.5, dtype=np.float32)


def file_of(wave: Wave, rate: int, kind: str = "flac") -> str:
    """An encoded file as base64. Kinds: flac (what the studio keeps), wav, mp3, ogg."""
    codec = {"flac": "flac", "wav": "pcm_s16le", "mp3": "libmp3lame", "ogg": "libopus"}[kind]
    out = io.BytesIO()
    with av.open(out, "w", format=kind) as box:
        stream = cast(av.AudioStream, box.add_stream(codec, rate=rate))
        stream.layout = "mono"
        layout = {"libmp3lame": "s16p", "libopus": "s16"}.get(codec, "s16")
        samples = np.clip(wave * 32767, -32767, 32767).astype(np.int16)[None, :]
        frame = av.AudioFrame.from_ndarray(samples, format=layout, layout="mono")
        frame.rate = rate
        resampler = av.AudioResampler(
            format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size or 4096
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            box.mux(stream.encode(piece))
        box.mux(stream.encode(None))
    return base64.b64encode(out.getvalue()).decode()


def render(stage: Stage, page: Page, files: list[str], **plan: Any) -> tuple[Wave, Wave]:
    """What is heard, and the decoded take `wanted` (empty if none is), at 48 kHz."""
    told = json.loads(json.dumps(plan))
    heard, wanted = stage.do(lambda: page.evaluate(RENDER, {"files": files, "plan": told}))
    return samples(heard), samples(wanted)


def samples(text: str) -> Wave:
    return np.frombuffer(base64.b64decode(text), dtype=np.float32)


def quiet_run(wave: Wave, below: float = 0.003) -> float:
    """Milliseconds of the longest run of samples that are next to nothing."""
    loud = np.flatnonzero(np.abs(wave) >= below)
    edges = np.concatenate([[-1], loud, [len(wave)]])
    return float((np.diff(edges).max() - 1) / RATE * 1000)


def lag_ms(heard: Wave, source: Wave, most: int = 480) -> float:
    """By how much `heard` is late, from the peak of the cross-correlation."""
    size = 1 << (len(heard) + len(source)).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(source, size))
    correlation = np.fft.irfft(product, size)
    near = np.concatenate([correlation[-most:], correlation[: most + 1]])
    return float((int(np.argmax(near)) - most) / RATE * 1000)


def test_twenty_switches_between_eight_takes_of_the_same_sound_leave_no_trace(
    stage: Stage, page: Page
) -> None:
    whole = speech(3.0, 24_000)
    lengths = (2.5, 3.0, 2.61, 2.77, 2.93, 2.55, 2.7, 2.6)
    files = [file_of(whole[: round(length * 24_000)], 24_000) for length in lengths]
    order = [(3 * number + 1) % 8 for number in range(20)]
    switches = [[lane, at] for lane, at in zip(order, SWITCHES, strict=True)]
    heard, source = render(stage, page, files, seconds=2.45, switches=switches, wanted=1)
    both = slice(0, round(2.4 * RATE))
    error = float(np.abs(heard[both] - source[both]).max())
    assert float(np.abs(source[both]).max()) > 0.2
    assert error <= 1e-3, f"the null test leaves {error:.1e}"
    assert error <= 1e-5, f"the null test leaves {error:.1e}: worse than it was"


@pytest.mark.parametrize("rate", [44_100, 48_000, 24_000, 22_050])
def test_other_rates_and_codecs_stay_in_step_and_have_no_hole(
    stage: Stage, page: Page, rate: int
) -> None:
    kinds = ["flac", "wav", "mp3", *(["ogg"] if rate in {48_000, 24_000} else [])]
    files = [file_of(speech(2.4, rate), rate, kind) for kind in kinds]
    count = len(files)
    switches = [[(number + 1) % count, at] for number, at in enumerate(SWITCHES)]
    heard, source = render(stage, page, files, seconds=2.3, switches=switches, wanted=0)
    hole = quiet_run(heard[: round(2.25 * RATE)])
    assert hole <= 2.0, f"{rate} Hz: a hole of {hole:.2f} ms"
    edges = [0.0, *SWITCHES[:-1]]
    lags = {
        kinds[number % count]: lag_ms(*_between(heard, source, edges[number], edges[number + 1]))
        for number in range(8)
    }
    assert max(abs(lag) for lag in lags.values()) <= 1.0, f"{rate} Hz: late by {lags} ms"


def _between(heard: Wave, source: Wave, start: float, end: float) -> tuple[Wave, Wave]:
    part = slice(round((start + FADE) * RATE), round(end * RATE))
    return heard[part], source[part]


def test_a_switch_in_the_middle_of_a_fade_goes_on_from_where_it_is(
    stage: Stage, page: Page
) -> None:
    level, nothing = np.full(RATE, 0.5, np.float32), np.zeros(RATE, np.float32)
    files = [file_of(level, RATE, "wav"), file_of(nothing, RATE, "wav")]
    switches = [[1, 0.2], [0, 0.207], [1, 0.213], [0, 0.4]]
    heard, _ = render(stage, page, files, seconds=0.6, switches=switches)
    step, gentle = float(np.abs(np.diff(heard)).max()), 0.5 / (FADE * RATE)
    assert step <= 1.02 * gentle, f"the gain jumps by {step / gentle:.0f} times its usual step"
    assert float(heard[round(0.3 * RATE)]) == pytest.approx(0)
    assert float(heard[-1]) == pytest.approx(0.5, abs=1e-3)


def test_a_loop_has_no_gap_and_turns_at_the_same_sample_for_short_and_long_takes(
    stage: Stage, page: Page
) -> None:
    whole = speech(2.0, 24_000)
    files = [file_of(whole, 24_000), file_of(whole[: round(0.9 * 24_000)], 24_000)]
    loop = [0.25, 1.1]
    switches = [[1, 1.337], [0, 1.471], [1, 2.2], [0, 2.3111]]
    heard, source = render(stage, page, files, seconds=3.5, loop=loop, switches=switches, wanted=0)
    first, last = round(loop[0] * RATE), round(loop[1] * RATE)
    turns = np.tile(source[first:last], 4)
    expected = np.concatenate([source[:last], turns])[: len(heard)]
    error = float(np.abs(heard - expected).max())
    assert error <= 1e-3, f"the loop differs from the sound by {error:.1e}"
    assert quiet_run(heard) <= 2.0
    # A loop that ends behind all sound, as a measured length may by some samples, keeps its length.
    behind, _ = render(stage, page, files[1:], seconds=2.2, loop=[0.0, 1.0])
    sound = round(0.89 * RATE)  # the very end is the resampler's
    assert float(np.abs(behind[RATE : RATE + sound] - source[:sound]).max()) <= 1e-3
    # From 0.9 s on the short take is silent, also when it comes round.
    heard, _ = render(stage, page, files, seconds=2.0, loop=loop, first=1)
    assert quiet_run(heard) == pytest.approx(200, abs=5)


def test_a_take_that_comes_late_and_a_loop_set_meanwhile_join_on_the_sample(
    stage: Stage, page: Page
) -> None:
    files = [file_of(speech(2.0, 24_000), 24_000)] * 2
    heard, source = render(
        stage, page, files, seconds=1.8, late=[1, 0.4], switches=[[1, 0.7011], [0, 1.3]],
        loopAt=[0.1, 1.9, 0.9], unloopAt=1.1, wanted=0,
    )  # fmt: skip
    error = float(np.abs(heard - source[: len(heard)]).max())
    assert error <= 1e-3, f"what joins leaves {error:.1e}"


def test_a_jump_is_faded_and_lands_on_the_sample(stage: Stage, page: Page) -> None:
    files = [file_of(speech(2.0, 24_000), 24_000)]
    heard, source = render(
        stage, page, files, seconds=1.5, seeks=[[1.0, 0.5], [0.2, 0.8]], wanted=0
    )
    for at, position in ((0.5, 1.0), (0.8, 0.2)):
        after = slice(round((at + FADE) * RATE) + 1, round((at + 0.25) * RATE))
        shift = round((position - at) * RATE)
        error = np.abs(heard[after] - source[after.start + shift : after.stop + shift]).max()
        assert error <= 1e-3, f"the jump at {at} s lands beside: {error:.1e}"
    step = float(np.abs(np.diff(heard)).max())
    assert step <= 1.2 * float(np.abs(np.diff(source)).max()), "a jump clicks"


def test_matching_turns_takes_down_to_the_quietest_until_raw_is_asked_for(
    stage: Stage, page: Page
) -> None:
    loud = speech(2.0, 24_000)
    quiet = loud * 10 ** (-6.5 / 20)
    files = [file_of(loud, 24_000), file_of(quiet, 24_000), file_of(loud, 24_000)]
    levels = []
    for lane in range(3):
        heard, _ = render(stage, page, files, seconds=1.0, lufs=[-17.0, -23.5, None], first=lane)
        levels.append(20 * np.log10(float(np.sqrt(np.mean(heard[4800:] ** 2)))))
    assert levels[0] == pytest.approx(levels[1], abs=0.05), "matched takes are equally loud"
    assert levels[2] == pytest.approx(levels[0] + 6.5, abs=0.05), "unknown loudness is left alone"
    offsets = stage.do(
        lambda: page.evaluate(
            """() => {
                const board = new window.takeroom.BoardSound(
                    new OfflineAudioContext(1, 1, 48000),
                    [{lufs: -17}, {lufs: -23.5}, {lufs: null}, {lufs: -70}]);
                const matched = window.takeroom.BoardSound.offsets(board.lanes);
                board.matched = false;
                return [matched, board.lanes.map((_, i) => board.level(i))];
            }"""
        )
    )
    assert offsets == [[-6.5, 0, None, None], [1, 1, 1, 1]]
