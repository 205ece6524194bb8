"""Nothing acts on a line or a take that the person has left, or has not reached yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from playwright.sync_api import Request, Route, expect

from tests.browser.scene import Scene
from tests.browser.test_review import in_review, states
from tests.browser.window import Window

T = TypeVar("T")
_TAKES = """
from speech.models import Take
found = Take.objects.filter(project__slug=given["slug"]).order_by("id")
result = list(found.values_list("line_id", flat=True))
"""
_TUNE = """
from speech.models import Line
from speech.queries.tuning import effective_tuning
from speech.services.lines import set_line_setup
line = Line.objects.get(pk=given["line"])
set_line_setup(None, line=line, tuning=effective_tuning(line) | {"temperature": 0.9}, voice=None,
               pinned_seed=None)
"""


@contextmanager
def held(window: Window, pattern: str) -> Iterator[list[Request]]:
    """Answers from these addresses arrive only afterwards; yields what was sent meanwhile."""
    waiting: list[Route] = []
    sent: list[Request] = []
    released = False
    window.page.on("request", _into(sent))
    window.page.route(
        pattern, lambda route: route.continue_() if released else waiting.append(route)
    )
    yield sent
    released = True
    for route in waiting:
        route.continue_()
    window.page.unroute(pattern)


def _into(found: list[T]) -> Callable[[T], None]:
    """Keeps what an event brings. (A list's own method cannot be a handler of Playwright.)"""

    def keep(one: T) -> None:
        found.append(one)

    return keep


def posts(sent: list[Request]) -> list[str]:
    """What was asked to be done; saying that one has left a project does nothing."""
    asked = [request.url for request in sent if request.method == "POST"]
    return [url for url in asked if not url.endswith("/leave/")]


def test_generate_waits_for_the_line_that_was_chosen(scene: Scene) -> None:
    script = scene.project("The first line.", "The second line.")
    first, second = script.lines
    window = scene.seat(script)
    page, keys = window.page, window.page.keyboard
    window.goto(script.line(1))

    # By key: it waits, and reads the line that was chosen.
    with held(window, f"**{script.line(2)}") as sent:
        page.locator(f"#line-{second}-link").click()
        keys.press("g")
        expect(page.locator("#announce")).to_have_text("Loading. Generates as soon as it is here.")
        assert not posts(sent)
    expect(page.locator("#id_text")).to_have_value("The second line.")
    window.take_is(1, "done")
    assert scene.studio.run_python(_TAKES, slug=script.slug) == [second]

    # Back is a choice like any other.
    with held(window, f"**{script.line(1)}") as sent:
        page.go_back(wait_until="commit")
        keys.press("g")
        assert not posts(sent)
    expect(page.locator("#id_text")).to_have_value("The first line.")
    window.take_is(1, "done")
    assert scene.studio.run_python(_TAKES, slug=script.slug) == [second, first]

    # By mouse: what is still on the screen is not asked for.
    with held(window, f"**{script.line(2)}") as sent:
        page.locator(f"#line-{second}-link").click()
        page.locator("[data-generate]").click()
        window.sees("The page you chose is still loading, so nothing was sent.")
        assert not posts(sent)
    expect(page.locator("#id_text")).to_have_value("The second line.")

    # A line that is just being added.
    with held(window, "**/lines/add/"):
        page.locator("#add-text").fill("The third line.")
        keys.press("Enter")
        page.locator("#main").focus()
        keys.press("g")
    expect(page.locator("#id_text")).to_have_value("The third line.")
    window.take_is(1, "done")
    made = scene.studio.run_python(_TAKES, slug=script.slug)
    assert made[:2] == [second, first]
    assert len(made) == 3
    assert made[2] not in {first, second}


def test_the_last_choice_wins_and_a_failed_one_makes_nothing(scene: Scene) -> None:
    script = scene.project("The first line.", "The second line.", "The third line.")
    second, third = script.lines[1:]
    window = scene.seat(script)
    page, keys = window.page, window.page.keyboard
    window.goto(script.line(1))
    with held(window, f"**{script.line(2)}"):
        page.locator(f"#line-{second}-link").click()
        page.locator(f"#line-{third}-link").click()
        expect(page.locator("#id_text")).to_have_value("The third line.")
    page.wait_for_timeout(300)
    expect(page.locator("#id_text")).to_have_value("The third line.")
    assert page.url.endswith(script.line(3))

    window.offline = True
    refused: list[Route] = []
    page.route(f"**{script.line(2)}", _into(refused))
    page.locator(f"#line-{second}-link").click()
    keys.press("g")
    expect(page.locator("#announce")).to_have_text("Loading. Generates as soon as it is here.")
    refused[0].abort("connectionreset")
    window.sees("The studio cannot be reached.")
    window.offline = False
    window.complaints.clear()  # htmx writes of the lost connection to the console
    expect(page.locator("#main")).not_to_have_attribute("aria-busy", "true")
    assert not scene.studio.run_python(_TAKES, slug=script.slug)
    keys.press("g")  # the third line is what the person sees and stays at
    window.take_is(1, "done")
    assert scene.studio.run_python(_TAKES, slug=script.slug) == [third]


def test_what_waited_for_one_line_is_not_put_into_another(scene: Scene) -> None:
    script = scene.project("The first line.", "The second line.")
    first, second = script.lines
    window = scene.seat(script)
    page = window.page
    window.goto(script.line(2))
    page.locator(f"#line-{first}-link").click()
    expect(page.locator("#id_text")).to_have_value("The first line.")
    page.locator("#id_seed").focus()  # so that the new setup has to wait
    with page.expect_response("**/changes/**"):
        scene.studio.run_python(_TUNE, line=first)
    page.go_back(wait_until="commit")
    expect(page.locator("#id_text")).to_have_value("The second line.")
    page.locator("#id_seed").focus()
    page.locator("#main").focus()
    page.wait_for_timeout(150)  # what waits is tried again 50 ms after the focus has moved
    expect(page.locator("#line-form")).to_have_attribute("action", f"{script.line(2)}generate/")
    page.keyboard.press("g")
    window.take_is(1, "done")
    assert scene.studio.run_python(_TAKES, slug=script.slug) == [second]


def test_a_key_approves_no_take_that_is_on_its_way(scene: Scene) -> None:
    script, takes, _ = in_review(scene)
    window = scene.seat(script, role="reviewer")
    page, keys = window.page, window.page.keyboard
    window.goto(f"/review/{takes[1]}/")  # its words need no confirming
    with held(window, f"**/review/{takes[2]}/**") as sent:
        keys.press("n")
        keys.press("a")
        keys.press("x")
        expect(page.locator("#announce")).to_have_text("The next page is still loading.")
        window.button("Approve take 1").click()
        window.sees("The page you chose is still loading, so nothing was sent.")
        assert not posts(sent)
    window.sees("Take it home.")
    assert states(scene, takes) == ["waiting", "waiting", "waiting"]
