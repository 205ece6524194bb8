"""The engine's status, and a budget, as people meet them."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.scene import Scene
from tests.upstream.client import Upstream

STATUS = "/settings/engines/segmind/status/"


def test_an_administrator_watches_pauses_and_resumes_an_engine(
    paid_scene: Scene, provider: Upstream
) -> None:
    script = paid_scene.project("Seven days.")
    boss = paid_scene.seat(script, root=True)
    provider.rule("job", "slow", seconds=600)
    boss.goto(STATUS)
    status = boss.page.locator("#engine-status")
    expect(status).to_contain_text("Pause submitting")
    rendering = status.locator("dl div", has_text="Rendering").locator("dd")
    others = int(rendering.inner_text())  # of other tests that share this studio
    paid_scene.takes(script.lines[0], engine="segmind", finished=False)
    expect(rendering).to_have_text(str(others + 1), timeout=15_000)
    provider.finish()
    expect(rendering).not_to_have_text(str(others + 1), timeout=15_000)

    boss.button("Pause submitting").click()
    boss.sees("paused submitting. The queue is kept.")
    until = status.locator("dl div", has_text="Until submitting is resumed").locator("dd")
    others = int(until.inner_text())
    [waits] = paid_scene.takes(script.lines[0], engine="segmind", finished=False)
    expect(until).to_have_text(str(others + 1), timeout=15_000)
    assert paid_scene.states([waits]) == ["queued"]
    boss.button("Resume now").click()
    boss.sees("goes on with its queue")
    boss.goto(script.line())
    boss.take_is(2, "done")


def test_the_generate_button_counts_what_the_budget_does_not_cover(
    paid_scene: Scene, provider: Upstream
) -> None:
    script = paid_scene.project("Seven days.")
    owner = paid_scene.seat(script)
    owner.goto(f"{script.path}settings/")
    owner.page.get_by_label("Budget in US dollars").fill("0.05")
    owner.button("Save the budget").click()
    owner.sees("The budget is saved.")
    owner.goto(script.line())
    note = owner.page.locator("#line-room")
    expect(note).to_be_empty()
    owner.page.get_by_label("Takes", exact=True).select_option("3")
    expect(note).to_have_text("Over budget: 1 of 3 will wait")
    owner.button("Generate 3 takes").click()
    expect(owner.page.locator("#banners")).to_contain_text("1 take waits for budget")
    expect(note).to_have_text("Over budget: they will wait")
    expect(owner.page.locator("#budget-mark")).to_have_text("$0.042 of $0.05")
    owner.page.get_by_label("Takes", exact=True).select_option("1")
    expect(note).to_have_text("Over budget: it will wait")
    for number in (1, 2):
        owner.take_is(number, "done")
    owner.page.locator("#banners").get_by_role("link", name="Raise the budget").click()
    owner.page.get_by_label("Budget in US dollars").fill("")
    owner.button("Save the budget").click()
    owner.sees("The budget is saved.")
    owner.goto(script.line())
    owner.take_is(3, "done")
