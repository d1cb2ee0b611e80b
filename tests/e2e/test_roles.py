"""Every role opens every page that it may open: nothing broken, nothing cut off, nothing said on the console."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page, Response

from frontend.navigation import MENU, PERSONAL
from tests.factories import make_member
from tests.security.routes import ROUTES, Route
from xmagnet.accounts.models import Agency, Organization, User
from xmagnet.accounts.roles import Role, permissions_of
from xmagnet.core.scope import organization_scope

CRAWLED = [
    (Role.OPTIMIZER, False),
    (Role.OPTIMIZER, True),
    (Role.AGENCY_LEAD, True),
    (Role.ANALYST, False),
    (Role.FINANCE, False),
    (Role.REVIEWER, False),
]


def is_page(name: str, route: Route) -> bool:
    """Whether the route answers a reading without arguments."""
    if not name.startswith("frontend:") or route.kind != "org" or "GET" not in route.permissions:
        return False
    return not (route.objects or route.extra)


def pages_of(role: str) -> list[str]:
    """Addresses of every argument-free page that the role may read, by the table of routes."""
    allowed = permissions_of(role)
    names = [
        name
        for name, route in ROUTES.items()
        if is_page(name, route) and (route.permissions["GET"] is None or route.permissions["GET"] in allowed)
    ]
    menu = {f"frontend:{item.url_name}" for group in MENU for item in group.items if item.permission in allowed}
    assert menu | {f"frontend:{item.url_name}" for item in PERSONAL} <= set(names)
    return [reverse(name, args=("sunrise",)) for name in names]


@pytest.mark.parametrize(("role", "is_of_agency"), CRAWLED)
def test_a_role_finds_every_page_whole(
    role: str,
    is_of_agency: bool,
    organization: Organization,
    inhabitant: User,
    sign_in: Callable[..., Page],
    visit: Callable[[Page, str], Response | None],
    accessibility: Callable[[Page], list[str]],
) -> None:
    agency = None
    if is_of_agency:
        with organization_scope(organization.pk), transaction.atomic():
            agency = Agency.all_tenants.get(organization=organization, name="白鲨数字")
    page = sign_in(make_member(organization, role, agency=agency), width=390, language="zh-hans")
    problems, seen = [], 0
    for address in pages_of(role):
        read = page.request.get(address, max_redirects=0)
        if read.ok and 'id="sidebar"' not in read.text():
            continue  # an island or a download, not a page
        answer = visit(page, address)
        seen += 1
        if answer is None or not answer.ok:
            problems.append(f"{address}: {answer and answer.status}")
            continue
        if (found := page.evaluate("document.documentElement.scrollWidth")) > 390:
            problems.append(f"{address}: {found} wide")
        problems += [f"{address}: {violation}" for violation in accessibility(page)]
    assert problems == []
    assert seen >= 6
