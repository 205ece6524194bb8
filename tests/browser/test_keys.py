"""A key of the front door: made, copied, seen once, gone, revoked."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.scene import Scene
from tests.browser.test_every_page import COLOURS, EVERYTHING, barriers

KNOWN = """
from speech.services.keys import find_key
key = find_key(given["secret"])
result = key and key.name
"""


def test_a_key_is_copied_seen_once_and_revoked(scene: Scene) -> None:
    script = scene.project("Seven days.")
    window = scene.seat(script)
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = window.page
    window.goto(f"{script.path}settings/")
    window.link("API keys", exact=True).click()
    window.sees("Nothing outside the studio can reach this project.")
    page.get_by_label("Name", exact=True).fill("Localisation")
    page.get_by_label("Budget in US dollars").last.fill("25")
    window.button("Make the key").dblclick()
    window.sees("cannot be shown again")
    secret = page.get_by_label("API key", exact=True).input_value()
    assert scene.studio.run_python(KNOWN, secret=secret) == "Localisation"
    window.button("Copy").first.click()
    window.sees("Key copied.")
    assert page.evaluate("navigator.clipboard.readText()") == secret

    page.reload()
    window.sees("That key was made already. It cannot be shown again.")
    assert secret not in page.content()
    row = page.locator(".key")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(f"{secret[:7]}…")
    expect(row).to_contain_text("$0.00 of $25.00")

    row.get_by_text("Change its budget").click()
    row.get_by_label("Budget in US dollars").fill("40")
    row.get_by_role("button", name="Save the budget").click()
    window.sees("has a budget of $40.00 now")
    window.link("Revoke Localisation…").click()
    window.sees("This cannot be undone")
    window.button("Revoke the key").click()
    window.sees("It opens nothing any more.")
    expect(page.locator(".key .chip.bad")).to_have_text("Revoked")
    assert scene.studio.run_python(KNOWN, secret=secret) is None


def test_the_page_that_shows_it_is_fit_for_everybody_and_for_a_phone(scene: Scene) -> None:
    """It is the answer of a form: no address leads to it, so the tour cannot come by."""
    script = scene.project("Seven days.")
    window = scene.seat(script)
    window.goto(f"{script.path}keys/")
    window.page.get_by_label("Name", exact=True).fill("Localisation")
    window.button("Make the key").click()
    window.sees("cannot be shown again")
    found = barriers(window, Axe(), EVERYTHING)
    window.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += barriers(window, Axe(""), COLOURS)
    assert not found, "\n".join(found)
    window.page.set_viewport_size({"width": 360, "height": 780})
    assert window.scrolls_sideways() == ""


def test_it_works_without_javascript(scene: Scene) -> None:
    script = scene.project("Seven days.")
    window = scene.seat(script, javascript=False)
    window.goto(f"{script.path}keys/")
    window.page.get_by_label("Name", exact=True).fill("Localisation")
    window.button("Make the key").click()
    assert window.page.get_by_label("API key", exact=True).input_value().startswith("SG_")
    window.link("Done", exact=True).click()
    window.link("Revoke Localisation…").click()
    window.button("Revoke the key").click()
    window.sees("It opens nothing any more.")
