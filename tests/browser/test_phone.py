"""The main job on a phone."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.scene import Scene


def test_it_does_the_main_job_on_a_phone(scene: Scene) -> None:
    script = scene.project("Seven days.", "It folds flat.")
    window = scene.seat(script, width=390, height=780)
    page = window.page
    window.goto(script.path)
    heading = page.get_by_role("heading", name="Script · 2 lines").bounding_box()
    assert heading is not None
    assert heading["y"] < 130, "the list begins below the tabs"
    other = scene.seat(script, width=1280)
    other.goto(script.line(1))
    expect(other.page.locator("#people-here li")).to_have_count(1, timeout=2_500)
    expect(other.page.locator("#people-here")).not_to_contain_text("on line")
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
    window.goto(f"{script.path}activity/")
    expect(page.locator(".project-tabs [aria-current]")).to_be_in_viewport(ratio=1)
