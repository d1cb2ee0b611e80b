"""Connecting accounts in a browser, through the consent page of a mock media on a port of its own."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from media_connectors.gateway.connectors import forget_connectors
from media_connectors.mockserver.app import create_app
from media_connectors.mockserver.config import MockConfig
from media_connectors.mockserver.server import Server
from media_connectors.models import MediaAccount
from tests.factories import make_agency, make_member
from xmagnet.accounts.models import Organization
from xmagnet.core.scope import organization_scope

APPLICATIONS = {
    "oceanengine": ("1790000000000001", "mock-oceanengine-secret"),
    "kuaishou": ("165900001", "mock-kuaishou-secret"),
}
PAGES = {"oceanengine": "/openapi/audit/oauth.html", "kuaishou": "/tools/authorize"}


@pytest.fixture
def media(settings: Any) -> Iterator[str]:
    """A mock media that the site calls and the browser visits; its address."""
    server = Server(create_app(MockConfig(clock="stepped", accounts=2)), "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.port}"
    settings.MEDIA_BASE_URLS = dict.fromkeys(APPLICATIONS, address)
    settings.MEDIA_AUTHORIZE_URLS = {vendor: address + page for vendor, page in PAGES.items()}
    forget_connectors()
    yield address
    forget_connectors()
    server.stop()
    thread.join(timeout=5)


def connected(organization: Organization) -> list[MediaAccount]:
    with organization_scope(organization.pk), transaction.atomic():
        return list(MediaAccount.objects.order_by("platform", "remote_id"))


@pytest.mark.parametrize(
    ("vendor", "platform", "granted_count"), [("oceanengine", "douyin", 1), ("kuaishou", "kuaishou", 2)]
)
def test_accounts_are_connected_through_the_medias_own_consent_page(
    vendor: str,
    platform: str,
    granted_count: int,
    media: str,
    organization: Organization,
    sign_in: Callable[..., Page],
    console_errors: list[str],
) -> None:
    agency = make_agency(organization, "蓝鲸互动")
    page = sign_in(make_member(organization))
    page.goto("/o/sunrise/accounts/connect/")
    application_id, secret = APPLICATIONS[vendor]
    page.get_by_label("Media").select_option(vendor)
    page.get_by_label("Application id").fill(application_id)
    page.get_by_label("Application secret").fill(secret)
    page.get_by_role("button", name="Keep the application").click()
    page.get_by_role("link", name="Connect accounts").click()

    page.wait_for_url(f"{media}/**")
    if vendor == "oceanengine":  # only there the person chooses among the accounts
        granted = page.get_by_role("checkbox")
        expect(granted).to_have_count(2)
        granted.nth(1).uncheck()
    page.get_by_role("button", name="同意授权").click()

    expect(page.locator("h1")).to_have_text("Choose accounts")
    choice = page.locator(f'input[name="accounts"][value^="{platform}:"]')
    expect(choice).to_have_count(granted_count)
    choice.first.check()
    page.get_by_label("Agency").select_option(label="蓝鲸互动")
    page.get_by_role("button", name="Connect", exact=True).click()

    expect(page.locator("#toasts")).to_contain_text("1 account is connected.")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("Healthy")
    (account,) = connected(organization)
    assert (account.platform, account.agency_id) == (platform, agency.pk)
    assert account.credential_id is not None
    # The consent page is the media's, and the media has no icon for the browser's tab.
    console_errors[:] = [error for error in console_errors if "404" not in error]


def test_somebody_elses_consent_link_connects_nothing(
    media: str, organization: Organization, sign_in: Callable[..., Page]
) -> None:
    page = sign_in(make_member(organization))
    page.goto("/o/sunrise/accounts/connect/callback/?auth_code=stolen&state=planted")
    expect(page.locator("h1")).to_have_text("Connect accounts")
    expect(page.locator("#toasts .toast-card")).to_have_attribute("data-level", "error")
    assert connected(organization) == []
