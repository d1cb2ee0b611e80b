"""A real browser against a live server on the test database. Console errors and policy violations fail the test."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.test import Client
from django_vite.core.asset_loader import DjangoViteAssetLoader
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect, sync_playwright

from tests.browsers import CHROMIUM, FLAGS
from tests.e2e.inhabited import inhabit
from tests.e2e.quiet import Traffic
from tests.factories import OrganizationFactory, make_member
from tests.frontend.plans import make_delivery
from tests.stacks import PATIENCE_SECONDS, wait_until
from xmagnet.accounts.models import Organization, User

# Playwright's synchronous API runs an event loop in this thread, which Django would take for async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

BUILD = Path(django_settings.BASE_DIR) / "frontend" / "static" / "build" / "manifest.json"
AXE = Path(django_settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
#: so long without a request means that the left pages have said all
QUIET_SECONDS = 0.2
RUN_AXE = """async () => {
  const result = await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]});
  return result.violations.flatMap(({id, nodes}) =>
    nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
}"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    missing = [str(path) for path in (CHROMIUM, BUILD, AXE) if not path.exists()]
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if missing:
                item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(missing)}"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_SECONDS * 1000)  # five seconds by themselves
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def _compiled_messages() -> None:
    call_command("messages", compile=True)


@pytest.fixture
def site(live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, _compiled_messages: None) -> str:
    """The address of the running site, with the real front-end build and both languages."""
    settings.DJANGO_VITE = {
        "default": {"dev_mode": False, "manifest_path": BUILD, "static_url_prefix": "build"},
    }
    monkeypatch.setattr(DjangoViteAssetLoader, "_instance", None)
    return str(live_server.url)


@pytest.fixture
def organization(transactional_db: None) -> Organization:
    return OrganizationFactory(name="Sunrise Life", slug="sunrise")


@pytest.fixture
def person(organization: Organization) -> User:
    """An administrator of the organization."""
    return make_member(organization)


@pytest.fixture
def inhabitant(organization: Organization, person: User) -> User:
    """The administrator of an organization at work."""
    inhabit(organization, person)
    return person


@pytest.fixture
def plans(organization: Organization) -> list[Any]:
    """Sixty plans on two accounts with numbers of three days."""
    return make_delivery(organization, plan_count=60, days=3)


@pytest.fixture
def optimizer(plans: list[Any]) -> User:
    """Who may do everything with the plans."""
    return make_member(plans[0].organization)


@pytest.fixture
def console_errors() -> list[str]:
    """What the browser complained of. A test that provokes a complaint takes it out again."""
    return []


@pytest.fixture
def open_context(browser: Browser, site: str, console_errors: list[str]) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts whose pages are watched: the test fails on any console error."""
    contexts: list[BrowserContext] = []
    errors = console_errors

    def watch(page: Page) -> None:
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(base_url=site, reduced_motion="reduce", **options)
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("page", watch)
        contexts.append(context)
        return context

    with answered_requests() as is_idle:
        yield make
        for context in contexts:
            for page in context.pages:
                page.goto("about:blank")  # a page that is left sends what it still has to send
            context.close()
        wait_until(is_idle)
    assert errors == []


@contextmanager
def answered_requests() -> Iterator[Callable[[], bool]]:
    """Gives a function that tells whether the live server has answered all requests for a moment.

    The tables are emptied after the test; a request that is still being answered then, a poll or a draft, would
    deadlock with that or find no tables.
    """
    lock, count, last = Lock(), 0, 0.0

    def began(**_: Any) -> None:
        nonlocal count
        with lock:
            count += 1

    def ended(**_: Any) -> None:
        nonlocal count, last
        with lock:
            count, last = count - 1, time.monotonic()

    request_started.connect(began)
    request_finished.connect(ended)
    try:
        yield lambda: count <= 0 and time.monotonic() - last > QUIET_SECONDS
    finally:
        request_started.disconnect(began)
        request_finished.disconnect(ended)


@pytest.fixture
def sign_in(open_context: Callable[..., BrowserContext], site: str) -> Callable[..., Page]:
    """A page of a signed-in person: ``sign_in(user, width=390, language="zh-hans", theme="dark")``."""

    def signed_in(
        user: User, *, width: int = 1440, height: int = 900, language: str = "en", theme: str = "light"
    ) -> Page:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        context = open_context(viewport={"width": width, "height": height}, locale="en-GB")
        kept = {"sessionid": client.cookies["sessionid"].value, "language": language, "theme": theme}
        context.add_cookies([{"name": name, "value": value, "url": site} for name, value in kept.items()])
        return context.new_page()

    return signed_in


@pytest.fixture
def visit() -> Callable[[Page, str], Response | None]:
    """Opens an address and waits until the page has all that it asks for; the server's answer."""

    def visited(page: Page, address: str) -> Response | None:
        with Traffic(page) as traffic:
            answer = page.goto(address)
            traffic.wait_for_quiet()
        return answer

    return visited


@pytest.fixture
def accessibility() -> Callable[[Page], list[str]]:
    """Runs axe on a page and returns what it found at WCAG 2.2 AA, one line a rule and element."""

    def check(page: Page) -> list[str]:
        # Through the protocol, not as a script element, so that the page's own policy stays in force.
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate(RUN_AXE)
        return list(found)

    return check
