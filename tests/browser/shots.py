"""Pictures of every page in both themes and two widths: `python -m tests.browser.shots FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from tests.browser.conftest import QUICK
from tests.browser.scene import Scene
from tests.browser.stage import Stage, need_chromium
from tests.browser.tour import PAGES, set_out
from tests.studio_process import Studio, wait_until
from tests.upstream.client import KEY, Upstream

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (1280, 390)


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


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    take_pictures(target, set(sys.argv[2:]))
