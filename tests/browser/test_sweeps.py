"""From a choice of values to the winner on the board, and stopping half-way."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.scene import Scene, Set
from tests.browser.window import Window
from tests.studio_process import wait_until
from tests.upstream.client import Upstream

STATES = """
from speech.models import Take
takes = Take.objects.filter(line=given["line"]).order_by("number")
result = list(takes.values_list("state", "job__charged"))
"""
PATIENCE = 30_000


def open_form(window: Window, script: Set) -> None:
    window.goto(script.line())
    window.link("Sweep…").click()
    expect(window.page.get_by_role("heading", name="Sweep of line 1")).to_be_visible()


def test_it_counts_makes_plays_and_compares(paid_scene: Scene) -> None:
    script = paid_scene.project("Seven days on one charge.")
    window = paid_scene.seat(script)
    open_form(window, script)
    page = window.page
    outlook = page.locator("#sweep-outlook")
    expect(outlook).to_contain_text("3 seeds = 3 takes, about $0.06.")

    page.get_by_label("Or these seeds").fill("4711, 90412")
    page.get_by_label("A knob to turn").select_option("temperature")
    page.get_by_label("Its values").first.fill("0.5, 7")
    expect(outlook).to_contain_text("Temperature must be between 0.05 and 2; 7 is not.")
    expect(outlook.get_by_role("button", name="Nothing to make yet")).to_be_disabled()
    page.get_by_label("Its values").first.fill("0.5 to 0.9 step 0.2")
    expect(outlook).to_contain_text("2 seeds × 3 values of temperature = 6 takes, about $0.13.")
    page.get_by_label("Engine").select_option("draft")
    expect(outlook).to_contain_text("= 6 takes, free.")
    outlook.get_by_role("button", name="Make 6 takes · free").click()

    expect(page).to_have_url(re.compile(r"/sweeps/\d+/$"))
    progress = page.locator("#sweep-progress")
    expect(progress).to_contain_text("6 of 6 takes finished", timeout=PATIENCE)
    expect(progress).to_contain_text("Finished")
    expect(page).to_have_title(re.compile("^✓ Sweep finished · Sweep of line 1"))
    grid = page.get_by_role("table")
    expect(grid.get_by_role("row")).to_have_count(5)
    expect(grid.locator(".sweep-take[data-state=done]")).to_have_count(6)
    cell = grid.get_by_role("list", name="temperature 0.7, seed 90412")
    cell.get_by_role("button", name=re.compile("^Play take")).click()
    window.hears()
    expect(cell.locator(".sweep-take")).to_have_attribute("data-current", "")
    cell.get_by_role("button", name=re.compile("^Star")).click()
    expect(cell.get_by_role("button", name=re.compile("^Star"))).to_have_attribute(
        "aria-pressed", "true"
    )

    cell.locator(".sweep-tick").click()
    grid.get_by_role("list", name="temperature 0.5, seed 4711").locator(".sweep-tick").click()
    window.button("Compare 2 ticked").click()
    expect(page.locator(".lane")).to_have_count(2)
    page.go_back()
    window.link("Open all 6 on the board").click()
    expect(page.locator(".lane")).to_have_count(6)


def test_it_is_stopped_half_way_and_nothing_that_was_sent_is_lost(
    paid_scene: Scene, provider: Upstream
) -> None:
    provider.set(job_seconds=[600, 600])
    script = paid_scene.project("Seven days on one charge.")
    window = paid_scene.seat(script)
    open_form(window, script)
    page = window.page
    page.get_by_label("Seeds", exact=True).fill("40")
    window.button("Make 40 takes · about $0.84").click()
    progress = page.locator("#sweep-progress")
    provider.wait_for("submit", count=3)
    expect(progress).to_contain_text("being made")
    expect(page).to_have_title(re.compile("^0 of 40 takes · "))

    progress.locator("#sweep-stop > summary").click()
    progress.get_by_role("button", name=re.compile("Stop, and keep")).click()

    expect(page.locator("#messages")).to_contain_text("nothing is charged for")
    expect(page.locator("#messages")).to_contain_text("will be charged; the")
    expect(progress).to_contain_text("Stopped")
    expect(progress.locator("#sweep-stop")).to_have_count(0)
    provider.finish()
    expect(progress).to_contain_text("40 of 40 takes finished", timeout=PATIENCE)
    expect(page).to_have_title(re.compile("^Sweep ended · "))
    found = paid_scene.studio.run_python(STATES, line=script.lines[0])
    sent = len(provider.log().submits())
    assert 0 < sent < 40
    assert sorted(map(tuple, found)) == sorted(
        [("done", "yes")] * sent + [("cancelled", "no")] * (40 - sent)
    )


def test_a_take_is_cancelled_from_its_card(paid_scene: Scene, provider: Upstream) -> None:
    provider.set(job_seconds=[600, 600])
    script = paid_scene.project("Seven days on one charge.")
    window = paid_scene.seat(script)
    [running] = paid_scene.takes(script.lines[0], engine="segmind", finished=False)
    provider.wait_for("submit")
    wait_until(lambda: paid_scene.states([running]) == ["running"], what="it is being made")
    window.goto(script.line())
    card = window.take(1)
    card.locator("details > summary", has_text="Cancel").click()
    expect(card).to_contain_text("It is being made already and will be charged, about $0.021.")
    card.get_by_role("button", name="Discard the result").click()
    expect(card).to_contain_text("Cancelled, but it is being made already and will be charged")
    expect(card.get_by_text("Cancel", exact=True)).to_have_count(0)
    provider.finish()
    window.take_is(1, "cancelled")
    expect(card).to_contain_text("the result was thrown away. It was charged.")
    expect(card.get_by_role("button", name="Retry · costs about $0.021 again")).to_be_visible()


def test_it_works_without_javascript(scene: Scene) -> None:
    script = scene.project("Seven days on one charge.")
    window = scene.seat(script, javascript=False)
    open_form(window, script)
    page = window.page
    page.get_by_label("Seeds", exact=True).fill("2")
    page.get_by_label("A knob to turn").select_option("top_k")
    page.get_by_label("Its values").first.fill("10, 500")
    window.button("Work out").click()
    expect(page.locator("#sweep-outlook")).to_contain_text("2 values of top-k = 4 takes, free.")
    page.get_by_label("Seeds", exact=True).fill("3")
    window.expects(409)
    window.button("Make 4 takes · free").click()
    window.sees("The count has changed since it was shown")
    window.button("Make 6 takes · free").click()
    expect(page).to_have_url(re.compile(r"/sweeps/\d+/$"))
    wait_until(
        lambda: (
            {state for state, _ in scene.studio.run_python(STATES, line=script.lines[0])}
            == {"done"}
        ),
        what="the sweep is made",
    )
    page.reload()
    window.sees("6 of 6 takes finished")
    expect(page.locator(".sweep-take audio")).to_have_count(6)
    window.link("Open all 6 on the board").click()
    expect(page.locator(".lane")).to_have_count(6)
