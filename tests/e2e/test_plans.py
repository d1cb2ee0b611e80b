"""The optimizer's desk in a browser."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.factories import OrganizationFactory, make_member
from tests.frontend.plans import make_delivery
from xmagnet.accounts.models import User

LOOKS = [(1440, "light", "en"), (1440, "dark", "zh-hans"), (390, "light", "zh-hans")]


@pytest.fixture
def plans(transactional_db: None) -> list[Any]:
    return make_delivery(OrganizationFactory(name="Sunrise Life", slug="sunrise"), plan_count=60, days=3)


@pytest.fixture
def optimizer(plans: list[Any]) -> User:
    return make_member(plans[0].organization)


def shoot(page: Page, name: str) -> None:
    """A picture to look at, when somebody asked for pictures."""
    if folder := os.environ.get("XMAGNET_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_the_table_is_whole_and_accessible(
    width: int,
    theme: str,
    language: str,
    optimizer: User,
    sign_in: Callable[..., Page],
    accessibility: Callable[[Page], list[str]],
) -> None:
    page = sign_in(optimizer, width=width, theme=theme, language=language)
    page.goto("/o/sunrise/plans/?compare=previous&f=status:any_of:enabled|paused")
    page.wait_for_load_state("networkidle")
    shoot(page, f"plans-{width}-{theme}-{language}")
    assert accessibility(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_table_searches_sorts_selects_and_answers_to_keys(optimizer: User, sign_in: Callable[..., Page]) -> None:
    page = sign_in(optimizer)
    page.goto("/o/sunrise/plans/")
    expect(page.locator("#plan-table tbody tr")).to_have_count(50)
    page.keyboard.press("/")
    page.keyboard.type("01")
    expect(page.locator("#plan-table tbody tr")).to_have_count(12)  # 001, 010 … 019, and the plan whose id is 1
    expect(page.locator("#plan-q")).to_be_focused()
    page.get_by_role("link", name="CTR").click()
    expect(page).to_have_url(re.compile(r"sort=-ctr"))
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("tr[data-selected]")).to_have_count(1)
    page.get_by_label("Select the page").check()
    expect(page.locator("tr[data-selected]")).to_have_count(12)
