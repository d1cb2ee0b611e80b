"""Every main page in both themes, both languages, wide and narrow: no errors, accessible, nothing cut off."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response

from xmagnet.accounts.models import User

PAGES = {
    "overview": "/o/sunrise/",
    "plans": "/o/sunrise/plans/",
    "jobs": "/o/sunrise/jobs/",
    "job": "/o/sunrise/jobs/job_running/",
    "accounts": "/o/sunrise/accounts/",
    "connect": "/o/sunrise/accounts/connect/",
    "agencies": "/o/sunrise/agencies/",
    "members": "/o/sunrise/members/",
    "invite": "/o/sunrise/members/invite/",
    "tokens": "/o/sunrise/tokens/",
    "new-token": "/o/sunrise/tokens/new/",
    "webhooks": "/o/sunrise/webhooks/",
    "audit": "/o/sunrise/audit/",
    "profile": "/o/sunrise/profile/",
    "search": "/o/sunrise/search/?q=jobs",
    "two-factor": "/account/two-factor/",
    "sessions": "/account/sessions/",
}
LOOKS = [(1440, "light", "en"), (1440, "dark", "zh-hans"), (390, "light", "zh-hans")]


def take_picture(page: Page, name: str) -> None:
    """Keep what is seen, where XMAGNET_SCREENSHOTS says."""
    if folder := os.environ.get("XMAGNET_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_every_page_is_whole(
    width: int,
    theme: str,
    language: str,
    inhabitant: User,
    sign_in: Callable[..., Page],
    visit: Callable[[Page, str], Response | None],
    accessibility: Callable[[Page], list[str]],
) -> None:
    page = sign_in(inhabitant, width=width, theme=theme, language=language)
    problems = []
    for name, address in PAGES.items():
        answer = visit(page, address)
        take_picture(page, f"{name}-{width}-{theme}-{language}")
        if answer is None or not answer.ok:
            problems.append(f"{name}: not answered")
        if page.locator("html").get_attribute("data-bs-theme") != theme:
            problems.append(f"{name}: not in the {theme} theme")
        if (found := page.evaluate("document.documentElement.scrollWidth")) > width:
            problems.append(f"{name}: {found} wide")
        problems += [f"{name}: {violation}" for violation in accessibility(page)]
    assert problems == []
