"""People come in by invitation, and may do what their role allows."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.scene import PASSWORD, Scene
from tests.browser.window import Window


def invite(owner: Window, path: str, role: str) -> str:
    """Make an invitation on the project's settings page; its address."""
    owner.goto(f"{path}settings/")
    owner.page.get_by_label("Role", exact=True).select_option(label=role)
    owner.button("Make an invitation link").click()
    link = owner.page.get_by_label("Pass on this link").input_value()
    assert link.startswith(owner.base_url)
    return link.removeprefix(owner.base_url)


def test_a_reviewer_joins_by_link_listens_and_notes_but_makes_nothing(scene: Scene) -> None:
    script = scene.project("Seven days on one charge.", name="Winter spot")
    scene.takes(script.lines[0], seed=7)
    link = invite(scene.seat(script), script.path, "Reviewer")
    cy = scene.window()
    cy.goto(link)
    cy.sees("invites you to “Winter spot”")
    name = f"cy-{script.slug[-6:]}"
    cy.page.get_by_label("Name to sign in with").fill(name)
    for field in cy.page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    cy.button("Create the account and join").click()
    cy.page.wait_for_url(f"**{script.path}")
    expect(cy.page.get_by_role("button", name="Generate")).to_have_count(0)
    expect(cy.page.locator("textarea#id_text")).to_have_count(0)
    expect(cy.button("Add line")).to_have_count(0)
    cy.button("Play take 1").click()
    cy.hears()
    cy.take(1).locator(".notes > summary").click()
    cy.take(1).get_by_role("textbox", name="Comment on take").fill("Lovely.")
    cy.take(1).get_by_role("button", name="Comment", exact=True).click()
    expect(cy.take(1)).to_contain_text("Lovely.")
    cy.expects(403, 410)
    token = cy.page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    answer = cy.page.request.post(
        f"{script.line()}generate/",
        form={"csrfmiddlewaretoken": token, "count": "1"},
        headers={"Referer": scene.studio.url},
    )
    assert answer.status == 403
    assert cy.goto(link).status == 410


def test_somebody_with_an_account_joins_with_one_button(scene: Scene) -> None:
    script = scene.project("Seven days.", name="Winter spot")
    link = invite(scene.seat(script), script.path, "Producer")
    dot = scene.seat(name="dot")
    dot.goto(link)
    dot.button("Join the project").click()
    dot.sees("Welcome to “Winter spot”.")
    expect(dot.button("Generate 1 take")).to_be_visible()


def test_it_signs_in_and_out_and_says_no_without_saying_why(scene: Scene) -> None:
    script = scene.project("Seven days.")
    name, _ = scene.person("bea", password=True, roles={script.slug: "owner"})
    window = scene.window()
    window.expects(422)
    window.goto(script.path)
    window.page.get_by_label("Name or e-mail address").fill(name)
    window.page.get_by_label("Password").fill("something else entirely")
    window.button("Sign in").click()
    expect(window.page.locator(".banner.bad")).to_be_visible()
    expect(window.page.get_by_label("Name or e-mail address")).to_have_value(name)
    window.page.get_by_label("Password").fill(PASSWORD)
    window.button("Sign in").click()
    window.page.wait_for_url(f"**{script.path}")
    window.page.get_by_label("Account: ", exact=False).click()
    window.button("Sign out").click()
    window.sees("You are signed out.")
    window.goto("/")
    expect(window.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_stranger_finds_nothing(scene: Scene) -> None:
    script = scene.project("Seven days.")
    (take,) = scene.takes(script.lines[0], seed=7)
    eve = scene.seat(name="eve")
    eve.expects(404)
    for path in (script.path, script.line(), f"/takes/{take}/", f"/media/takes/{take}.flac"):
        assert eve.goto(path).status == 404
