"""Takes whose money is in doubt: said plainly, and decided by people."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.scene import Scene
from tests.upstream.client import Upstream


def test_it_leaves_a_take_in_doubt_to_a_person(paid_scene: Scene, provider: Upstream) -> None:
    script = paid_scene.project("Seven days.")
    window = paid_scene.seat(script)
    provider.rule("submit", "drop_late")
    window.goto(script.line())
    window.button("Generate 1 take").click()
    card = window.take_is(1, "unknown")
    expect(card).to_contain_text("May have been charged")
    expect(window.page.locator("#banners")).to_contain_text("1 take may have been charged")
    assert len(provider.log().submits()) == 1
    card.get_by_role("button", name="Submit again · about $0.021").click()
    window.take_is(1, "done")
    expect(window.page.locator("#banners")).not_to_contain_text("may have been charged")
    assert len(provider.log().submits()) == 2


def test_it_settles_doubts_one_by_one_and_all_at_once(
    paid_scene: Scene, provider: Upstream
) -> None:
    script = paid_scene.project("Seven days.")
    window = paid_scene.seat(script)
    provider.rule("submit", "drop_late", times=4)
    window.goto(script.line())
    window.page.get_by_label("Takes", exact=True).select_option("4")
    window.button("Generate 4 takes · about $0.08").click()
    for number in (1, 2, 3, 4):
        window.take_is(number, "unknown")
    banner = window.page.locator("#banners")
    expect(banner).to_contain_text("4 takes may have been charged")
    expect(banner).to_contain_text("about $0.08")
    window.take(1).get_by_role("button", name="Dismiss").click()
    expect(banner).to_contain_text("3 takes may have been charged")
    banner.get_by_role("button", name="Submit 3 again").click()
    window.sees("3 takes submitted again, about $0.06 together.")
    for number in (2, 3, 4):
        window.take_is(number, "done")
    expect(banner).not_to_contain_text("may have been charged")
    assert len(provider.log().submits()) == 7


def test_it_says_why_a_take_failed_and_retries(paid_scene: Scene, provider: Upstream) -> None:
    script = paid_scene.project("Seven days.")
    window = paid_scene.seat(script)
    provider.rule("job", "fail", error="Content policy: no such kettle.")
    window.goto(script.line())
    window.button("Generate 1 take").click()
    card = window.take_is(1, "failed")
    expect(card).to_contain_text("no such kettle")
    card.get_by_role("button", name="Retry").click()
    window.take_is(1, "done")


def test_it_shows_that_takes_wait_for_credits_and_resumes(
    paid_scene: Scene, provider: Upstream
) -> None:
    script = paid_scene.project("Seven days.")
    window = paid_scene.seat(script, root=True)
    provider.set(credits=0.0, free_credits=0.0)  # or it would go on by itself within the minute
    provider.rule(
        "submit", "answer", status=406,
        body={"error": "Insufficient credits: balance 0.00, need 0.02"},
    )  # fmt: skip
    window.goto(script.line())
    window.button("Generate 1 take").click()
    expect(window.page.locator("#banners")).to_contain_text("Takes wait.")
    window.page.locator("#banners").get_by_role("link", name="Engine status").click()
    window.sees("It goes on by itself once the account has credits for a take")
    provider.set(credits=12.5, free_credits=1.25)
    window.button("Resume now").click()
    window.sees("goes on with its queue")
    window.goto("/settings/")
    window.button("Make a test call").first.click()
    expect(window.page.locator("#engine-segmind")).to_contain_text("Works")
    expect(window.page.locator("#engine-segmind")).to_contain_text("$13.75")
    window.goto(script.line())
    window.take_is(1, "done")
