"""A reviewer goes through what waits: by thumb on a phone, and by keys at a desk."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.scene import Scene, Set

LINES = ("Fernweh boils fast.", "It folds flat.", "Take it home.")
_ASK = """
from speech.models import Line, Take, User
from speech.services import reviews
from speech.services.must_say import add_word
mo = User.objects.get(username=given["name"])
lines = Line.objects.filter(pk__in=given["lines"]).order_by("position")
add_word(mo, project=lines[0].project, word="Fernweh", respelling="FAIRN-vay")
# The draft voice may not be approved; what it made stands in for the real one here.
Take.objects.filter(line__in=lines).update(engine="segmind")
for line in lines:
    reviews.ask_review(mo, take=line.takes.get(), note="For Tuesday")
result = [line.takes.get().pk for line in lines]
"""
_SAY = """
from speech.models import Take, User
from speech.services import reviews
from speech.services.comments import write_comment
take = Take.objects.get(pk=given["take"])
other = User.objects.get(username=given["name"])
write_comment(other, take=take, text="Mind the end.")
reviews.ask_changes(other, take=take, reason="Warmer, please.")
result = None
"""
_STATES = """
from speech.models import Review
result = [Review.objects.get(take=pk).state for pk in given["takes"]]
"""


def in_review(scene: Scene) -> tuple[Set, list[int], str]:
    """The project, its takes, and the name of who asked for their review."""
    script = scene.project(*LINES, name="Fernweh kettle")
    for line in script.lines:
        scene.takes(line, 1, seed=7)
    name, _ = scene.person("mo", roles={script.slug: "producer"})
    takes = scene.studio.run_python(_ASK, lines=script.lines, name=name)
    return script, takes, name


def states(scene: Scene, takes: list[int]) -> Any:
    return scene.studio.run_python(_STATES, takes=takes)


def test_a_reviewer_goes_through_three_takes_on_a_phone(scene: Scene) -> None:
    script, takes, _ = in_review(scene)
    window = scene.seat(script, role="reviewer", width=390, height=780)
    window.expects(422)
    page = window.page
    window.goto("/review/")
    window.link("Start with the first").tap()
    window.sees("1 of 3")
    approve = window.button("Approve take 1")
    expect(approve).to_be_in_viewport()
    window.sees("You have not played it to its end yet.")
    window.button("Play take 1").tap()
    window.sees("You have played it to its end.")
    approve.tap()
    word = page.get_by_role("checkbox", name="“Fernweh”")
    window.sees("Confirm first that you heard “Fernweh” said right.")
    page.get_by_text("tick when heard right").tap()
    expect(word).to_be_checked()
    approve.tap()
    window.sees("You approved take 1 of line 1.")
    window.sees("1 of 2")
    window.link("Skip ›").tap()
    window.sees("2 of 2")
    window.sees("Take it home.")
    page.get_by_text("Ask for changes").first.tap()
    page.get_by_label("What should change?").fill("Slower on “home”.")
    expect(window.button("Send and ask for changes")).to_be_in_viewport()
    assert window.scrolls_sideways() == ""
    window.button("Send and ask for changes").tap()
    window.sees("You asked for changes to take 1 of line 3.")
    window.sees("It folds flat.")
    approve.tap()
    window.sees("Nothing waits for you")
    assert states(scene, takes) == ["approved", "approved", "changes"]
    window.button("Undo").tap()
    window.sees("1 of 1")
    assert states(scene, takes) == ["approved", "waiting", "changes"]


def test_a_review_by_keys_alone_while_others_speak(scene: Scene) -> None:
    script, takes, name = in_review(scene)
    window = scene.seat(script, role="reviewer")
    page, keys = window.page, window.page.keyboard
    window.goto("/review/")
    keys.press("n")
    window.sees("1 of 3")
    keys.press("k")
    window.hears()
    keys.press("k")
    word = page.get_by_role("checkbox", name="“Fernweh”")
    keys.press("a")
    expect(word).to_be_focused()
    keys.press("Space")
    keys.press("x")
    reason = page.get_by_label("What should change?")
    expect(reason).to_be_focused()
    keys.type("A touch qu")
    scene.studio.run_python(_SAY, take=takes[0], name=name)
    window.sees("Mind the end.")
    window.sees(f"Changes asked by {name}")
    expect(reason).to_be_focused()
    keys.type("icker.")
    expect(reason).to_have_value("A touch quicker.")
    expect(word).to_be_checked()
    keys.press("Tab")
    keys.press("Enter")
    window.sees("You asked for changes to take 1 of line 1.")
    window.sees("1 of 2")
    keys.press("n")
    window.sees("2 of 2")
    keys.press("a")
    window.sees("You approved take 1 of line 3.")
    assert states(scene, takes) == ["changes", "waiting", "approved"]

    # On the take's own page a refusal stands where the word is, and a bad time at its field.
    window.expects(422)
    window.goto(f"/takes/{takes[0]}/")
    window.button("Approve take 1").click()
    window.sees("Confirm first that you heard “Fernweh” said right.")
    expect(word).to_be_focused()
    page.get_by_label("Comment on take 1").fill("Here.")
    page.locator(f"#take-{takes[0]}-start").fill("9:99:9")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(f"#take-{takes[0]}-start")).to_be_focused()
    expect(page.get_by_label("Comment on take 1")).to_have_value("Here.")
