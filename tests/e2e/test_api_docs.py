"""The documentation page of the API in a real browser, under our content policy."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect


def test_the_api_page_shows_every_operation_without_a_policy_violation(open_context: Callable[..., BrowserContext]):
    page = open_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto("/api/docs/")
    expect(page.get_by_role("heading", name="X-Magnet API")).to_be_visible()
    expect(page.locator("#operations-Plans-plans_list")).to_be_visible()
    page.locator("#operations-Bulk_creation-plans_bulk_create .opblock-summary-control").click()
    expect(page.get_by_text("Idempotency-Key").first).to_be_visible()
