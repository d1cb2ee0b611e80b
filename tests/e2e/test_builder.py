"""The builder in a browser: what is painted, picked, corrected and resumed there."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.factories import OrganizationFactory, make_member
from tests.frontend.plans import make_delivery
from xmagnet.accounts.models import User

BUILD = "/o/sunrise/plans/build/"


@pytest.fixture
def plans(transactional_db: None) -> list[Any]:
    return make_delivery(OrganizationFactory(name="Sunrise Life", slug="sunrise"), plan_count=12, days=2)


@pytest.fixture
def optimizer(plans: list[Any]) -> User:
    return make_member(plans[0].organization)


def painted(page: Page) -> str:
    """The first schedule of the form as it would be sent."""
    return page.locator('[data-schedule] input[type="hidden"]').first.input_value()


def test_a_week_is_painted_by_mouse_keyboard_and_copies_of_a_day(optimizer: User, sign_in: Callable[..., Page]) -> None:
    page = sign_in(optimizer)
    page.goto(BUILD)
    page.locator('[data-add="schedule"]').click()
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("gridcell", name="Mon 09:00").hover()
    page.mouse.down()
    page.get_by_role("gridcell", name="Mon 11:00").hover()
    page.get_by_role("gridcell", name="Tue 11:00").hover()
    page.mouse.up()
    monday, tuesday = "0" * 18 + "1" * 6 + "0" * 24, "0" * 22 + "11" + "0" * 24
    # Every cell between two positions of the mouse is painted, however far apart the browser reports them.
    expect(page.locator("[data-schedule-summary]")).to_have_text("4 hours a week")
    assert painted(page) == monday + tuesday + "0" * 240
    page.locator("[data-copy-day]").click()
    assert painted(page) == monday * 5 + "0" * 96
    cell = page.get_by_role("gridcell", name="Mon 10:00")
    cell.focus()
    for key in ("c", "End", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "v"):
        page.keyboard.press(key)
    expect(page.get_by_role("gridcell", name="Sat 23:00")).to_be_focused()
    assert painted(page) == monday * 6 + "0" * 48
    page.get_by_role("button", name="Weekend").click()
    assert painted(page) == "0" * 240 + "1" * 96
