"""A script: pasted, put in order, thinned out, and undone."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.scene import Scene
from tests.browser.window import Window

SCRIPT = """\
One charge. Seven days.

It folds flat,
and weighs nothing.

It forgives the third floor. [sigh]
"""


def lines(window: Window) -> list[str]:
    return [text.strip() for text in window.page.locator(".ln .ln-text").all_inner_texts()]


def test_it_makes_lines_of_a_pasted_script(scene: Scene) -> None:
    script = scene.project()
    window = scene.seat(script)
    window.goto(script.path)
    window.page.get_by_label("Script", exact=True).fill(SCRIPT)
    window.button("Add as lines").click()
    window.sees("3 lines added.")
    assert len(lines(window)) == 3
    assert lines(window)[1] == "It folds flat, and weighs nothing."
    expect(window.page.locator("#id_text")).to_have_value("One charge. Seven days.")


def test_it_says_what_is_wrong_with_an_empty_script(scene: Scene) -> None:
    script = scene.project("A line.")
    window = scene.seat(script)
    window.expects(422)
    window.goto(script.path)
    window.page.locator("#paste > summary").click()
    window.page.get_by_label("Script", exact=True).fill("  \n ")
    window.button("Add as lines").click()
    expect(window.page.locator("#script-fault")).to_be_visible()


def test_it_puts_lines_in_order_by_keyboard_and_keeps_the_focus(scene: Scene) -> None:
    script = scene.project("First.", "Second.", "Third.")
    window = scene.seat(script)
    window.goto(script.path)
    up = window.page.locator(f"#line-{script.lines[2]}-up")
    up.focus()
    window.page.keyboard.press("Enter")
    expect(window.page.locator(".ln .ln-text").nth(1)).to_have_text("Third.")
    expect(up).to_be_focused()
    window.page.keyboard.press("Enter")
    expect(window.page.locator(".ln .ln-text").nth(0)).to_have_text("Third.")
    window.page.reload()
    assert lines(window) == ["Third.", "First.", "Second."]


def test_it_puts_lines_in_order_by_dragging(scene: Scene) -> None:
    script = scene.project("First.", "Second.", "Third.")
    window = scene.seat(script)
    window.goto(script.path)
    row = window.page.locator(f"#line-{script.lines[0]}")
    row.hover()
    grip = row.locator("[data-grip]").bounding_box()
    goal = window.page.locator(f"#line-{script.lines[2]}").bounding_box()
    assert grip
    assert goal
    mouse = window.page.mouse
    mouse.move(grip["x"] + 5, grip["y"] + 5)
    mouse.down()
    mouse.move(goal["x"] + 20, goal["y"] + goal["height"] - 4, steps=8)
    with window.page.expect_response("**/move/"):
        mouse.up()
    expect(window.page.locator(".ln .ln-text").nth(2)).to_have_text("First.")
    window.page.reload()
    assert lines(window) == ["Second.", "Third.", "First."]


def test_it_deletes_a_line_and_brings_it_back_where_it_stood(scene: Scene) -> None:
    script = scene.project("First.", "Second.", "Third.")
    window = scene.seat(script)
    window.goto(script.line(2))
    window.page.locator(f"#line-{script.lines[1]}").hover()
    window.button("Delete line 2").click()
    window.sees("Line 2 deleted.")
    assert lines(window) == ["First.", "Third."]
    window.button("Undo").click()
    expect(window.page.locator("#id_text")).to_have_value("Second.")
    assert lines(window) == ["First.", "Second.", "Third."]


def test_it_says_while_somebody_types_what_will_be_sent(scene: Scene) -> None:
    script = scene.project("A line.")
    window = scene.seat(script)
    window.goto(script.path)
    preflight = window.page.locator("#line-preflight")
    expect(preflight).to_be_empty()
    window.page.locator("#id_text").fill("Oh [ LAUGH ] the Fern\u00adweh [sush]")
    expect(preflight).to_contain_text("Did you mean [shush]?")
    expect(preflight).to_contain_text("1 invisible sign not sent (soft hyphen).")
    expect(preflight.locator(".exact .tag").first).to_have_text("laugh")
    now = window.page.locator("[data-expected]").inner_text()
    window.page.reload()
    expect(window.page.locator("[data-expected]")).to_have_text(now)
    window.page.locator("#id_text").fill("[laugh]")
    expect(preflight).to_contain_text("There is nothing to say in this text: only tags.")


def test_it_cuts_a_long_line_into_lines_that_can_be_read(scene: Scene) -> None:
    script = scene.project("A line.", "The last one.")
    window = scene.seat(script)
    window.goto(script.path)
    window.page.locator("#id_text").fill("One sentence of many. " * 30)
    window.button("Cut into 3 lines").click()
    window.sees("Line 1 is 3 lines now.")
    assert len(lines(window)) == 4
    assert lines(window)[3] == "The last one."
    assert window.page.locator("#id_text").input_value().endswith("many.")
