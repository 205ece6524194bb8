"""The main job, from the sign-in link of a fresh studio to hearing a take of one's own."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.scene import PASSWORD, Scene
from tests.browser.window import Window
from tests.upstream.client import Upstream


def sign_in_link(scene: Scene) -> str:
    """The path of the link that the studio printed when it started."""
    found = re.search(r"^Sign in: (http\S+)$", scene.studio.output(), re.MULTILINE)
    assert found, scene.studio.output()
    assert found[1].startswith(scene.studio.url)
    return found[1].removeprefix(scene.studio.url)


def become_administrator(window: Window, path: str) -> None:
    window.goto(path)
    window.page.locator("[name=username]").fill("mara")
    for field in window.page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    window.button("Create the account").click()
    window.page.wait_for_url("**/p/fernweh-kettle/")


def write_a_line(window: Window, text: str) -> None:
    window.page.get_by_label("Text of a new line").fill(text)
    window.button("Add line").click()
    expect(window.page.locator("#id_text")).to_have_value(text)


def generate_and_hear(window: Window, *, voice: str, words: str, chip: str) -> dict[str, object]:
    window.page.get_by_label("Voice", exact=True).select_option(label=voice)
    button = window.button("Generate 1 take")
    expect(button).to_contain_text(words)
    button.click()
    card = window.take(1)
    expect(card).to_be_visible()
    card = window.take_is(1, "done")
    expect(card).to_contain_text(chip)
    card.get_by_role("button", name="Play take 1").click()
    heard = window.hears("/media/takes/")
    assert heard["duration"] > 1.0
    return heard


def main_job_on_drafts(scene: Scene) -> None:
    window = scene.window()
    path = sign_in_link(scene)
    become_administrator(window, path)
    window.button("Play take").first.click()
    window.hears("/media/takes/")
    write_a_line(window, "Nine minutes by train, and the mountain is yours. [sigh]")
    generate_and_hear(window, voice="Demo narrator", words="free draft", chip="Draft voice")
    window.expects(410)
    assert window.goto(path).status == 410  # the link works once


def test_it_goes_from_the_first_sign_in_to_hearing_a_take(fresh_scene: Scene) -> None:
    main_job_on_drafts(fresh_scene)


def test_it_does_the_same_on_postgresql_with_the_redis_broker(
    big_scene: Scene,
) -> None:
    main_job_on_drafts(big_scene)


def test_it_makes_and_plays_a_take_through_segmind(paid_scene: Scene, provider: Upstream) -> None:
    provider.set(job_seconds=(1.5, 1.5), cost=0.0234)
    script = paid_scene.project("One charge. Seven days.")
    window = paid_scene.seat(script)
    window.goto(script.path)
    window.page.get_by_label("Voice", exact=True).select_option(label="Demo narrator")
    expect(window.button("Generate 1 take")).to_contain_text("about $0.021")
    window.button("Generate 1 take").click()
    expect(window.take(1)).to_contain_text(re.compile("Rendering|Queued|Sending"))
    card = window.take_is(1, "done")
    expect(card).to_contain_text("$0.023")
    card.get_by_role("button", name="Play take 1").click()
    assert window.hears("/media/takes/")["duration"] > 0.5
    posted = provider.log().submits()
    assert [post["body"]["text"] for post in posted] == ["One charge. Seven days."]


@pytest.mark.parametrize("path", ["/", "/p/fernweh-kettle/", "/settings/"])
def test_it_lets_nobody_in_without_signing_in(scene: Scene, path: str) -> None:
    window = scene.window()
    window.goto(path)
    expect(window.page.get_by_role("heading", name="Sign in")).to_be_visible()
