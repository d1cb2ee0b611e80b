"""The mock media as a person with a browser and its control page uses it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from html.parser import HTMLParser
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from media_connectors.contracts import Vendor
from xmagnet.core.clock import MEDIA_TIMEZONE

# The mock media prints these on its control page; a mock's secrets are no secrets.
APPLICATIONS = {
    Vendor.OCEANENGINE: ("1790000000000001", "mock-oceanengine-secret"),
    Vendor.KUAISHOU: ("165900001", "mock-kuaishou-secret"),
}


class MockMedia:
    """One running mock media."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc

    def consent(self, url: str) -> dict[str, str]:
        """Open the consent page, agree with what is ticked, and return the query that the browser brings back."""
        form = _Form()
        form.feed(self._ask("GET", url)[1])
        status, _body, location = self._ask("POST", form.action or url, urlencode(form.fields), _FORM)
        if status != 302:
            raise RuntimeError(f"the consent page answered {status}")
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    def now(self) -> datetime:
        """The media's clock."""
        return datetime.fromtimestamp(self._control("GET")["epoch"], MEDIA_TIMEZONE)

    def advance(self, step: timedelta) -> None:
        """Let media time pass: hours are stepped through, plans are reviewed, deliver and learn."""
        self._control("POST", {"advance": step.total_seconds()})

    def _control(self, method: str, body: dict[str, float] | None = None) -> dict[str, Any]:
        status, text, _location = self._ask(
            method, "/control/api/clock", json.dumps(body) if body else None, "application/json"
        )
        if status != 200:
            raise RuntimeError(f"the mock media's control API answered {status}: {text}")
        answer: dict[str, Any] = json.loads(text)
        return answer

    def _ask(self, method: str, url: str, body: str | None = None, kind: str = "") -> tuple[int, str, str]:
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = HTTPConnection(self._address, timeout=120)
        try:
            connection.request(method, target, body, {"Content-Type": kind} if kind else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers.get("Location", "")
        finally:
            connection.close()


_FORM = "application/x-www-form-urlencoded"


class _Form(HTMLParser):
    """The action and the filled-in fields of a page's form."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given.get("action", "")
        elif tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self.fields[given["name"]] = given.get("value", "on")
