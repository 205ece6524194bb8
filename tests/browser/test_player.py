"""One player for the whole studio."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.scene import Scene

LONG = "It folds flat, it weighs nothing, and it forgives the third floor without a lift, twice."


def test_it_plays_on_while_somebody_browses(scene: Scene) -> None:
    script = scene.project(LONG, "A short one.")
    scene.takes(script.lines[0], seed=7)
    window = scene.seat(script)
    window.goto(script.line())
    window.button("Play take 1").click()
    before = window.hears()["time"]
    window.page.evaluate("window.stayed = true")
    for name in ("Voices", "Projects"):
        window.page.get_by_label("Studio").get_by_role("link", name=name).click()
        expect(window.page.get_by_role("heading", name=name, level=1)).to_be_visible()
        assert not window.is_silent()
    assert window.page.evaluate("window.stayed") is True
    assert window.page.title() == "Projects · Takeroom"
    assert window.hears()["time"] > before
    window.page.go_back()
    expect(window.page.get_by_role("heading", name="Voices", level=1)).to_be_visible()
    assert not window.is_silent()
    dock = window.page.get_by_label("Player")
    expect(dock).to_contain_text("Line 1, take 1")
    dock.get_by_role("button", name="Pause").click()
    assert window.is_silent()
    dock.get_by_role("link").click()
    expect(window.page.locator("#id_text")).to_have_value(LONG)


def test_it_stops_one_take_when_another_starts(scene: Scene) -> None:
    script = scene.project(LONG)
    first, second = scene.takes(script.lines[0], 2, seed=7)
    window = scene.seat(script)
    window.goto(script.line())
    window.button("Play take 1").click()
    window.hears(f"/media/takes/{first}.")
    window.button("Play take 2").click()
    window.hears(f"/media/takes/{second}.")
    assert window.page.locator("audio").count() == 1
    expect(window.button("Play take 1")).to_be_visible()
    expect(window.button("Pause take 2")).to_be_visible()


def test_it_seeks_by_pointer_on_the_waveform(scene: Scene) -> None:
    script = scene.project(LONG)
    scene.takes(script.lines[0], seed=7)
    window = scene.seat(script)
    window.goto(script.line())
    wave = window.page.get_by_role("slider", name="Position in take 1")
    box = wave.bounding_box()
    assert box
    wave.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    length = float(wave.get_attribute("aria-valuemax") or 0)
    assert abs(float(wave.get_attribute("aria-valuenow") or 0) - length / 2) < 0.1 * length
    window.page.keyboard.press("k")
    assert window.hears()["time"] > 0.4 * length
