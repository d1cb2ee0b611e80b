"""Nothing jumps while a page loads, islands that come late included; every page says where it stands."""

import time
from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Page, Route, expect

from campaigns.models import Plan
from tests.e2e.test_pages import make_accounts, make_jobs, make_people
from tests.factories import OrganizationFactory, make_member
from tests.frontend.plans import make_delivery
from xmagnet.accounts.models import Organization, User
from xmagnet.core.scope import organization_scope

#: what an optimizer and an administrator have open all day
PAGES = (
    "", "plans/", "plans/build/", "jobs/", "jobs/job_running/", "changes/", "accounts/", "agencies/", "members/",
    "audit/", "notifications/",
)  # fmt: skip
#: the cumulative layout shift that nobody notices; the Web Vitals call 0.1 good
STILL = 0.02
#: so late are islands answered here: later than what the browser forgives after a click
LATE_SECONDS = 0.6
WATCH_SHIFTS = """
window.shifted = 0;
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    window.shifted += entry.value;
    window.shifts.push(entry.sources.map((source) => source.node?.outerHTML?.slice(0, 80)));
  }
}).observe({type: "layout-shift", buffered: true});
"""


@pytest.fixture
def organization(transactional_db: None) -> Organization:
    return OrganizationFactory(name="Sunrise Life", slug="sunrise")


@pytest.fixture
def person(organization: Organization) -> User:
    user = make_member(organization)
    make_jobs(organization, user)
    make_people(organization, user)
    make_accounts(organization)
    return user


def answer_late(route: Route) -> None:
    if route.request.headers.get("hx-request"):
        time.sleep(LATE_SECONDS)
    route.continue_()


@pytest.mark.parametrize(("width", "language"), [(1440, "en"), (390, "zh-hans")])
def test_nothing_jumps_while_a_page_loads(
    width: int, language: str, organization: Organization, person: User, sign_in: Callable[..., Page]
) -> None:
    with organization_scope(organization.pk), transaction.atomic():
        plan = Plan.objects.order_by("pk").values_list("pk", flat=True).first()
    page = sign_in(person, width=width, language=language)
    page.context.add_init_script(WATCH_SHIFTS)
    page.route("**/o/sunrise/**", answer_late)
    jumped = {}
    for address in (*PAGES, f"plans/{plan}/"):
        page.goto(f"/o/sunrise/{address}")
        page.wait_for_load_state("networkidle")
        if (shifted := page.evaluate("window.shifted")) >= STILL:
            jumped[address] = (shifted, page.evaluate("window.shifts"))
    assert jumped == {}


def test_a_jump_is_noticed(person: User, sign_in: Callable[..., Page]) -> None:
    page = sign_in(person)
    page.context.add_init_script(WATCH_SHIFTS)
    page.goto("/o/sunrise/accounts/")
    page.wait_for_load_state("networkidle")
    # Longer after the last input than what counts as its consequence.
    page.wait_for_timeout(600)
    page.evaluate("""() => {
      const block = document.createElement("p");
      block.textContent = "late";
      block.className = "chart-canvas";
      document.querySelector("main").prepend(block);
    }""")
    page.wait_for_function(f"window.shifted > {STILL}")


def test_the_way_home_stands_on_every_page(person: User, sign_in: Callable[..., Page]) -> None:
    page = sign_in(person)
    lost = []
    for address in (*PAGES[1:], "profile/", "notifications/settings/", "search/?q=jobs", "targets/", "members/invite/"):
        page.goto(f"/o/sunrise/{address}")
        way = page.get_by_role("navigation", name="Breadcrumbs")
        if way.get_by_role("link").first.inner_text() != "Overview" or way.locator("[aria-current]").count() != 1:
            lost.append(address)
    assert lost == []
    page.get_by_role("navigation", name="Breadcrumbs").get_by_role("link", name="Overview").click()
    expect(page.locator("h1")).to_have_text("Overview")
    expect(page.get_by_role("navigation", name="Breadcrumbs")).to_have_text("Overview")


def test_a_table_is_printed_whole_and_without_buttons(transactional_db: None, sign_in: Callable[..., Page]) -> None:
    organization = OrganizationFactory(name="Sunrise Life", slug="sunrise")
    make_delivery(organization, plan_count=50, days=1)
    page = sign_in(make_member(organization))
    page.goto("/o/sunrise/plans/")
    page.emulate_media(media="print")
    for hidden in (".sidebar", ".topbar", ".plan-toolbar", ".fix-check"):
        expect(page.locator(hidden).first).to_be_hidden()
    scroller = page.locator(".plan-scroll")
    assert scroller.evaluate("one => one.scrollHeight <= one.clientHeight + 1")  # nothing is left below the edge
    assert page.locator("tbody .fix-name").last.evaluate("one => getComputedStyle(one).position") == "static"
