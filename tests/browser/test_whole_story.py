"""From the script to the ZIP: two people, a change of mind, and an approval that falls."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.scene import Scene, Set
from tests.browser.window import Window
from tests.upstream.client import Upstream

SOON = 4_000
"""Milliseconds: two seconds, twice over for a busy machine."""
FIRST, SECOND = "Fernweh boils in ninety seconds.", "It folds flat."
CHANGED = "Fernweh boils in one minute."

_MUST_SAY = """
from speech.models import Project
Project.objects.get(slug=given["slug"]).must_say.create(word="Fernweh", respelling="FAIRN-vay")
"""


def make_a_take(window: Window, number: int) -> None:
    window.button("Generate 1 take").click()
    window.take_is(number, "done")


def ask_for_review(window: Window, number: int, note: str = "") -> None:
    card = window.take(number)
    card.locator("summary").filter(has_text="Ask for review").click()
    card.get_by_label("Note for the reviewers").fill(note)
    card.get_by_role("button", name="Ask for review", exact=True).click()
    expect(card).to_contain_text("Waiting for review")


def approve(window: Window, number: int) -> None:
    """From the queue, which fills by itself."""
    window.link("Start with the first").click()
    window.page.get_by_role("checkbox", name="“Fernweh”").check()
    window.button(f"Approve take {number}").click()
    window.sees(f"You approved take {number} of line 1.")
    window.sees("Nothing waits for you")


def delivered(window: Window, script: Set) -> zipfile.ZipFile:
    window.goto(f"{script.path}deliveries/")
    window.sees("nobody has made a take of it yet")
    window.button("Make the delivery (1 of 2 lines)").click()
    link = window.link("Download delivery 1")
    expect(link).to_be_visible(timeout=15_000)
    with window.page.expect_download() as download:
        link.click()
    return zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))


def test_a_line_is_read_refused_read_again_approved_and_delivered(
    paid_scene: Scene, provider: Upstream
) -> None:
    provider.set(job_seconds=(0.2, 0.2), cost=0.0234)
    script = paid_scene.project(FIRST, SECOND, name="Fernweh kettle")
    paid_scene.studio.run_python(_MUST_SAY, slug=script.slug)
    bea = paid_scene.seat(script, role="producer", name="bea")
    cy_name, cookie = paid_scene.person("cy", roles={script.slug: "reviewer"})
    cy = paid_scene.window(cookie=cookie)

    # A take is made and put before the reviewer, whose queue was empty.
    cy.goto("/review/")
    cy.sees("Nothing waits for you")
    bea.goto(script.line())
    make_a_take(bea, 1)
    ask_for_review(bea, 1, "For Tuesday")
    expect(cy.link("Start with the first")).to_be_visible(timeout=SOON)

    # The reviewer hears it, and wants it otherwise.
    cy.link("Start with the first").click()
    cy.sees("For Tuesday")
    cy.button("Play take 1").click()
    cy.sees("You have played it to its end.")
    cy.page.get_by_text("Ask for changes").first.click()
    cy.page.get_by_label("What should change?").fill("Slower on “ninety”.")
    cy.button("Send and ask for changes").click()
    expect(bea.take(1)).to_contain_text("Changes asked", timeout=SOON)

    # The wish becomes a re-take, and says so when it is made.
    bea.take(1).get_by_text("1 comment").click()
    bea.take(1).get_by_role("link", name="Make a re-take").click()
    bea.sees("These takes answer the comment")
    bea.sees("Nothing changed: this repeats take 1")
    bea.button("Fresh seed", exact=True).click()
    cy.goto(bea.page.evaluate("document.querySelector('.take[data-number=\"1\"] .who a').pathname"))
    make_a_take(bea, 2)
    expect(cy.page.locator(".thread")).to_contain_text("by take 2", timeout=2 * SOON)

    # The second one is approved, and its line says so.
    ask_for_review(bea, 2)
    cy.goto("/review/")
    approve(cy, 2)
    row = bea.page.locator(".ln").first
    expect(row).to_contain_text("Take 2 approved", timeout=SOON)

    # Other words let the approval fall, and the one who gave it is told.
    bea.goto(script.line())
    bea.page.locator("#id_text").fill(CHANGED)
    expect(row).to_contain_text("Approval of take 2 fell", timeout=SOON)
    cy.goto("/notices/")
    cy.sees("fell. The line’s text was changed.")
    cy.page.get_by_text("fell. The line’s text was changed.").first.click()
    expect(cy.page.locator(".fell-changes del")).to_have_text(["ninety", "seconds."])
    expect(cy.page.locator(".fell-changes ins")).to_have_text(["one", "minute."])

    # Read again and approved again; then it goes out, with what belongs to it.
    make_a_take(bea, 3)
    ask_for_review(bea, 3)
    cy.goto("/review/")
    approve(cy, 3)
    parcel = delivered(bea, script)
    sound = next(name for name in parcel.namelist() if name.endswith(".flac"))
    assert re.search(r"/01-fernweh-boils-in-one-minute\.flac$", sound), sound
    manifest = parcel.read(sound.rpartition("/")[0] + "/manifest.csv").decode("utf-8-sig")
    [line] = list(csv.DictReader(io.StringIO(manifest)))
    assert line["sha256"] == hashlib.sha256(parcel.read(sound)).hexdigest()
    assert (line["text"], line["take"]) == (CHANGED, "3")
    assert cy_name in line["approved by"]
    assert line["cost USD"] == "0.0234"
    left = parcel.read(sound.rpartition("/")[0] + "/not-included.csv").decode("utf-8-sig")
    assert SECOND in left

    # And all of it can be read up.
    cy.goto(f"{script.path}activity/")
    for words in ("asked for changes", "approved", "fell", "delivery"):
        expect(cy.page.locator("main")).to_contain_text(words)
