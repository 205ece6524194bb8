"""The main job on a phone."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.scene import Scene


def test_it_does_the_main_job_on_a_phone(scene: Scene) -> None:
    script = scene.project("Seven days.", "It folds flat.")
    window = scene.seat(script, width=390, height=780)
    page = window.page
    window.goto(script.path)
    page.locator(f"#line-{script.lines[1]}-link").tap()
    expect(page.locator("#id_text")).to_have_value("It folds flat.")
    expect(page.locator("#id_text")).to_be_in_viewport()
    page.locator("#id_text").fill("It folds flat, and it weighs nothing.")
    page.locator("[data-generate]").tap()
    card = window.take_is(1, "done")
    card.get_by_role("button", name="Play take 1").tap()
    window.hears()
    expect(page.get_by_label("Player")).to_be_in_viewport()
    assert window.scrolls_sideways() == ""
    window.link("‹ Script").tap()
    expect(page.locator(".ln-link").first).to_be_in_viewport()
    assert not window.is_silent()
