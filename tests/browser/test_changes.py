"""What others do appears by itself, and disturbs nobody."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.scene import Scene


def test_it_shows_the_takes_of_others_without_a_reload(scene: Scene) -> None:
    script = scene.project("Seven days on one charge.", "Another line.")
    bea, cy = scene.seat(script, name="bea"), scene.seat(script, name="cy", role="viewer")
    for window in (bea, cy):
        window.goto(script.line())
        window.page.evaluate("window.stayed = true")
    bea.page.get_by_label("Takes", exact=True).select_option("3")
    bea.button("Generate 3 takes").click()
    for number in (1, 2, 3):
        cy.take_is(number, "done")
    expect(cy.page.locator(".ln.on")).to_contain_text("3 takes")
    assert cy.page.evaluate("window.stayed") is True
    numbers = [card.get_attribute("data-number") for card in cy.page.locator(".take").all()]
    assert numbers == ["3", "2", "1"]
    cy.button("Play take 2").click()
    cy.hears()


def test_it_leaves_focus_text_scroll_and_sound_alone(scene: Scene) -> None:
    script = scene.project("Seven days on one charge, and it forgives the third floor twice.")
    scene.takes(script.lines[0], 6, seed=7)
    cy = scene.seat(script, name="cy", height=500)
    cy.goto(script.line())
    cy.button("Play take 6").click()
    cy.hears()
    card = cy.take(4)
    card.locator(".notes > summary").click()
    note = card.get_by_role("textbox", name="Comment on take")
    note.fill("half a thou")
    note.scroll_into_view_if_needed()
    place = cy.page.evaluate("scrollY")
    assert place > 0
    scene.takes(script.lines[0], 1, seed=99)
    cy.take_is(7, "done")
    expect(note).to_be_focused()
    expect(note).to_have_value("half a thou")
    assert not cy.is_silent()
    card_top = note.evaluate("e => e.getBoundingClientRect().top")
    assert 0 < card_top < 500, "what somebody looks at stays on the screen"
    cy.page.keyboard.type("ght")
    card.get_by_role("button", name="Comment", exact=True).click()
    expect(card).to_contain_text("half a thought")


def test_it_shows_new_text_of_others_in_an_editor_that_nobody_uses(scene: Scene) -> None:
    script = scene.project("Seven days.", "Another line.")
    bea, cy = scene.seat(script, name="bea"), scene.seat(script, name="cy")
    bea.goto(script.line())
    cy.goto(script.line())
    bea.page.locator("#id_text").fill("Eight days.")
    expect(cy.page.locator("#id_text")).to_have_value("Eight days.")
    bea.page.get_by_label("Text of a new line").fill("A third line.")
    bea.button("Add line").click()
    expect(cy.page.locator(".ln .ln-text").nth(2)).to_have_text("A third line.")
    expect(cy.page.locator("[data-line-count]")).to_have_text("3 lines")
    bea.page.locator(f"#line-{script.lines[1]}").hover()
    bea.button("Delete line 2").click()
    expect(cy.page.locator(".ln")).to_have_count(2)


def test_it_says_quietly_that_the_connection_is_lost_and_goes_on_after(scene: Scene) -> None:
    script = scene.project("Seven days.")
    window = scene.seat(script)
    window.offline = True
    window.page.route("**/changes/*", lambda route: route.abort("connectionrefused"))
    window.goto(script.line())
    expect(window.page.locator("#connection")).to_contain_text("Connection lost")
    window.page.unroute("**/changes/*")
    scene.takes(script.lines[0], seed=7)
    window.take_is(1, "done")
    expect(window.page.locator("#connection")).to_have_count(0)
