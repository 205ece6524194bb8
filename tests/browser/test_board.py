"""The comparison board in people's hands."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.scene import Scene
from tests.browser.test_takes import MANY
from tests.browser.window import PATIENCE, Window

LINE = "It folds flat, it weighs nothing, and it forgives the third floor without a lift, twice."
STRIP = """
from speech.models import Take
Take.objects.filter(pk=given["take"]).update(words=[], lufs=given["lufs"])
"""
STAR = """
from speech.models import Take, User
from speech.services.takes import star_take
star_take(User.objects.first(), take=Take.objects.get(pk=given["take"]), on=True)
"""


def board(window: Window, what: str) -> Any:
    return window.page.evaluate(f"window.takeroom.board.{what}")


def plays(window: Window, past: float = 0.0) -> None:
    """The board's position moves, and its sound runs."""
    window.page.wait_for_function(
        """past => {
            const board = window.takeroom.board;
            return board.playing && board.context.state === "running" && board.position > past;
        }""",
        arg=past,
        timeout=PATIENCE,
    )


def test_it_compares_from_ticks_to_a_winner_without_losing_the_beat(scene: Scene) -> None:
    script = scene.project(LINE, "A second line.")
    line = script.lines[0]
    scene.takes(line, 1, seed=1)
    second, third = scene.takes(line, 2, seed=2, temperature=1.2)
    scene.studio.run_python(STRIP, take=second, lufs=-12.0)
    scene.studio.run_python(MANY, line=script.lines[1], count=9)
    window = scene.seat(script)
    page, keys = window.page, window.page.keyboard

    # More than eight cannot be ticked, and the page says why.
    window.goto(script.line(2))
    ticks = page.get_by_label("Compare", exact=True)
    for index in range(8):
        ticks.nth(index).check()
    expect(ticks.nth(8)).to_be_disabled()
    window.sees("8 at most. Untick one to tick another.")
    expect(window.button("Compare 8 ticked")).to_be_in_viewport(ratio=1)
    window.button("Untick all").click()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)
    expect(ticks.nth(8)).to_be_enabled()

    window.goto(script.line())
    window.button("Play take 1").click()
    window.hears()
    page.get_by_label("Speed, pitch kept").select_option("1.25")
    rate = "document.querySelector('#dock audio').playbackRate"
    assert page.evaluate(rate) == 1.25
    for number in (1, 2, 3):
        window.take(number).get_by_label("Compare").check()
    window.button("Compare 3 ticked").click()
    expect(page.locator("[data-lane]")).to_have_count(3)

    # The newest take is the first on the list.
    # Loudness is matched down to the quietest, and each lane says by how much.
    lane = page.locator("[data-lane]")
    expect(lane.nth(1).locator("[data-offset]")).to_have_text(re.compile(r"^−1[0-9]\.\d dB$"))
    expect(lane.nth(0).locator("[data-offset]")).to_have_text("0 dB")
    window.button("Raw").click()
    expect(lane.nth(1).locator("[data-offset]")).to_have_text("")
    window.button("Matched").click()

    # The board starts, the player stops; switching keeps the position.
    expect(page.locator("[data-state]")).to_have_text("Switch with 1 to 3 at any moment")
    keys.press("3")
    keys.press("k")
    plays(window, 0.2)
    assert window.is_silent()
    before = board(window, "position")
    keys.press("2")
    expect(window.button("Hear Take 2")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#announce")).to_have_text("Hearing Take 2")
    expect(page.locator("[data-step]")).to_have_text("second")
    assert before <= board(window, "position") < before + 1.5
    lane.nth(0).get_by_role("heading").locator("..").click(position={"x": 150, "y": 5})
    expect(window.button("Hear Take 3")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-step]")).to_have_text("word")

    # A part is looped with the pointer, and rotation goes round with it.
    ruler = page.get_by_role("slider", name="Position on the board")
    box = ruler.bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 10)
    page.mouse.up()
    length = board(window, "length")
    expect(page.get_by_label("Loop from, in seconds")).to_have_value(f"{0.2 * length:.2f}")
    page.get_by_label("Rotate to the next take").select_option("loop")
    keys.press("r")
    expect(page.locator("[data-state]")).to_have_text("Rotates at each loop")
    expect(page.locator("#announce")).to_have_text("Hearing Take 2", timeout=PATIENCE)
    expect(page.locator("#announce")).to_have_text("Hearing Take 1", timeout=PATIENCE)
    assert 0.2 * length - 0.01 <= board(window, "position") <= 0.3 * length + 0.01
    keys.press("r")
    keys.press("o")
    keys.press("1")

    # What others do appears, and neither sound nor lane is touched.
    page.evaluate("window.kept = document.querySelectorAll('[data-lane]')[0]")
    scene.studio.run_python(STAR, take=third)
    star = page.get_by_role("button", name="Star for take 3")
    expect(star).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)
    lane.nth(0).get_by_role("button", name="Use this take").click()
    expect(lane.nth(0)).to_contain_text("✓ In use")
    assert page.evaluate("window.kept === document.querySelectorAll('[data-lane]')[0]")
    assert board(window, "playing")

    # Without a pointer: jump by word, loop from here to there, move on the ruler.
    keys.press("k")
    ruler.focus()
    keys.press("Home")
    keys.press("ArrowRight")
    expect(ruler).to_have_attribute("aria-valuetext", re.compile(r"^0:00\.5 of "))
    page.locator("#main").focus()
    keys.press("ArrowRight")
    keys.press("[")
    start = board(window, "loop.from")
    assert start in board(window, "lanes[0].words"), "a word begins here"
    expect(page.get_by_label("Loop from, in seconds")).to_have_value(f"{start:.2f}")
    keys.press("o")

    # The table, and away: the sound ends with the page.
    row = page.get_by_role("row").filter(has_text="Temperature")
    expect(row.locator("td.diff")).not_to_have_count(0)
    same = page.get_by_role("row").filter(has_text="Top-k")
    expect(same).to_be_hidden()
    page.get_by_label(re.compile("Show all")).check()
    expect(same).to_be_visible()
    keys.press("k")
    plays(window)
    page.evaluate("window.was = window.takeroom.board.context")
    page.get_by_label("Remove Take 1 from the board").click()
    expect(lane).to_have_count(2)
    assert page.url.endswith(f"?take={third}&take={second}")
    page.wait_for_function("window.was.state === 'closed'")
    assert not board(window, "playing")
    page.get_by_role("link", name="Make another").first.click()
    window.sees("Set up as take")
    assert page.evaluate("window.takeroom.board") is None
    page.reload()
    assert page.evaluate(rate) == 1.25, "this browser remembers the speed"


def test_a_take_that_cannot_be_loaded_is_said_and_the_others_play(scene: Scene) -> None:
    script = scene.project("Seven days on one charge.")
    takes = scene.takes(script.lines[0], 2, seed=5)
    scene.studio.run_python(MANY, line=script.lines[0], count=1)  # a row without a file
    lost = max(takes) + 1
    window = scene.seat(script, width=390, height=780)
    window.expects(404)
    window.goto(f"{script.path}compare/?take={lost}&take={takes[0]}&take={takes[1]}")
    lanes = window.page.locator("[data-lane]")
    expect(lanes.nth(0)).to_contain_text("This sound could not be loaded.")
    expect(window.page.locator("[data-state]")).to_have_text("Tap a take · ‹ › by second")
    window.button("Play", exact=True).tap()
    plays(window, 0.1)
    expect(window.button("Hear Take 1")).to_have_attribute("aria-pressed", "true")
    lanes.nth(2).locator("board-wave").tap()
    expect(window.button("Hear Take 2")).to_have_attribute("aria-pressed", "true")
    window.button("Pause").tap()
    assert not board(window, "playing")
