"""What must hold on each page: readable for everybody, narrow enough for a phone, clean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Response

from tests.browser.conftest import clear_after
from tests.browser.scene import Scene
from tests.browser.stage import Stage
from tests.browser.tour import PAGES, PageToSee, Tour
from tests.browser.window import Window
from tests.studio_process import Studio

GRAVE = {"serious", "critical"}
EVERYTHING = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast"]
WIDTHS = (390, 360)
ALLOWED_ORIGINS = {"'self'", "'none'", "data:", "blob:"}


class Desk(Scene):
    """One window for each person, used for all pages: opening one takes as long as a page does."""

    def __init__(self, studio: Studio, stage: Stage, tour: Tour) -> None:
        super().__init__(studio, stage)
        self._tour = tour
        self._kept: dict[str, Window] = {}

    def look_at(self, page: PageToSee) -> tuple[Window, Response]:
        """The page in the window of the right person, and the answer that brought it."""
        if page.who not in self._kept:
            self._kept[page.who] = self.window(cookie=self._tour.cookies[page.who])
        window = self._kept[page.who]
        window.start_over()
        return window, self._tour.visit(window, page)


@pytest.fixture(scope="module")
def desk(stage: Stage, paid_studio: Studio, tour: Tour) -> Iterator[Desk]:
    yield from clear_after(Desk(paid_studio, stage, tour))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_it_has_no_barrier_in_either_theme_fits_a_phone_and_loads_nothing_from_elsewhere(
    desk: Desk, page: PageToSee
) -> None:
    window, answer = desk.look_at(page)
    found = barriers(window, Axe(), EVERYTHING)
    window.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    # Nothing else depends on the theme, and axe-core is in the page already.
    found += barriers(window, Axe(""), COLOURS)
    assert not found, "\n".join(found)
    for width in WIDTHS:
        window.becomes_a_phone(width)
        assert window.scrolls_sideways() == "", f"{page.name} at {width} px"
    policy = parse_policy(answer.headers["content-security-policy"])
    assert policy["default-src"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert {word for words in policy.values() for word in words} <= ALLOWED_ORIGINS


def test_a_barrier_is_found_where_there_is_one(desk: Desk) -> None:
    """Under the page's own policy, which might have kept axe-core from looking."""
    window, _ = desk.look_at(PAGES[0])
    window.page.evaluate("document.body.append(document.createElement('button'))")
    assert any(found.startswith("button-name") for found in barriers(window, Axe(), EVERYTHING))


def barriers(window: Window, axe: Axe, rules: list[str]) -> list[str]:
    """Each serious or critical finding of axe-core, and where it is."""
    options = {"resultTypes": ["violations"], "runOnly": rules}
    found: list[dict[str, Any]] = axe.run(window.page, options=options).response["violations"]
    return [
        f"{violation['id']}: {node['target'][0]}: {node['failureSummary'].splitlines()[-1].strip()}"
        for violation in found
        if violation["impact"] in GRAVE
        for node in violation["nodes"][:4]
    ]


def parse_policy(header: str) -> dict[str, list[str]]:
    parts = [part.split() for part in header.split(";") if part.strip()]
    return {words[0]: words[1:] for words in parts}
