"""An administrator's journeys, and what happens when the connection or the session is gone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from playwright.sync_api import BrowserContext, Page, Response, expect

from tests.factories import make_account, make_agency, make_plan
from xmagnet.accounts.models import Organization, User
from xmagnet.core.scope import organization_scope
from xmagnet.notices.choices import Event
from xmagnet.notices.services import notify

PASSWORD = "four quiet blue teapots"


@pytest.fixture
def page(person: User, sign_in: Callable[..., Page]) -> Page:
    return sign_in(person)


def test_an_invited_agency_user_sees_only_the_agencys_accounts(
    organization: Organization,
    page: Page,
    open_context: Callable[..., BrowserContext],
    visit: Callable[[Page, str], Response | None],
    console_errors: list[str],
) -> None:
    with transaction.atomic():
        blue, red = make_agency(organization, "Blue"), make_agency(organization, "Red")
        theirs = make_account(organization, agency=red, name="CANARY account")
        plan = make_plan(theirs, name="CANARY plan")
        given = make_account(organization, name="Given account")
        kept = make_plan(given, name="Our plan")
    page.goto(f"/o/sunrise/agencies/{blue.pk}/")
    page.get_by_label("Given account").check()
    page.get_by_role("button", name="Give the chosen").click()
    page.locator("#confirmation").get_by_role("button", name="Give").click()
    expect(page.locator("#toasts")).to_contain_text("1 account is moved")
    page.get_by_role("link", name="Invite").click()
    expect(page.get_by_label("Agency", exact=True)).to_have_value(str(blue.pk))
    page.get_by_label("Email").fill("new@example.com")
    page.get_by_label("Role").select_option("optimizer")
    page.get_by_role("button", name="Make the invitation").click()
    link = page.locator(".secret-line .mono").inner_text()

    newcomer = open_context(locale="en-GB").new_page()
    newcomer.goto(link)
    newcomer.get_by_label("Your name").fill("Wang Wei")
    newcomer.get_by_label("Password").fill(PASSWORD)
    newcomer.get_by_role("button", name="Make my account and join").click()
    expect(newcomer.locator("h1")).to_have_text("Overview")
    newcomer.get_by_label("Your account").click()
    newcomer.get_by_role("button", name="Sign out").click()
    newcomer.goto("/account/login/")
    newcomer.get_by_label("Email").fill("new@example.com")
    newcomer.get_by_label("Password").fill(PASSWORD)
    newcomer.get_by_role("button", name="Sign in").click()
    expect(newcomer.locator("h1")).to_have_text("Overview")

    newcomer.goto("/o/sunrise/accounts/")
    expect(newcomer.locator("main")).to_contain_text("Given account")
    for address in ("", "accounts/", "plans/", "changes/", "jobs/", "search/?q=CANARY", "notifications/"):
        visit(newcomer, f"/o/sunrise/{address}")
        assert "CANARY account" not in newcomer.content(), address
        assert "CANARY plan" not in newcomer.content(), address
    assert newcomer.goto(f"/o/sunrise/plans/{kept.pk}/").status == 200
    for address in (f"plans/{plan.pk}/", f"plans/{plan.pk}/chart/", f"accounts/{theirs.pk}/alarm/"):
        answer = newcomer.goto(f"/o/sunrise/{address}")
        assert answer.status in {403, 404}, address
    assert newcomer.goto(f"/o/sunrise/plans/{plan.pk}/").status == 404
    page.goto("/o/sunrise/")
    page.get_by_label("Notifications").click()
    expect(page.locator("#notifications .notice")).to_contain_text("Wang Wei joined")
    # Refusals are what is tested; the browser complains of them.
    console_errors[:] = [error for error in console_errors if not re.search(r"status of 40[34]", error)]


def forget_sessions() -> None:
    Session.objects.all().delete()


def test_whose_session_ended_signs_in_and_comes_back(person: User, page: Page, console_errors: list[str]) -> None:
    page.goto("/o/sunrise/members/?role=admin")
    page.wait_for_load_state("networkidle")  # an island that still loads would lead to the sign-in page by itself
    forget_sessions()
    page.get_by_label("Notifications").click()
    page.wait_for_url("**/account/login/**")
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/o/sunrise/members/?role=admin")
    console_errors[:] = [error for error in console_errors if "401" not in error]


def test_a_reading_that_fails_says_so_in_its_place_and_is_tried_again(page: Page, console_errors: list[str]) -> None:
    page.goto("/o/sunrise/")
    page.route("**/notifications/bell/", lambda route: route.abort())
    page.get_by_label("Notifications").click()
    panel = page.locator("#notifications .menu-panel")
    expect(panel).to_contain_text("This could not be loaded")
    page.unroute("**/notifications/bell/")
    panel.get_by_role("button", name="Try again").click()
    expect(panel).to_contain_text("Nothing new")
    console_errors.clear()  # the aborted request


def test_a_poll_that_fails_is_one_line_until_it_works_again(page: Page, console_errors: list[str]) -> None:
    page.goto("/o/sunrise/")
    page.wait_for_load_state("networkidle")
    page.route("**/notifications/unread/", lambda route: route.fulfill(status=503))
    page.evaluate("htmx.trigger('#unread', 'load')")
    page.evaluate("htmx.trigger(document.body, 'notifications-read')")
    expect(page.locator("#connection-lost")).to_be_visible()
    expect(page.locator(".toast-card")).to_have_count(0)
    page.unroute("**/notifications/unread/")
    page.evaluate("htmx.trigger(document.body, 'notifications-read')")
    expect(page.locator("#connection-lost")).to_be_hidden()
    console_errors.clear()  # the answer 503


def test_wishes_are_changed_and_what_happened_is_read(organization: Organization, page: Page) -> None:
    with organization_scope(organization.pk), transaction.atomic():
        notify(
            Event.BALANCE_LOW,
            data={"account_name": "安心-抖音-01", "remote_id": "17", "balance_fen": 100, "limit_fen": 500},
        )
    page.goto("/o/sunrise/notifications/")
    expect(page.locator("main")).to_contain_text("安心-抖音-01: the balance is low")
    page.get_by_role("button", name="Mark as read").click()
    expect(page.get_by_role("button", name="Mark as read")).to_have_count(0)
    page.goto("/o/sunrise/notifications/settings/")
    group = page.get_by_role("group", name="An account's balance is below its alarm")
    group.get_by_label("Chat").check()
    group.get_by_label("Email").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Saved")
    expect(group.get_by_label("Chat")).to_be_checked()
    expect(group.get_by_label("Email")).not_to_be_checked()


def test_new_pages_are_whole(
    organization: Organization,
    person: User,
    sign_in: Callable[..., Page],
    visit: Callable[[Page, str], Response | None],
    accessibility: Callable[[Page], list[str]],
) -> None:
    agency: Any = make_agency(organization, "白鲨数字")
    with transaction.atomic():
        make_account(organization, agency=agency, name="安心保险-抖音-01")
        make_account(organization, name="安心保险-快手-02", platform="kuaishou")
    problems = []
    for width, language in ((1440, "en"), (390, "zh-hans")):
        page = sign_in(person, width=width, language=language)
        for address in (
            f"agencies/{agency.pk}/", "notifications/", "notifications/settings/", "notifications/settings/chat/",
            "channels/", "channels/add/", "changes/", "audit/", "members/",
        ):  # fmt: skip
            visit(page, f"/o/sunrise/{address}")
            if (found := page.evaluate("document.documentElement.scrollWidth")) > width:
                problems.append(f"{address}: {found} wide")
            problems += [f"{address} {width}: {violation}" for violation in accessibility(page)]
    assert problems == []
