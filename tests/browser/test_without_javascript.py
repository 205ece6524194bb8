"""The studio without JavaScript: all but sound in the page and live updates."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.scene import PASSWORD, Scene
from tests.studio_process import wait_until

DONE = """
from speech.models import Take
result = Take.objects.filter(line=given["line"], state="done").count()
"""


def test_it_does_the_main_job_without_javascript(scene: Scene) -> None:
    script = scene.project("A first line.")
    name, _ = scene.person("bea", password=True, roles={script.slug: "owner"})
    window = scene.window(javascript=False)
    page = window.page
    window.goto(script.path)
    page.get_by_label("Name or e-mail address").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    window.button("Sign in").click()
    page.wait_for_url(f"**{script.path}")
    page.get_by_label("Text of a new line").fill("Seven days.")
    window.button("Add line").click()
    page.get_by_label("Text of line 2").fill("Seven days on one charge.")
    window.button("Save text").click()
    expect(page.get_by_label("Text of line 2")).to_have_value("Seven days on one charge.")
    window.button("Move line 2 up").click()
    expect(page.locator(".ln .ln-text").first).to_have_text("Seven days on one charge.")
    page.locator("#advanced > summary").click()
    page.get_by_label("Temperature", exact=True).fill("1.1")
    page.get_by_label("Takes", exact=True).select_option("2")
    window.button("Generate").click()
    line = scene.studio.run_python(
        "from speech.models import Line\n"
        "result = Line.objects.filter(project__slug=given['slug'], takes_made=2).get().pk",
        slug=script.slug,
    )
    wait_until(lambda: scene.studio.run_python(DONE, line=line) == 2, what="both are done")
    page.reload()
    card = window.take(1)
    source = card.locator("audio").get_attribute("src")
    assert source
    sound = window.context.request.get(source, headers={"Range": "bytes=0-3"})
    assert sound.status == 206
    assert sound.body() == b"fLaC"
    card.get_by_role("button", name="Star for take 1").click()
    expect(card.get_by_role("button", name="Star for take 1")).to_have_attribute(
        "aria-pressed", "true"
    )
    card.locator(".notes > summary").click()
    card.get_by_role("textbox", name="Comment on take").fill("Slower.")
    card.get_by_role("button", name="Comment", exact=True).click()
    expect(window.take(1)).to_contain_text("Slower.")
    window.take(2).get_by_label("More for take 2").click()
    window.take(2).get_by_role("button", name="Archive").click()
    expect(window.take(2)).to_have_count(0)
    window.button("Delete line 2").click()
    window.button("Undo").click()
    expect(page.locator(".ln")).to_have_count(2)
