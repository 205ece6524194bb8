"""One person's browser window, which remembers everything that went wrong in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import (
    Browser,
    CDPSession,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    Response,
    Route,
    ViewportSize,
    expect,
)

PATIENCE = 15_000
"""Milliseconds that a step may take on a busy machine."""
HARMLESS = "net::ERR_ABORTED"
"""A page was left while it waited for news or loaded sound: what navigation does."""
SPEAKS_OF_STATUS = "Failed to load resource: the server responded with a status of "


class Window:
    """`expects` names the error answers that the story is about; all others are complaints."""

    def __init__(
        self,
        browser: Browser,
        base_url: str,
        *,
        cookie: str | None = None,
        width: int = 1280,
        height: int = 860,
        scheme: Literal["light", "dark"] = "light",
        javascript: bool = True,
    ) -> None:
        self.base_url = base_url
        self.complaints: list[str] = []
        self._expected: set[int] = set()
        self.offline = False
        self._scheme: Literal["light", "dark"] = scheme
        self._size = ViewportSize(width=width, height=height)
        self.context = browser.new_context(
            base_url=base_url,
            viewport=self._size,
            color_scheme=scheme,
            java_script_enabled=javascript,
            reduced_motion="reduce",
            has_touch=width < 600,
        )
        self.context.set_default_timeout(PATIENCE)
        if cookie is not None:
            self.context.add_cookies(
                [{"name": "takeroom_session", "value": cookie, "url": base_url}]
            )
        self.page = self.context.new_page()
        self._touch: CDPSession | None = None
        self._watch(self.page)

    # --- going and doing ---

    def start_over(self) -> None:
        """Leave the page and what it had to say: for the next test with the same window."""
        self.page.goto("about:blank")
        self.page.emulate_media(color_scheme=self._scheme, reduced_motion="reduce")
        if self._touch is not None:
            self._touch.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
        self.page.set_viewport_size(self._size)
        self.complaints.clear()
        self._expected.clear()

    def becomes_a_phone(self, width: int) -> None:
        """The page that is open is as wide as a phone and is touched, until the next start over."""
        if self._touch is None:
            self._touch = self.context.new_cdp_session(self.page)
        self._touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
        self.page.set_viewport_size({"width": width, "height": 780})

    def goto(self, path: str) -> Response:
        """Open an address; the answer."""
        response = self.page.goto(path)
        assert response is not None
        return response

    def expects(self, *statuses: int) -> None:
        self._expected.update(statuses)

    @contextmanager
    def unsaved(self) -> Iterator[None]:
        """What is typed in a line meanwhile reaches the studio only afterwards."""
        held: list[Route] = []
        released = False
        self.page.route(
            "**/edit/", lambda route: route.continue_() if released else held.append(route)
        )
        yield
        released = True
        for route in held:
            route.continue_()
        # A route is only answered while something is asked of the browser: one that stayed would
        # hold every later save for as long as a test waits for the studio instead.
        self.page.unroute("**/edit/")

    def button(self, name: str, *, exact: bool = False) -> Locator:
        return self.page.get_by_role("button", name=name, exact=exact)

    def link(self, name: str, *, exact: bool = False) -> Locator:
        return self.page.get_by_role("link", name=name, exact=exact)

    def sees(self, text: str) -> None:
        """The words become visible somewhere on the page."""
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=PATIENCE)

    def take(self, number: int) -> Locator:
        """The card of a take of the selected line."""
        return self.page.locator(f".take[data-number='{number}']")

    def take_is(self, number: int, state: str) -> Locator:
        card = self.take(number)
        expect(card).to_have_attribute("data-state", state, timeout=2 * PATIENCE)
        return card

    def hears(self, source: str = "/media/") -> dict[str, Any]:
        """Sound from an address that holds `source` plays: its position moves."""
        state: dict[str, Any] = self.page.wait_for_function(
            """source => {
                const audio = document.querySelector("#dock audio");
                if (!audio?.currentSrc.includes(source) || audio.error) return null;
                if (audio.paused || audio.currentTime < 0.05) return null;
                return {time: audio.currentTime, duration: audio.duration};
            }""",
            arg=source,
            timeout=PATIENCE,
        ).json_value()
        return state

    def is_silent(self) -> bool:
        paused: bool = self.page.evaluate("document.querySelector('#dock audio').paused")
        return paused

    def scrolls_sideways(self) -> str:
        """What sticks out of the page to the right; empty if it does not scroll sideways."""
        found: str = self.page.evaluate(
            """() => {
                const wide = document.documentElement.clientWidth;
                if (document.documentElement.scrollWidth <= wide) return "";
                const out = [...document.body.querySelectorAll("*")]
                    .filter(e => e.getBoundingClientRect().right > wide + 1)
                    .map(e => e.tagName + "." + e.className + "#" + e.id);
                return out.slice(0, 5).join(" ") || "something";
            }"""
        )
        return found

    def shot(self, path: Path) -> None:
        self.page.screenshot(path=path, full_page=True)

    # --- judgement ---

    def check(self) -> None:
        assert not self.complaints, "\n".join(["the window complained:", *self.complaints])

    def close(self) -> None:
        self.context.close()

    def _watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", self._exception)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        if message.text.startswith(SPEAKS_OF_STATUS):
            return  # `_answered` knows more
        if self.offline and "ERR_" in message.text:
            return
        self.complaints.append(f"console {message.type}: {message.text} ({message.location})")

    def _exception(self, error: Error) -> None:
        self.complaints.append(f"exception: {error}")

    def _failed(self, request: Request) -> None:
        if request.failure != HARMLESS and not self.offline:
            self.complaints.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.complaints.append(
                f"answered {response.status}: {response.request.method} {response.url}"
            )
