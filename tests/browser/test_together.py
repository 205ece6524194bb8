"""Three people in one project at once: who is here, one line edited by two, nobody disturbed."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.scene import Scene

TEXT = "Seven days on one charge, and it forgives the third floor twice."
TELL = """
from speech.models import Project
from speech.services.notices import tell
from speech.states import NoticeKind
project = Project.objects.get(slug=given["slug"])
tell(project.members.filter(username__startswith="cy-"), kind=NoticeKind.MENTION, project=project,
     actor=None, sentence=given["sentence"], path=f"/p/{project.slug}/#takes-title")
"""

LOOK_AWAY = """away => {
    Object.defineProperty(document, "hidden", {configurable: true, get: () => away});
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_three_people_work_on_one_script(scene: Scene) -> None:
    script = scene.project(TEXT, "Another line.")
    scene.takes(script.lines[0], 4, seed=7)
    bea = scene.seat(script, name="bea", role="producer")
    cy = scene.seat(script, name="cy", role="producer", height=600)
    dot = scene.seat(script, name="dot", role="viewer")
    for window in (bea, cy):
        window.goto(script.line())
        window.page.evaluate("window.stayed = true")

    # Who is here, and where.
    dot.goto(script.line(2))
    expect(bea.page.locator("#people-here li")).to_have_count(2, timeout=2_500)
    expect(bea.page.locator("#people-here")).to_contain_text("on line 2")
    face = bea.page.locator(f"#line-{script.lines[1]} .ln-here")
    expect(face).to_be_visible()
    dot.page.evaluate(LOOK_AWAY, True)  # a hidden tab asks nothing, and its person is not here
    asked = []
    dot.page.on("request", lambda request: asked.append(request.url))
    expect(bea.page.locator("#people-here li")).to_have_count(1, timeout=8_000)
    expect(face).to_have_count(0)

    # Cy listens, and has selected words of one card, while Bea works.
    cy.button("Play take 4").click()
    cy.hears()
    words = cy.take(2).locator(".who")
    words.evaluate("e => scrollBy(0, e.getBoundingClientRect().top - 200)")
    words.dblclick(position={"x": 60, "y": 8})
    chosen = cy.page.evaluate("getSelection().toString()")
    assert chosen
    assert cy.page.evaluate("scrollY") > 50
    top = cy.take(1).evaluate("e => e.getBoundingClientRect().top")
    bea.take(2).get_by_role("button", name="Star for take 2").click()
    scene.takes(script.lines[0], 1, seed=99)
    cy.take_is(5, "done")
    assert cy.page.evaluate("getSelection().toString()") == chosen
    assert abs(cy.take(1).evaluate("e => e.getBoundingClientRect().top") - top) < 3
    assert not cy.is_silent()
    star = cy.take(2).get_by_role("button", name="Star for take 2")
    expect(star).to_have_attribute("aria-pressed", "false")
    cy.page.evaluate("getSelection().removeAllRanges()")
    cy.page.evaluate("scrollTo(0, 0)")

    # Both edit the line; Cy is typing when Bea's text is saved.
    cy.page.locator("#id_text").focus()
    cy.page.keyboard.press("End")
    with cy.unsaved():
        cy.page.keyboard.type(" Really.")
        bea.page.locator("#id_text").fill(TEXT.replace("Seven", "Eight"))
        expect(cy.page.locator(".ln.on .ln-text")).to_contain_text("Eight days", timeout=3_000)
        cy.expects(409)
    box = cy.page.get_by_label("Combined: both changes kept")
    both = TEXT.replace("Seven", "Eight") + " Really."
    expect(box).to_have_value(both)
    expect(cy.page.locator("#id_text")).to_be_focused()
    cy.page.keyboard.type(" Twice.")
    both += " Twice."
    expect(box).to_have_value(both)
    cy.button("Save the combination").click()
    expect(bea.page.locator(".ln.on .ln-text")).to_have_text(both, timeout=3_000)
    expect(cy.page.locator("#save-state")).to_have_text("Saved")
    expect(cy.page.locator("#combine-form")).to_have_count(0)

    # A notice comes by itself and leads to its place, and the sound goes on.
    bell = cy.page.locator("#bell")
    expect(bell).to_have_attribute("aria-label", "Notices")
    scene.studio.run_python(TELL, slug=script.slug, sentence="Bea mentions you.")
    expect(bell).to_have_attribute("aria-label", "Notices, 1 unread", timeout=2_500)
    expect(cy.page.locator("#announce")).to_have_text("You have 1 unread notice.")
    assert cy.page.evaluate("window.stayed") is True
    bell.click()
    cy.sees("Bea mentions you.")
    scene.studio.run_python(TELL, slug=script.slug, sentence="Dot mentions you.")
    expect(cy.page.locator(".notice").first).to_contain_text("Dot mentions you.", timeout=2_500)
    cy.link("Bea mentions you.").click()
    cy.page.wait_for_url("**/#takes-title")
    expect(bell).to_have_attribute("aria-label", "Notices, 1 unread")
    assert cy.page.evaluate("window.stayed") is True

    # Whoever looks again has it all at once.
    assert not asked
    dot.page.evaluate(LOOK_AWAY, False)
    expect(dot.page.locator(".ln .ln-text").first).to_have_text(both, timeout=2_500)
    expect(bea.page.locator("#people-here li")).to_have_count(2, timeout=2_500)
    for window in (bea, cy, dot):
        window.check()
