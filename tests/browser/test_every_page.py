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

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


class Desk(Scene):
    """One window for each person, used for all pages: opening one takes as long as a page does."""

    def __init__(self, studio: Studio, stage: Stage, tour: Tour, **options: Any) -> None:
        super().__init__(studio, stage)
        self._tour, self._options = tour, options
        self._kept: dict[str, Window] = {}

    def look_at(self, page: PageToSee) -> tuple[Window, Response]:
        """The page in the window of the right person, and the answer that brought it."""
        if page.who not in self._kept:
            cookie = self._tour.cookies[page.who]
            self._kept[page.who] = self.window(cookie=cookie, **self._options)
        window = self._kept[page.who]
        window.start_over()
        return window, self._tour.visit(window, page)


@pytest.fixture(scope="module")
def desk(stage: Stage, paid_studio: Studio, tour: Tour) -> Iterator[Desk]:
    """Where axe-core can be put into a page."""
    yield from clear_after(Desk(paid_studio, stage, tour, bypass_csp=True))


@pytest.fixture(scope="module")
def phone(stage: Stage, paid_studio: Studio, tour: Tour) -> Iterator[Desk]:
    yield from clear_after(Desk(paid_studio, stage, tour, width=WIDTHS[0], height=780))


@each_page
def test_it_has_no_serious_barrier_in_either_theme(desk: Desk, page: PageToSee) -> None:
    window, _ = desk.look_at(page)
    found = barriers(window, Axe(), EVERYTHING)
    window.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    # Nothing else depends on the theme, and axe-core is in the page already.
    found += barriers(window, Axe(""), COLOURS)
    assert not found, "\n".join(found)


@each_page
def test_it_fits_a_phone_and_loads_nothing_inline_or_from_elsewhere(
    phone: Desk, page: PageToSee
) -> None:
    window, answer = phone.look_at(page)
    for width in WIDTHS:
        window.page.set_viewport_size({"width": width, "height": 780})
        assert window.scrolls_sideways() == "", f"{page.name} at {width} px"
    policy = parse_policy(answer.headers["content-security-policy"])
    assert policy["default-src"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert {word for words in policy.values() for word in words} <= ALLOWED_ORIGINS


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
