"""The optimizer's desk in a browser."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect

from tests.e2e.quiet import Traffic
from xmagnet.accounts.models import User

#: the builder counts and keeps its draft this long after the last key, and a little more
PAUSE_SECONDS = 0.6
LOOKS = [(1440, "light", "en"), (1440, "dark", "zh-hans"), (390, "light", "zh-hans")]


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
    visit: Callable[[Page, str], Response | None],
    accessibility: Callable[[Page], list[str]],
) -> None:
    page = sign_in(optimizer, width=width, theme=theme, language=language)
    visit(page, "/o/sunrise/plans/?compare=previous&f=status:any_of:enabled|paused")
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
    expect(page.locator("th[aria-sort]")).to_contain_text("CTR")
    page.wait_for_function("!document.querySelector('.htmx-settling, .htmx-swapping, .htmx-added')")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("tr[data-selected]")).to_have_count(1)
    page.get_by_label("Select the page").check()
    expect(page.locator("tr[data-selected]")).to_have_count(12)


def test_formulas_and_exact_values_are_told_to_the_keyboard(optimizer: User, sign_in: Callable[..., Page]) -> None:
    page = sign_in(optimizer)
    page.goto("/o/sunrise/plans/?cols=cost,cpa,created_at&sort=name&compare=previous")
    page.locator("thead th a", has_text="CPA").focus()
    hint = page.locator("#hint")
    expect(hint).to_contain_text("Cost ÷ conversions")
    expect(page.locator("thead th a", has_text="CPA")).to_have_attribute("aria-describedby", "hint")
    page.keyboard.press("Escape")
    expect(hint).to_be_hidden()
    page.keyboard.press("j")
    for _cell in range(5):
        page.keyboard.press("ArrowRight")
    expect(hint).to_contain_text("¥")
    expect(hint).to_contain_text("earlier")
    page.keyboard.press("ArrowRight")
    expect(hint).to_contain_text("UTC+8")
    page.keyboard.press("j")
    expect(hint).to_be_hidden()


@pytest.mark.parametrize("width", [390, 1440])
def test_menus_of_the_table_open_inside_the_window(width: int, optimizer: User, sign_in: Callable[..., Page]) -> None:
    page = sign_in(optimizer, width=width)
    page.goto("/o/sunrise/plans/")
    for number in range(page.locator(".plan-toolbar > details").count()):
        menu = page.locator(".plan-toolbar > details").nth(number)
        menu.locator("summary").click()
        box = menu.locator(".menu-panel").bounding_box()
        assert box is not None
        assert (box["x"] >= 0, box["x"] + box["width"] <= width) == (True, True), number
        page.keyboard.press("Escape")


def test_keys_of_the_table_leave_buttons_their_own(optimizer: User, sign_in: Callable[..., Page]) -> None:
    page = sign_in(optimizer)
    page.goto("/o/sunrise/plans/")
    page.locator("tbody input[name=plan]").nth(2).click()  # the mouse leaves the focus on the box
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-bulk-count]")).to_have_text("2 selected")
    expect(page.locator("tr[data-current]")).to_have_attribute(
        "data-row", page.locator("tbody tr").nth(3).get_attribute("data-row") or ""
    )
    page.get_by_label("Export").focus()
    page.keyboard.press(" ")
    expect(page.get_by_role("link", name="XLSX")).to_be_visible()
    expect(page.locator("[data-bulk-count]")).to_have_text("2 selected")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("[data-bulk-bar]")).to_be_hidden()


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_the_builder_is_whole_and_accessible(
    width: int,
    theme: str,
    language: str,
    optimizer: User,
    sign_in: Callable[..., Page],
    visit: Callable[[Page, str], Response | None],
    accessibility: Callable[[Page], list[str]],
) -> None:
    page = sign_in(optimizer, width=width, theme=theme, language=language)
    visit(page, "/o/sunrise/plans/build/")
    with Traffic(page) as traffic:
        page.locator('[name="account"]').first.focus()
        page.keyboard.press("Space")
        for sort in ("audience", "creative", "title", "schedule"):
            page.locator(f'[data-add="{sort}"]').click()
        page.locator('[name="bids"]').fill("40±10%")
        traffic.wait_for_quiet(PAUSE_SECONDS)
    if folder := os.environ.get("XMAGNET_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"builder-{width}-{theme}-{language}.png"), full_page=True)
    assert accessibility(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_plans_are_built_from_the_page_to_the_job(
    plans: list[Any], optimizer: User, sign_in: Callable[..., Page]
) -> None:
    page = sign_in(optimizer)
    page.goto("/o/sunrise/plans/build/")
    page.locator('[name="account"]').nth(0).check()
    page.locator('[name="account"]').nth(1).check()
    page.locator("#id_landing_url").fill("https://life.example/a")
    page.locator('[data-add="audience"]').click()
    page.locator(".block-name").first.fill("Young")
    page.get_by_label("18-23").check()
    page.locator('[data-blocks="audience"] [data-copy-block]').click()
    page.get_by_label("18-23").nth(1).uncheck()
    page.locator('[data-add="creative"]').click()
    creative = page.locator('[data-blocks="creative"] .block')
    creative.locator('[data-adder="id"]').fill("v7001")
    creative.locator("[data-add-material]").click()
    page.locator('[data-add="title"]').click()
    page.locator('[data-blocks="title"] textarea').fill("百万医疗险首月一元起")
    page.locator("#id_bids").fill("40 45")
    page.locator("#id_budgets").fill("500")
    page.locator('[data-add="schedule"]').click()
    page.get_by_role("button", name="Daytime").click()
    expect(page.locator("[data-schedule-summary]")).to_have_text("98 hours a week")
    cell = page.get_by_role("gridcell", name="Mon 08:00")
    cell.focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-schedule-summary]")).to_have_text("97 hours a week")
    expect(page.locator(".promise strong")).to_have_text("This will create exactly 8 plans")
    expect(page.locator(".row-preview tbody tr")).to_have_count(8)
    page.locator("[data-exclude]").first.click()
    expect(page.locator(".promise strong")).to_have_text("This will create exactly 7 plans")
    page.reload()  # nothing typed is lost: the draft is offered
    page.get_by_role("button", name="Templates and drafts").click()
    page.get_by_role("link", name="Draft on 2 accounts").click()
    expect(page.locator(".promise strong")).to_have_text("This will create exactly 7 plans")
    page.get_by_role("button", name="Create 7 plans").click()
    expect(page).to_have_url(re.compile(r"/jobs/job_"))
    expect(page.locator("h1")).to_have_text("Create plans")


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_the_plan_page_and_the_change_dialog_are_whole_and_accessible(
    width: int,
    theme: str,
    language: str,
    plans: list[Any],
    optimizer: User,
    sign_in: Callable[..., Page],
    accessibility: Callable[[Page], list[str]],
) -> None:
    page = sign_in(optimizer, width=width, theme=theme, language=language)
    page.goto(f"/o/sunrise/plans/{plans[0].pk}/")
    page.wait_for_selector('[data-drawn="yes"]')
    if folder := os.environ.get("XMAGNET_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"plan-{width}-{theme}-{language}.png"), full_page=True)
    assert accessibility(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator('[data-edit="budget"]').click()
    expect(page.locator("#change-preview .before-after")).to_have_count(1)
    shoot(page, f"change-{width}-{theme}-{language}")
    assert accessibility(page) == []


def test_a_bid_is_edited_in_the_table_and_a_selection_changed_with_a_preview(
    optimizer: User, sign_in: Callable[..., Page]
) -> None:
    page = sign_in(optimizer)
    page.goto("/o/sunrise/plans/?sort=name")
    page.keyboard.press("j")
    page.keyboard.press("e")
    editor = page.locator("#cell-editor")
    value = editor.locator("#cell-value")
    expect(value).to_have_value("35")
    expect(value).to_be_focused()
    expect(editor).to_contain_text("From ¥0.10 to ¥10,000.00.")  # told before anything is sent
    expect(editor).to_contain_text("0 of 2 edits used today")
    value.fill("0.01")
    value.press("Enter")
    expect(editor).to_contain_text("The bid must be between")  # beside the cell, nothing was sent
    value.press("Escape")
    expect(editor).to_be_hidden()
    expect(page.locator('[data-edit="bid"]').first).to_be_focused()
    page.keyboard.press("Enter")
    value.fill("36.5")
    expect(editor.locator("ins")).to_have_text("¥36.50")
    value.press("Tab")  # sends, and goes on to the next cell
    expect(page.locator("#toasts")).to_contain_text("1 change is on its way.")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    cell = page.locator("td[data-cell-state]")
    expect(cell).to_have_attribute("data-cell-state", "sending")  # the new value, marked as not there yet
    expect(cell).to_contain_text("¥36.50")
    expect(editor.locator("#cell-limits")).to_contain_text("changes used today")
    page.keyboard.press("Escape")
    send = page.locator("[data-change-send]")
    value = page.locator("#change-value")
    page.get_by_label("Select the page").check()
    page.get_by_role("button", name="Select all 60 results").click()
    expect(page.locator("[data-bulk-count]")).to_have_text("60 selected")
    page.locator(".bulk-actions").get_by_role("button", name="Daily budget").click()
    page.locator("#change-kind").select_option("percent")
    page.locator("#change-value").fill("20")
    expect(page.locator("#change-preview tbody tr")).to_have_count(60)
    page.locator('#change-preview input[name="send"]').first.uncheck()
    send.click()
    expect(page.locator("#toasts")).to_contain_text("59 changes are on their way.")


def test_the_chart_of_a_plan_shows_other_numbers_in_place(
    plans: list[Any], optimizer: User, sign_in: Callable[..., Page]
) -> None:
    page = sign_in(optimizer)
    page.goto(f"/o/sunrise/plans/{plans[0].pk}/")
    page.locator("#chart-first").select_option("ctr")
    page.wait_for_selector('[data-drawn="yes"]')
    expect(page.locator("#plan-chart th").nth(1)).to_have_text("CTR")


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_the_smaller_pages_are_whole_and_accessible(
    width: int,
    theme: str,
    language: str,
    optimizer: User,
    sign_in: Callable[..., Page],
    visit: Callable[[Page, str], Response | None],
    accessibility: Callable[[Page], list[str]],
) -> None:
    page = sign_in(optimizer, width=width, theme=theme, language=language)
    problems = []
    for address in ("changes/", "templates/", "plans/upload/"):
        visit(page, f"/o/sunrise/{address}")
        shoot(page, f"{address.strip('/').replace('/', '-')}-{width}-{theme}-{language}")
        problems += [f"{address}: {problem}" for problem in accessibility(page)]
        if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            problems.append(f"{address}: wider than the window")
    assert problems == []
