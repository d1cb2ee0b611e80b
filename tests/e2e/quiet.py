"""When a page has all that it asks for: nothing on its way, the page idle, and both for a moment."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from playwright.sync_api import Page, Request

from tests.stacks import PATIENCE_SECONDS

#: nothing on our pages asks later than this after something else has ended; Playwright's "networkidle" waits 0.5 s
QUIET_SECONDS = 0.15
LOOK_MS = 25
IDLE = "() => new Promise((done) => requestIdleCallback(() => done(document.readyState === 'complete')))"


class Traffic:
    """The requests of a page while the ``with`` block lasts."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._open: set[Request] = set()
        self._last = time.monotonic()
        self._events = {"request": self._began, "requestfinished": self._ended, "requestfailed": self._ended}

    def __enter__(self) -> Self:
        for event, heard in self._events.items():
            self._page.on(event, heard)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for event, heard in self._events.items():
            self._page.remove_listener(event, heard)

    def wait_for_quiet(self, seconds: float = QUIET_SECONDS) -> None:
        """Return when the page is complete and idle and from now on nothing was on its way for so long."""
        self._last = time.monotonic()  # what was done just now may ask for something yet
        ends_at = self._last + PATIENCE_SECONDS
        while not (self._page.evaluate(IDLE) and self._is_quiet(seconds)):
            assert time.monotonic() < ends_at, f"still on their way: {[request.url for request in self._open]}"
            self._page.wait_for_timeout(LOOK_MS)

    def _is_quiet(self, seconds: float) -> bool:
        return not self._open and time.monotonic() - self._last >= seconds

    def _began(self, request: Request) -> None:
        self._open.add(request)
        self._last = time.monotonic()

    def _ended(self, request: Request) -> None:
        self._open.discard(request)
        self._last = time.monotonic()
