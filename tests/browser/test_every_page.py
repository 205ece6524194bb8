"""What must hold on each page: readable for everybody, narrow enough for a phone, clean."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.scene import Scene
from tests.browser.tour import PAGES, PageToSee, Tour
from tests.browser.window import Window

GRAVE = {"serious", "critical"}
EVERYTHING = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast"]
WIDTHS = (390, 360)
ALLOWED_ORIGINS = {"'self'", "'none'", "data:", "blob:"}

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@each_page
def test_it_has_no_serious_barrier_in_either_theme(
    paid_scene: Scene, tour: Tour, page: PageToSee
) -> None:
    window = paid_scene.window(cookie=tour.cookies[page.who], bypass_csp=True)
    tour.visit(window, page)
    found = barriers(window, EVERYTHING)
    window.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += barriers(window, COLOURS)  # nothing else depends on the theme
    assert not found, "\n".join(found)


@each_page
def test_it_fits_a_phone_and_loads_nothing_inline_or_from_elsewhere(
    paid_scene: Scene, tour: Tour, page: PageToSee
) -> None:
    window = paid_scene.window(cookie=tour.cookies[page.who], width=WIDTHS[0], height=780)
    answer = tour.visit(window, page)
    for width in WIDTHS:
        window.page.set_viewport_size({"width": width, "height": 780})
        assert window.scrolls_sideways() == "", f"{page.name} at {width} px"
    policy = parse_policy(answer.headers["content-security-policy"])
    assert policy["default-src"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert {word for words in policy.values() for word in words} <= ALLOWED_ORIGINS


def barriers(window: Window, rules: list[str]) -> list[str]:
    """Each serious or critical finding of axe-core, and where it is."""
    options = {"resultTypes": ["violations"], "runOnly": rules}
    found: list[dict[str, Any]] = Axe().run(window.page, options=options).response["violations"]
    return [
        f"{violation['id']}: {node['target'][0]}: {node['failureSummary'].splitlines()[-1].strip()}"
        for violation in found
        if violation["impact"] in GRAVE
        for node in violation["nodes"][:4]
    ]


def parse_policy(header: str) -> dict[str, list[str]]:
    parts = [part.split() for part in header.split(";") if part.strip()]
    return {words[0]: words[1:] for words in parts}
