"""Nothing that somebody types is ever lost."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.scene import Scene, Set
from tests.browser.window import Window
from tests.studio_process import wait_until

TEXT = "from speech.models import Line\nresult = Line.objects.get(pk=given['line']).text"


def stored(scene: Scene, script: Set, number: int = 1) -> str:
    text: str = scene.studio.run_python(TEXT, line=script.lines[number - 1])
    return text


def type_in(window: Window, words: str) -> None:
    window.page.locator("#id_text").focus()
    window.page.keyboard.press("End")
    window.page.keyboard.type(words)


def test_it_saves_what_is_typed_by_itself(scene: Scene) -> None:
    script = scene.project("Seven days.")
    window = scene.seat(script)
    window.goto(script.line())
    type_in(window, " On one charge.")
    expect(window.page.locator("#save-state")).to_contain_text("Saved")
    wait_until(lambda: stored(scene, script) == "Seven days. On one charge.", what="it is saved")
    expect(window.page.locator(".ln.on .ln-text")).to_have_text("Seven days. On one charge.")


def test_a_tag_goes_to_the_cursor_and_to_the_end_before_there_was_one(scene: Scene) -> None:
    script = scene.project("Seven days.")
    window = scene.seat(script)
    window.goto(script.line())
    window.page.get_by_role("button", name="chuckle", exact=True).click()
    expect(window.page.locator("#id_text")).to_have_value("Seven days. [chuckle]")
    window.page.keyboard.press("Home")
    window.page.get_by_role("button", name="sigh", exact=True).click()
    expect(window.page.locator("#id_text")).to_have_value("[sigh] Seven days. [chuckle]")


def test_it_keeps_typing_while_the_studio_is_away_and_saves_it_after(scene: Scene) -> None:
    script = scene.project("Seven days.", "Another line.")
    window = scene.seat(script)
    window.goto(script.line())
    away = re.compile(r"/(edit|changes)/")
    window.offline = True
    window.page.route(away, lambda route: route.abort("connectionrefused"))
    type_in(window, " On one charge.")
    expect(window.page.locator("#save-state")).to_contain_text("Not saved yet: no connection")
    assert stored(scene, script) == "Seven days."
    window.page.reload()
    expect(window.page.locator("#id_text")).to_have_value("Seven days. On one charge.")
    window.page.unroute(away)
    expect(window.page.locator("#save-state")).to_have_text("Saved")
    assert stored(scene, script) == "Seven days. On one charge."


def test_it_saves_what_was_typed_just_before_leaving_the_line(scene: Scene) -> None:
    script = scene.project("Seven days.", "Another line.")
    window = scene.seat(script)
    window.goto(script.line())
    type_in(window, " On one charge.")
    window.page.locator(f"#line-{script.lines[1]}-link").click()
    expect(window.page.locator("#id_text")).to_have_value("Another line.")
    wait_until(lambda: stored(scene, script) == "Seven days. On one charge.", what="it is saved")
    expect(window.page.locator(f"#line-{script.lines[0]} .ln-text")).to_have_text(
        "Seven days. On one charge."
    )


def test_it_shows_both_texts_when_two_people_edit_one_line(scene: Scene) -> None:
    script = scene.project("Seven days.")
    bea, cy = scene.seat(script, name="bea"), scene.seat(script, name="cy", role="producer")
    for window in (bea, cy):
        window.goto(script.line())
    with cy.unsaved():
        type_in(cy, " Cy too.")
        type_in(bea, " Bea was here.")
        wait_until(lambda: "Bea" in stored(scene, script), what="the first text is saved")
        cy.expects(409)
    conflict = cy.page.locator("#conflict")
    expect(conflict).to_contain_text("Seven days. Cy too.")
    expect(conflict).to_contain_text("Seven days. Bea was here.")
    expect(cy.page.locator("#save-state")).to_have_text(re.compile("Not saved yet: bea.* changed"))
    assert stored(scene, script) == "Seven days. Bea was here."
    cy.button("Save the combination").click()
    expect(cy.page.locator("#combined-fault")).to_contain_text("delete the marks")
    expect(cy.page.locator("#id_combined")).to_be_focused()
    expect(cy.page.locator("#id_text")).to_have_value("Seven days. Cy too.")
    cy.button("Keep mine").click()
    wait_until(lambda: stored(scene, script) == "Seven days. Cy too.", what="the choice is saved")
    expect(cy.page.locator("#combine-form")).to_have_count(0)
    expect(bea.page.locator(".ln.on .ln-text")).to_have_text("Seven days. Cy too.")


def test_it_takes_the_other_text_by_itself_or_on_request(scene: Scene) -> None:
    script = scene.project("Seven days.")
    bea, cy = scene.seat(script, name="bea"), scene.seat(script, name="cy")
    for window in (bea, cy):
        window.goto(script.line())
    text = cy.page.locator("#id_text")
    text.focus()
    cy.page.keyboard.press("End")
    type_in(bea, " Bea was here.")
    expect(text).to_have_value("Seven days. Bea was here.")
    cy.page.keyboard.type(" Cy too.")
    wait_until(lambda: "Cy" in stored(scene, script), what="the cursor stayed in its words")
    assert stored(scene, script) == "Seven days. Cy too. Bea was here."
    expect(bea.page.locator("#id_text")).to_have_value("Seven days. Cy too. Bea was here.")
    with cy.unsaved():
        type_in(cy, " Really.")
        bea.page.locator("#id_text").fill("Eight days.")
        wait_until(lambda: "Eight" in stored(scene, script), what="the other text is saved")
        cy.expects(409)
    cy.link("Use theirs").click()
    expect(text).to_have_value("Eight days.")
    expect(cy.page.locator("#save-state")).to_have_text("Saved")


def test_it_lists_every_fault_beside_its_field_and_keeps_the_input(scene: Scene) -> None:
    script = scene.project("Seven days.")
    window = scene.seat(script)
    window.expects(422)
    window.goto(script.line())
    window.page.locator("#advanced > summary").click()
    window.page.get_by_label("Temperature", exact=True).fill("9")
    window.page.get_by_label("Top-k", exact=True).fill("0.5")
    window.page.get_by_label("Seed", exact=True).fill("many")
    window.button("Generate 1 take").click()
    faults = window.page.locator("#faults")
    expect(faults).to_be_focused()
    for name in ("Temperature", "Top-k", "Seed"):
        expect(faults).to_contain_text(name)
    expect(window.page.get_by_label("Temperature", exact=True)).to_have_value("9")
    expect(window.page.get_by_label("Seed", exact=True)).to_have_value("many")
    assert window.page.locator(".take").count() == 0
