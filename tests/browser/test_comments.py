"""Comments at a time and a range, answered by a re-take, with a guest: three people at once."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.scene import Scene
from tests.browser.window import Window

SOON = 4_000
"""Milliseconds: two seconds, twice over for a busy machine."""
TEXT = (
    "Seven days on one charge, and it folds flat, and it weighs nothing, and it forgives the"
    " third floor without a lift, and the rain, and every cobblestone between here and work."
)


_WRITE = """
from speech.models import Take, User
from speech.services.comments import write_comment
take = Take.objects.get(pk=given["take"])
write_comment(User.objects.get(username=given["who"]), take=take, **given["comment"])
"""


def _thread(window: Window, words: str) -> Locator:
    return window.page.locator(".thread").filter(has_text=words)


def test_two_people_and_a_guest_talk_about_a_take(scene: Scene) -> None:
    script = scene.project(TEXT)
    [pk] = scene.takes(script.lines[0], seed=7)
    _, cy_cookie = scene.person("cy", roles={script.slug: "reviewer"})
    bea_name, bea_cookie = scene.person("bea", roles={script.slug: "producer"})
    cy, bea = scene.window(cookie=cy_cookie), scene.window(cookie=bea_cookie)
    cy.goto(script.line())
    bea.goto(f"/takes/{pk}/")
    bea.button("Play take 1").click()
    bea.hears()
    half = bea.page.get_by_role("textbox", name="Comment on take 1")
    half.fill("half a thou")

    # At a time: the position of the waveform, key C, a mention by keyboard.
    cy.page.locator(f"#take-{pk}-wave").click(position={"x": 120, "y": 20})
    cy.page.keyboard.press("c")
    text = cy.take(1).get_by_role("textbox", name="Comment on take 1")
    expect(text).to_be_focused()
    at = cy.page.locator(f"#take-{pk}-start").input_value()
    assert re.fullmatch(r"0:0\d\.\d", at)
    assert at != "0:00.0"
    text.press_sequentially(f"Rushes here, @{bea_name[:-2]}")
    expect(cy.page.locator(".mention-list li")).to_have_count(1)
    text.press("Enter")
    expect(text).to_have_value(f"Rushes here, @{bea_name} ")
    expect(cy.button(f"Comment at {at}")).to_be_visible()
    text.press("Control+Enter")
    expect(_thread(cy, "Rushes here").locator(".mention")).to_have_text(f"@{bea_name}")
    expect(cy.take(1).locator(".notes > summary")).to_contain_text("1 comment")

    # It appears for the other, who types and listens, and is not disturbed.
    rushes = _thread(bea, "Rushes here")
    expect(rushes).to_be_visible(timeout=SOON)
    expect(half).to_be_focused()
    bea.page.keyboard.type("ght")
    expect(half).to_have_value("half a thought")
    assert not bea.is_silent()
    expect(bea.page.locator(".take .mark")).to_have_count(1)
    rushes.get_by_role("button", name=f"Go to {at}").click()
    assert not bea.is_silent(), "a time leads there; it stops nothing"

    # About a range: Shift and drag on the waveform.
    wave = bea.page.locator(f"#take-{pk}-wave")
    wave.scroll_into_view_if_needed()
    box = wave.bounding_box()
    assert box is not None
    bea.page.keyboard.down("Shift")
    bea.page.mouse.move(box["x"] + 220, box["y"] + 20)
    bea.page.mouse.down()
    bea.page.mouse.move(box["x"] + 330, box["y"] + 20, steps=4)
    bea.page.mouse.up()
    bea.page.keyboard.up("Shift")
    expect(bea.page.locator("[data-send]")).to_have_text(
        re.compile(r"Comment on 0:0\d\.\d–0:0\d\.\d")
    )
    bea.page.locator("[data-send]").click()
    expect(_thread(cy, "half a thought")).to_have_count(1, timeout=SOON)
    expect(cy.take(1).locator(".mark.range")).to_have_count(1)
    expect(half).to_have_value("")
    expect(half).to_be_focused()

    # A mark leads to its comment; a reply; resolved, and folded for the other too.
    cy.take(1).locator(".mark.range").click()
    thread = _thread(cy, "half a thought")
    expect(thread).to_have_class(re.compile("lit"))
    thread.get_by_text("Reply", exact=True).click()
    thread.get_by_role("textbox").fill("The whole of it, please.")
    thread.get_by_role("button", name="Send reply").click()
    theirs = _thread(bea, "half a thought")
    expect(theirs.get_by_text("The whole of it, please.")).to_be_visible(timeout=SOON)
    theirs.get_by_role("button", name="Resolve").click()
    expect(cy.page.locator(".thread.resolved")).to_contain_text("half a thought", timeout=SOON)
    expect(cy.page.get_by_text("The whole of it, please.")).to_be_hidden()

    # A re-take answers the first comment.
    rushes.get_by_role("link", name="Make a re-take").click()
    bea.sees("These takes answer the comment of")
    bea.page.get_by_label("Seed", exact=True).fill("8")  # the same again would answer nothing
    bea.button("Generate 1 take").click()
    bea.take_is(2, "done")
    expect(_thread(cy, "Rushes here").locator(".answered")).to_have_text(
        re.compile("by take 2"), timeout=SOON
    )

    # A guest, who has no account, talks to the team through a link.
    bea.goto(f"/takes/{pk}/")
    bea.page.get_by_label("For whom").fill("Zoe, the client")
    bea.button("Make a guest link").click()
    link = bea.page.get_by_label("Pass on this link").input_value()
    bea.goto(f"/takes/{pk}/")
    zoe = scene.window(width=390, height=800)
    zoe.goto(link)
    zoe.button("Play the take").click()
    zoe.hears("/sound/")
    expect(zoe.page.get_by_text("Rushes here")).to_have_count(0)
    zoe.button("Now").click()
    zoe.page.get_by_label("Comment on the take").fill("Could it be warmer?")
    zoe.expects(422)
    zoe.page.locator("[data-send]").click()
    refusal = zoe.page.get_by_text("Write your name, so that the team knows")
    expect(refusal).to_be_visible()
    zoe.page.get_by_label("Your name").fill("Zoe")
    zoe.page.locator("[data-send]").click()
    expect(refusal).to_have_count(0)
    expect(zoe.page.get_by_text("You are Zoe")).to_be_visible()
    asked = _thread(bea, "Could it be warmer?")
    expect(asked).to_contain_text("Zoe (guest)", timeout=SOON)
    assert not zoe.is_silent()
    expect(zoe.page.locator(".mark")).to_have_count(1)
    asked.get_by_text("Reply", exact=True).click()
    asked.get_by_role("textbox").fill("We will try that.")
    asked.get_by_role("button", name="Send reply").click()
    expect(zoe.page.get_by_text("We will try that.")).to_be_visible(timeout=SOON)
    expect(zoe.page.get_by_text("You are Zoe")).to_be_visible()
    zoe.expects(410)
    bea.button("Take back the guest link for Zoe, the client").click()
    expect(zoe.page.get_by_text("This link was taken back.")).to_be_visible(timeout=SOON)


def test_a_comment_stays_lit_when_news_that_waited_for_it_are_put_in_place(scene: Scene) -> None:
    script = scene.project(TEXT)
    [pk] = scene.takes(script.lines[0], seed=7)
    who, cookie = scene.person("cy", roles={script.slug: "reviewer"})
    cy = scene.window(cookie=cookie)

    def write(**comment: object) -> None:
        scene.studio.run_python(_WRITE, take=pk, who=who, comment=comment)

    write(text="Slower here.", start=0.5, end=1.5)
    cy.goto(script.line())
    cy.take(1).locator(".notes > summary").click()
    cy.take(1).get_by_role("textbox", name="Comment on take 1").focus()
    cy.page.evaluate(
        """() => {
            window.card = document.querySelector(".take");
            window.held = new Promise(done => card.addEventListener("takeroom:waits", done));
        }"""
    )
    write(text="And warmer.")
    cy.page.evaluate("() => window.held.then(() => true)")

    cy.take(1).locator(".mark.range").click()
    cy.page.wait_for_function(
        """() => !card.isConnected && [...document.querySelectorAll(".thread.lit")]
            .some(thread => thread.textContent.includes("Slower here."))""",
        timeout=SOON,
    )
    expect(_thread(cy, "And warmer.")).to_be_visible()
