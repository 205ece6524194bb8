"""The main job with no pointer at all."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.scene import Scene
from tests.browser.window import Window

TEXT = "Nine minutes by train, and the mountain is yours."


def tab_to(window: Window, selector: str, *, key: str = "Tab", most: int = 60) -> None:
    """Press Tab until the element has the focus; that it can be reached is the point."""
    for _ in range(most):
        if window.page.evaluate("s => document.activeElement?.matches(s)", selector):
            return
        window.page.keyboard.press(key)
    raise AssertionError(f"{selector} cannot be reached with {key}")


def test_it_does_the_main_job_by_keyboard_alone(scene: Scene) -> None:
    script = scene.project("A first line.")
    window = scene.seat(script)
    keys = window.page.keyboard
    window.goto(script.path)
    keys.press("Tab")
    expect(window.link("Skip to content")).to_be_focused()
    keys.press("Enter")
    tab_to(window, "#add-text")
    keys.type(TEXT)
    keys.press("Enter")
    expect(window.page.locator("#id_text")).to_have_value(TEXT)
    tab_to(window, "#id_text")
    keys.press("End")
    keys.type(" [sigh]")
    tab_to(window, "[data-generate]")
    keys.press("g")
    card = window.take_is(1, "done")
    keys.press("k")
    window.hears()
    keys.press("k")
    assert window.is_silent()
    tab_to(window, ".take wave-form")
    wave = card.get_by_role("slider")
    keys.press("Home")
    for _ in range(3):
        keys.press("ArrowRight")
    expect(wave).to_have_attribute("aria-valuenow", "1.5")
    assert (wave.get_attribute("aria-valuetext") or "").startswith("0:01.5 of 0:0")
    keys.press("ArrowLeft")
    expect(wave).to_have_attribute("aria-valuenow", "1.0")
    tab_to(window, ".take [id$=-star]")
    keys.press("Enter")
    expect(card.get_by_role("button", name="Star for take 1")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(card.get_by_role("button", name="Star for take 1")).to_be_focused()
    tab_to(window, ".take .menu > summary")
    keys.press("Enter")
    tab_to(window, ".take .menu-box a")
    keys.press("Escape")
    expect(card.locator(".menu > summary")).to_be_focused()


def test_shortcuts_stay_silent_while_somebody_types_and_can_be_switched_off(scene: Scene) -> None:
    script = scene.project("A first line.")
    scene.takes(script.lines[0], seed=7)
    window = scene.seat(script)
    keys = window.page.keyboard
    window.goto(script.line())
    window.page.locator("#id_text").focus()
    keys.press("End")
    keys.type(" gk?1")
    expect(window.page.locator("#id_text")).to_have_value("A first line. gk?1")
    assert window.page.locator(".take").count() == 1
    expect(window.page.locator("#keys-dialog")).to_be_hidden()
    window.page.locator("#main").focus()
    keys.press("?")
    dialog = window.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Shortcuts are on in this browser").uncheck()
    keys.press("Escape")
    window.page.locator("#main").focus()
    keys.press("1")
    keys.press("k")
    assert window.is_silent()
    window.page.reload()
    window.page.locator("#main").focus()
    keys.press("1")
    assert window.is_silent()
    keys.press("?")
    dialog.get_by_label("Shortcuts are on in this browser").check()
    keys.press("Escape")
    window.page.locator("#main").focus()
    keys.press("1")
    window.hears()
