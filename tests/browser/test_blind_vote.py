"""Three people hear the same takes unnamed at the same time, vote, and learn what they heard."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.scene import Scene
from tests.browser.window import Window

PLAYS = "() => document.querySelector('take-board').position > 0.05"
HEARD = """
from speech.models import ListeningTest, User
from speech.queries.listening import LETTERS, in_order_of, takes_of
test = ListeningTest.objects.get(pk=given["test"])
takes = takes_of(test)
result = {
    name: {take.number: LETTERS[at]
           for at, take in enumerate(in_order_of(User.objects.get(username=name), test, takes))}
    for name in given["names"]
}
"""


def test_three_people_vote_blind_at_once_and_then_see_the_same_numbers(scene: Scene) -> None:
    script = scene.project("Seven days.")
    takes = scene.takes(script.lines[0], 3, seed=7)
    people = {
        name: scene.person(name, roles={script.slug: role})
        for name, role in (("ada", "owner"), ("bea", "reviewer"), ("cy", "reviewer"))
    }
    windows = {name: scene.window(cookie=cookie) for name, (_, cookie) in people.items()}
    ada, bea, cy = windows.values()
    ada.goto(f"{script.path}compare/?" + "&".join(f"take={pk}" for pk in takes))
    ada.page.keyboard.press("k")
    ada.page.wait_for_function(PLAYS)
    ada.page.keyboard.press("b")
    expect(ada.page.get_by_role("dialog")).to_contain_text("Everybody on the project can see")
    assert ada.page.evaluate("document.querySelector('take-board').playing"), "until it is made"
    ada.button("Make the test").click()
    expect(ada.page.get_by_role("heading", name="Line 1: 3 takes")).to_be_visible()
    path = ada.page.url.removeprefix(ada.base_url)
    ada.page.get_by_text("Ask others").click()
    for name in ("bea", "cy"):
        ada.page.get_by_label(people[name][0]).check()
    ada.button("Save and send").click()
    ada.sees("0 of 2 voted. Still to vote:")
    for window in (bea, cy):
        window.goto(path)
        expect(window.page.locator("[data-state]")).to_contain_text("Switch with A to C, or 1 to 3")
    names = [name for name, _ in people.values()]
    number = int(re.findall(r"\d+", path)[0])
    letters = scene.studio.run_python(HEARD, test=number, names=names)

    bea.page.keyboard.press("c")
    expect(bea.button("Hear sound C")).to_have_attribute("aria-pressed", "true")
    bea.page.keyboard.press("o")  # round and round
    bea.page.keyboard.press("k")
    bea.page.wait_for_function(PLAYS)
    _picks(cy, letters[people["cy"][0]]["2"])
    _votes(ada, letters[people["ada"][0]]["2"])
    ada.sees("1 of 1 vote for take 2.")
    expect(bea.page.locator("#test-progress")).to_contain_text("1 of 3 voted")
    assert bea.page.evaluate("document.querySelector('take-board').playing"), "nothing disturbs"
    for window in (bea, cy):
        expect(window.page.locator("main")).not_to_contain_text("take 2")
    expect(cy.page.get_by_role("radio", checked=True)).to_have_count(1)
    cy.button("Cast my vote").click()
    cy.sees("2 of 2 votes for take 2.")
    _votes(bea, letters[people["bea"][0]]["3"])

    for window in windows.values():
        results = window.page.locator("#test-results")
        expect(results).to_contain_text("2 of 3 votes for take 2.")
        expect(results).to_contain_text("Three votes say little: by chance alone")
        expect(results).to_contain_text("in 78 of 100 tests")
        counted = results.locator(".test-standing")
        expect(counted).to_have_text(
            [re.compile(rf"Take {take}.*{votes} of 3 votes", re.DOTALL)
             for take, votes in ((2, 2), (3, 1), (1, 0))]
        )  # fmt: skip
    bea.link("Open these takes on the board").click()
    expect(bea.page.locator("[data-lane]")).to_have_count(3)
    for window in windows.values():
        window.check()


def _picks(window: Window, letter: str) -> None:
    window.page.get_by_role("radio", name=re.compile(f"Best.*sound {letter}")).check()


def _votes(window: Window, letter: str) -> None:
    _picks(window, letter)
    window.button("Cast my vote").click()
    expect(window.page.get_by_role("heading", name="Result so far")).to_be_focused()
