"""Saved views in a browser: kept, shared, opened by a colleague who sees less."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.factories import OrganizationFactory, make_member
from tests.frontend.plans import make_delivery
from xmagnet.accounts.models import User
from xmagnet.accounts.roles import Role

TABLE = "/o/sunrise/plans/"


def test_a_view_is_shared_and_a_colleague_of_narrower_sight_sees_his_own_plans_in_it(
    transactional_db: Any, sign_in: Callable[..., Page]
) -> None:
    organization = OrganizationFactory(name="Sunrise Life", slug="sunrise")
    plans = make_delivery(organization, plan_count=10, days=1)
    page = sign_in(make_member(organization))
    page.goto(TABLE)
    page.get_by_text("Add a filter").click()
    page.locator("#filter-find").fill("Status")
    page.get_by_role("button", name="Status", exact=True).click()
    page.locator("#filter-choices").get_by_label("Enabled").check()
    page.locator("#dialog").get_by_role("button", name="Filter").click()
    expect(page.locator("tbody tr")).to_have_count(8)
    page.get_by_role("link", name="Clicks").click()
    expect(page).to_have_url(re.compile("sort=-clicks"))
    page.locator("[data-views-menu] summary").click()
    page.get_by_role("button", name="Save this view").click()
    page.get_by_label("Name", exact=True).fill("Running, by clicks")
    page.get_by_label("Share it with my colleagues").check()
    page.locator("#dialog").get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("The view is saved.")
    expect(page.locator("[data-views-menu] summary")).to_have_text("Running, by clicks")  # it is what is shown now
    page.goto(TABLE)  # opens plainly: the view is a choice
    page.locator("[data-views-menu] summary").click()
    expect(page.locator("[data-views-menu]")).to_contain_text("Running, by clicks")

    narrow = make_member(organization, Role.OPTIMIZER, account_ids=[plans[0].account_id])
    other = sign_in(narrow)
    other.goto(TABLE)
    expect(other.locator("tbody tr")).to_have_count(5)
    other.locator("[data-views-menu] summary").click()
    other.get_by_role("button", name="Open the table with this view: Running, by clicks").click()
    expect(other.locator("#toasts")).to_contain_text("The table opens with this view now.")
    other.goto(TABLE)
    expect(other).to_have_url(re.compile("sort=-clicks.*v="))
    expect(other.locator("th[aria-sort]")).to_contain_text("Clicks")
    expect(other.locator(".plan-chips")).to_contain_text("Status is")
    expect(other.locator("tbody tr")).to_have_count(4)  # of one account, not of both
    expect(other.locator("tbody .fix-media").first).to_have_text("Douyin")
    expect(other.locator("tbody")).not_to_contain_text("Kuaishou")
    other.locator(".chip-edit").click()  # a filter is changed where it stands
    other.locator("#filter-choices").get_by_label("Paused").check()
    other.locator("#dialog").get_by_role("button", name="Filter").click()
    expect(other.locator("tbody tr")).to_have_count(5)
    expect(other.locator("[data-views-menu] summary")).to_contain_text("Running, by clicks *")


def test_columns_are_dragged_into_their_order(transactional_db: Any, sign_in: Callable[..., Page]) -> None:
    organization = OrganizationFactory(name="Sunrise Life", slug="sunrise")
    make_delivery(organization, plan_count=2, days=1)
    page = sign_in(make_member(organization))
    page.goto(TABLE + "?cols=cost,clicks,ctr")
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("button", name="Choose columns").click()
    items = page.locator(".column-list li")
    items.nth(2).drag_to(items.nth(0), target_position={"x": 40, "y": 3})
    page.get_by_role("button", name="Show these").click()
    expect(page).to_have_url(re.compile(r"cols=ctr(%2C|,)cost(%2C|,)clicks"))


def test_the_keyboard_keeps_its_place_when_the_table_is_replaced(optimizer: User, sign_in: Callable[..., Page]) -> None:
    page = sign_in(optimizer)
    page.goto("/o/sunrise/plans/?f=status:is:enabled")
    page.locator("#sort-ctr").press("Enter")
    expect(page.locator("th[aria-sort=descending] #sort-ctr")).to_be_focused()
    page.get_by_role("link", name="Remove this filter").press("Enter")
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator("#add-filter")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("#filter-find").press_sequentially("CPA")
    page.locator("#filter-fields").get_by_role("button", name="CPA", exact=True).press("Enter")
    page.locator("#filter-value").press_sequentially("5000")
    page.keyboard.press("Enter")
    expect(page.locator(".chip-edit")).to_be_focused()
