"""Takes: many at once, kept, compared, found again."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from speech.queries.takes import CARDS_IN_A_HISTORY
from tests.browser.scene import Scene

MANY = """
from speech.models import Line
from tests.factories import make_take
line = Line.objects.get(pk=given["line"])
for index in range(given["count"]):
    make_take(line, seed=1000 + index)
"""


def test_it_keeps_stars_notes_choice_and_archive(scene: Scene) -> None:
    script = scene.project("Seven days.")
    scene.takes(script.lines[0], 2, seed=7)
    window = scene.seat(script)
    window.goto(script.line())
    card = window.take(1)
    card.get_by_role("button", name="Star for take 1").click()
    expect(card.get_by_role("button", name="Star for take 1")).to_have_attribute(
        "aria-pressed", "true"
    )
    card.get_by_role("button", name="Use this take").click()
    expect(card).to_contain_text("In use")
    card.locator(".notes > summary").click()
    card.get_by_role("textbox", name="Comment on take").fill("Slower on “seven”.")
    card.get_by_role("button", name="Comment", exact=True).click()
    expect(card).to_contain_text("Slower on “seven”.")
    other = window.take(2)
    other.get_by_label("More for take 2").click()
    other.get_by_role("button", name="Archive").click()
    expect(other).to_have_class(re.compile("archived"))
    window.page.reload()
    expect(window.take(2)).to_have_count(0)
    expect(card).to_contain_text("Slower on “seven”.")
    expect(card).to_contain_text("In use")


def test_it_makes_the_same_take_again_and_says_that_it_is_a_repeat(scene: Scene) -> None:
    script = scene.project("Seven days.")
    scene.takes(script.lines[0], seed=4711)
    window = scene.seat(script)
    window.goto(script.line())
    window.take(1).get_by_label("More for take 1").click()
    window.take(1).get_by_role("button", name="Again with this seed").click()
    card = window.take_is(2, "done")
    expect(card).to_contain_text("4711")
    expect(card).to_contain_text(re.compile("repeat of take 1", re.IGNORECASE))
    hashes = scene.studio.run_python(
        "from speech.models import Take\n"
        "result = list(Take.objects.filter(line=given['line']).values_list('sha256', flat=True))",
        line=script.lines[0],
    )
    assert len(hashes) == 2
    assert len(set(hashes)) == 1


def test_it_tweaks_a_take_without_touching_the_line(scene: Scene) -> None:
    script = scene.project("Seven days.")
    scene.takes(script.lines[0], seed=4711, temperature=1.1)
    window = scene.seat(script)
    window.goto(script.line())
    window.take(1).get_by_label("More for take 1").click()
    window.take(1).get_by_role("link", name="Tweak").click()
    window.sees("Set up as take 1 was.")
    expect(window.page.get_by_label("Temperature", exact=True)).to_have_value("1.1")
    expect(window.page.get_by_label("Seed", exact=True)).to_have_value("4711")
    window.page.get_by_label("Top-p", exact=True).fill("0.5")
    window.button("Generate 1 take").click()
    card = window.take_is(2, "done")
    expect(card).to_contain_text(re.compile("temperature 1.1", re.IGNORECASE))
    expect(card).to_contain_text(re.compile("top-p 0.5", re.IGNORECASE))


def test_it_shows_a_take_as_stale_once_its_line_moved_on(scene: Scene) -> None:
    script = scene.project("Seven days.")
    (take,) = scene.takes(script.lines[0], seed=7)
    window = scene.seat(script)
    window.goto(script.line())
    expect(window.take(1)).not_to_contain_text("Stale")
    window.page.locator("#id_text").fill("Seven nights.")
    expect(window.take(1)).to_contain_text("Stale")
    window.goto(f"/takes/{take}/")
    expect(window.page.locator("del")).to_have_text("days.")
    expect(window.page.locator("ins")).to_have_text("nights.")
    expect(window.page.locator("dd.exact")).to_have_text("Seven days.")


def test_it_finds_takes_in_the_history_and_pages_to_older_ones(scene: Scene) -> None:
    script = scene.project("Seven days.", "Another line.")
    scene.studio.run_python(MANY, line=script.lines[0], count=2 * CARDS_IN_A_HISTORY + 5)
    scene.studio.run_python(MANY, line=script.lines[1], count=1)
    window = scene.seat(script, role="viewer")
    window.goto(script.path)
    window.link("Takes", exact=True).click()
    expect(window.page.get_by_role("heading", name="All takes")).to_be_visible()
    cards = window.page.locator(".take")
    expect(cards).to_have_count(CARDS_IN_A_HISTORY)
    seen = [card.get_attribute("id") for card in cards.all()]
    while window.link("Older takes").count():
        last = seen[-1]
        window.link("Older takes").click()
        expect(window.page.locator(f"#{last}")).to_have_count(0)
        seen += [card.get_attribute("id") for card in cards.all()]
    assert len(seen) == len(set(seen)) == 2 * CARDS_IN_A_HISTORY + 6
    window.page.get_by_label("Seed", exact=True).fill("1007")
    window.button("Show").click()
    expect(cards).to_have_count(1)
    expect(cards.first).to_contain_text("1007")
    window.link("Clear").click()
    expect(cards).to_have_count(CARDS_IN_A_HISTORY)
    window.page.get_by_label("Line", exact=True).select_option(index=2)
    window.button("Show").click()
    expect(cards).to_have_count(1)
    window.page.reload()
    expect(cards).to_have_count(1)
    window.page.get_by_label("Text", exact=True).fill("no such words")
    window.button("Show").click()
    window.sees("No take matches")
