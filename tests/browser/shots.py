"""Pictures of every page in both themes and two widths: `python -m tests.browser.shots FOLDER`.

More arguments pick pages by name. `python -m tests.browser.shots readme` draws the README's own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import expect

from tests.browser.conftest import QUICK
from tests.browser.scene import Scene
from tests.browser.stage import Stage, need_chromium
from tests.browser.tour import PAGES, set_out
from tests.browser.window import Window
from tests.studio_process import Studio, wait_until
from tests.upstream.client import KEY, Upstream

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (1280, 390)
README_PICTURE = Path(__file__).resolve().parents[2] / "static" / "img" / "studio.png"


_LIVELIER = """
from speech.models import Line
from speech.services.lines import set_line_setup
line = Line.objects.get(pk=given["line"])
tuning = {"temperature": 1.1, "repetition_penalty": 1.45}
set_line_setup(None, line=line, tuning=tuning, voice=None, pinned_seed=None)
"""


def take_pictures(folder: Path, names: set[str]) -> None:
    stage = Stage(need_chromium())
    with Upstream() as provider:
        settings = {**QUICK, "SEGMIND_API_KEY": KEY, "SEGMIND_BASE_URL": provider.url}
        with Studio(settings) as studio:
            wait_until(lambda: "Sign in: " in studio.output(), what="the demo project is there")
            scene = Scene(studio, stage)
            tour = set_out(scene, provider)
            for theme in THEMES:
                for width in WIDTHS:
                    windows = {
                        who: scene.window(cookie=cookie, scheme=theme, width=width)
                        for who, cookie in tour.cookies.items()
                    }
                    for page in PAGES:
                        if names and page.name not in names:
                            continue
                        window = windows[page.who]
                        shot = folder / f"{page.name}-{theme}-{width}.png"
                        stage.do(lambda w=window, p=page: tour.visit(w, p))  # type: ignore[misc]
                        stage.do(lambda w=window, s=shot: w.shot(s))  # type: ignore[misc]
                        print(shot)
                    for window in windows.values():
                        stage.do(window.close)
                        print(*window.complaints, sep="\n")
    stage.close()


def take_the_readme_picture() -> None:
    """The demo project as somebody sees it who has made some takes of its second line."""
    stage = Stage(need_chromium())
    with Studio(QUICK) as studio:
        wait_until(lambda: "Sign in: " in studio.output(), what="the demo project is there")
        scene = Scene(studio, stage)
        line = studio.run_python(
            "from speech.models import Line\nresult = Line.objects.get(position=2).pk"
        )
        scene.takes(line, 2, seed=4711)
        studio.run_python(_LIVELIER, line=line)
        scene.takes(line, 1, seed=90412)
        _, cookie = scene.person("mara", root=True)
        window = scene.window(cookie=cookie, height=960)
        stage.do(lambda: _as_in_the_readme(window, f"/p/fernweh-kettle/lines/{line}/"))
        stage.do(window.close)
    stage.close()


def _as_in_the_readme(window: Window, path: str) -> None:
    window.goto(path)
    window.take(3).get_by_role("button", name="Star").click()
    window.take(3).get_by_role("button", name="Use this take").click()
    window.take_is(3, "done").get_by_text("In use").first.wait_for()
    wave = window.take(3).get_by_role("slider")
    wave.click(position={"x": 180, "y": 10})
    expect(wave).not_to_have_attribute("aria-valuenow", "0")
    expect(window.page.locator("#dock [data-time]")).not_to_contain_text("0:00.0 /")
    window.page.locator("#main").focus()
    window.page.screenshot(path=README_PICTURE)


if __name__ == "__main__":
    if sys.argv[1:] == ["readme"]:
        take_the_readme_picture()
    else:
        target = Path(sys.argv[1])
        target.mkdir(parents=True, exist_ok=True)
        take_pictures(target, set(sys.argv[2:]))
