"""Nothing jumps while a page loads, islands that come late included; every page says where it stands."""

from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Page, Response, Route, expect

from campaigns.models import Plan
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


def answer_late(route: Route) -> None:
    if route.request.headers.get("hx-request"):
        route.request.frame.page.wait_for_timeout(LATE_SECONDS * 1000)  # others may be late at the same time
    route.continue_()


@pytest.mark.parametrize(("width", "language"), [(1440, "en"), (390, "zh-hans")])
def test_nothing_jumps_while_a_page_loads(
    width: int,
    language: str,
    organization: Organization,
    inhabitant: User,
    sign_in: Callable[..., Page],
    visit: Callable[[Page, str], Response | None],
) -> None:
    with organization_scope(organization.pk), transaction.atomic():
        plan = Plan.objects.order_by("pk").values_list("pk", flat=True).first()
    page = sign_in(inhabitant, width=width, language=language)
    page.context.add_init_script(WATCH_SHIFTS)
    page.route("**/o/sunrise/**", answer_late)
    jumped = {}
    for address in (*PAGES, f"plans/{plan}/"):
        visit(page, f"/o/sunrise/{address}")
        if (shifted := page.evaluate("window.shifted")) >= STILL:
            jumped[address] = (shifted, page.evaluate("window.shifts"))
    assert jumped == {}


def test_a_jump_is_noticed(
    inhabitant: User, sign_in: Callable[..., Page], visit: Callable[[Page, str], Response | None]
) -> None:
    page = sign_in(inhabitant)
    page.context.add_init_script(WATCH_SHIFTS)
    visit(page, "/o/sunrise/accounts/")
    # Longer after the last input than what counts as its consequence.
    page.wait_for_timeout(600)
    page.evaluate("""() => {
      const block = document.createElement("p");
      block.textContent = "late";
      block.className = "chart-canvas";
      document.querySelector("main").prepend(block);
    }""")
    page.wait_for_function(f"window.shifted > {STILL}")


def test_the_way_home_stands_on_every_page(inhabitant: User, sign_in: Callable[..., Page]) -> None:
    page = sign_in(inhabitant)
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


def test_a_table_is_printed_whole_and_without_buttons(
    organization: Organization, person: User, sign_in: Callable[..., Page]
) -> None:
    make_delivery(organization, plan_count=50, days=1)
    page = sign_in(person)
    page.goto("/o/sunrise/plans/")
    page.emulate_media(media="print")
    for hidden in (".sidebar", ".topbar", ".plan-toolbar", ".fix-check"):
        expect(page.locator(hidden).first).to_be_hidden()
    scroller = page.locator(".plan-scroll")
    assert scroller.evaluate("one => one.scrollHeight <= one.clientHeight + 1")  # nothing is left below the edge
    assert page.locator("tbody .fix-name").last.evaluate("one => getComputedStyle(one).position") == "static"
