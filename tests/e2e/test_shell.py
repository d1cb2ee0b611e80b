"""The shell under real hands: keyboard, menus, search, theme, language, the drawer, progress that stops."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from tests.factories import PASSWORD
from xmagnet.accounts.models import Organization, User
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job
from xmagnet.jobs.states import JobState
from xmagnet.jobs.telling import tell_maker


@pytest.fixture
def page(person: User, sign_in: Callable[..., Page]) -> Page:
    page = sign_in(person)
    page.goto("/o/sunrise/")
    return page


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_the_keyboard_opens_help_search_and_pages(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#shortcut-help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcut-help")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("audit")
    expect(page.locator('[role="option"]')).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/o/sunrise/audit/")
    page.keyboard.press("g")
    page.keyboard.press("j")
    page.wait_for_url("**/o/sunrise/jobs/")


def test_the_search_closes_on_escape_and_says_when_nothing_is_found(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("zzzz")
    expect(page.locator("#search-results")).to_contain_text("Nothing found")
    page.keyboard.press("Escape")
    expect(page.locator("#search-results")).to_be_hidden()


def test_the_theme_switches_at_once_and_stays(page: Page) -> None:
    page.get_by_label("Theme").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_language_switches_and_stays(page: Page) -> None:
    page.get_by_label("Language").click()
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("h1")).to_have_text("概览")
    page.goto("/o/sunrise/jobs/")
    expect(page.locator("h1")).to_have_text("任务")


def test_the_drawer_opens_and_closes_on_a_narrow_screen(person: User, sign_in: Callable[..., Page]) -> None:
    page = sign_in(person, width=390)
    page.goto("/o/sunrise/")
    expect(page.locator("#sidebar")).to_be_hidden()
    page.get_by_role("button", name="Menu", exact=True).click()
    expect(page.locator("#sidebar")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#sidebar")).to_be_hidden()


def test_a_job_moves_and_comes_to_rest(organization: Organization, person: User, page: Page) -> None:
    with organization_scope(organization.pk), transaction.atomic():
        job = Job.objects.create(
            kind="plans.update", permission="plans:write", state=JobState.RUNNING, done_count=10, total_count=40,
            user_id=person.pk, started_at=timezone.now() - timedelta(seconds=5),
        )  # fmt: skip
    page.goto(f"/o/sunrise/jobs/{job.pk}/")
    expect(page.locator("#job-progress")).to_contain_text("10 of 40 done")
    with organization_scope(organization.pk), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(
            state=JobState.SUCCEEDED, done_count=40, finished_at=timezone.now() + timedelta(seconds=1)
        )
        tell_maker(Job.objects.get(pk=job.pk))
    expect(page.locator("#job-progress")).to_contain_text("Succeeded")
    expect(page.locator("#job-progress")).not_to_have_attribute("hx-trigger", re.compile("."))
    expect(page.locator("#unread")).to_contain_text("1 new")
    page.get_by_label("Notifications").click()
    expect(page.locator("#notifications .notice")).to_contain_text("Change plans: finished")
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator("#unread")).to_be_empty()
    expect(page.locator("#notifications .notice.is-new")).to_have_count(0)
    page.get_by_role("link", name="All notifications").click()
    page.get_by_role("link", name="Change plans: finished").click()
    page.wait_for_url(f"**/jobs/{job.pk}/")


def test_cancelling_asks_first(organization: Organization, page: Page) -> None:
    with organization_scope(organization.pk), transaction.atomic():
        job = Job.objects.create(kind="plans.update", permission="plans:write")
    page.goto(f"/o/sunrise/jobs/{job.pk}/")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Back").click()
    with organization_scope(organization.pk), transaction.atomic():
        assert Job.objects.get().state == JobState.QUEUED
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Stop the job").click()
    expect(page.locator("#job-progress")).to_contain_text("Cancelled")
    expect(page.locator("#toasts")).to_contain_text("nothing new is started")


def test_an_invited_person_signs_up_and_sets_up_a_second_step(
    page: Page, open_context: Callable[..., BrowserContext], site: str
) -> None:
    page.goto("/o/sunrise/members/invite/")
    page.get_by_label("Email").fill("new@example.com")
    page.get_by_label("Role").select_option("analyst")
    page.get_by_role("button", name="Make the invitation").click()
    link = page.locator(".secret-line .mono").inner_text()

    newcomer = open_context(locale="en-GB").new_page()
    newcomer.goto(link)
    newcomer.get_by_label("Your name").fill("Wang Wei")
    newcomer.get_by_label("Password").fill("four quiet blue teapots")
    newcomer.get_by_role("button", name="Make my account and join").click()
    expect(newcomer.locator("h1")).to_have_text("Overview")

    newcomer.goto("/account/two-factor/")
    newcomer.get_by_role("link", name="Set up").click()
    if "reauthenticate" in newcomer.url:
        newcomer.get_by_label("Password").fill("four quiet blue teapots")
        newcomer.get_by_role("button", name="Go on").click()
    secret = newcomer.locator(".mono").first.inner_text()
    newcomer.locator("#id_code").fill(code_of(secret))
    newcomer.get_by_role("button", name="Switch on").click()
    newcomer.goto("/account/two-factor/")
    expect(newcomer.locator(".status").first).to_have_text("On")
    assert get_adapter().is_mfa_enabled(User.objects.get(email="new@example.com"))

    again = open_context(locale="en-GB").new_page()
    again.goto("/account/login/")
    again.get_by_label("Email").fill("new@example.com")
    again.get_by_label("Password").fill("four quiet blue teapots")
    again.get_by_role("button", name="Sign in").click()
    expect(again.locator("h1")).to_have_text("Second step")
    again.goto("/o/sunrise/")
    expect(again.locator("h1")).to_have_text("Second step")


def test_too_many_wrong_passwords_lock_the_door(
    person: User, open_context: Callable[..., BrowserContext], console_errors: list[str]
) -> None:
    page = open_context(locale="en-GB").new_page()
    for _ in range(9):
        page.goto("/account/login/")
        if page.locator("h1").inner_text() == "Too many attempts":
            break
        page.get_by_label("Email").fill(person.email)
        page.get_by_label("Password").fill("wrong password")
        page.get_by_role("button", name="Sign in").click()
    expect(page.locator("h1")).to_have_text("Too many attempts")
    page.goto("/account/login/")
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("h1")).to_have_text("Too many attempts")
    # The answer 429 is what is tested; the browser complains of it.
    console_errors[:] = [error for error in console_errors if "429" not in error]
