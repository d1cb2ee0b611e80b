"""Edits and their undo in a browser, against a mock media on a port of its own; the test plays the workers."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect
from pytest_django import Settings

from campaigns.models import Plan
from campaigns.services.bulk.preparing import prepare_job
from tests.campaigns.bulk.conftest import media, mock_config, world
from tests.campaigns.bulk.engine import POLICY, World, drain, submit
from tests.factories import make_member
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job
from xmagnet.jobs.states import LIVE_STATES

__all__ = ["media", "mock_config", "world"]


@pytest.fixture
def desk(world: World, sign_in: Callable[..., Page], settings: Settings) -> Page:
    """The plan table of an optimizer with three plans on Douyin; pictures may come from the mock media."""
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    hosts = [*directives["img-src"], world.media.url]
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives | {"img-src": hosts}}
    with organization_scope(world.organization.pk):
        submit(world, world.rows(3, "douyin"), key="make")
        drain(world)
    page = sign_in(make_member(world.organization))
    page.goto(f"/o/{world.organization.slug}/plans/?sort=name")
    return page


def arrive(world: World) -> None:
    """Every job that was asked for is carried out at the media."""
    with organization_scope(world.organization.pk):
        with transaction.atomic():
            waiting = list(Job.objects.filter(state__in=LIVE_STATES).values_list("pk", flat=True))
        for job_id in waiting:
            prepare_job(world.organization.pk, job_id, POLICY)
        drain(world)


def bids(world: World) -> list[int | None]:
    with organization_scope(world.organization.pk), transaction.atomic():
        return list(Plan.objects.order_by("name").values_list("bid_fen", flat=True))


def set_bid(world: World, number: int, fen: int) -> None:
    """Somebody else was quicker."""
    with organization_scope(world.organization.pk), transaction.atomic():
        plan = Plan.objects.order_by("name")[number]
        Plan.objects.filter(pk=plan.pk).update(bid_fen=fen)


def edit_first_bid(page: Page, value: str) -> None:
    page.locator('[data-edit="bid"]').first.click()
    page.locator("#cell-value").fill(value)
    page.locator("#cell-value").press("Enter")
    expect(page.locator("td[data-cell-state=sending]")).to_contain_text(f"¥{value}")


def test_one_edit_is_taken_back_from_its_toast(world: World, desk: Page) -> None:
    first = desk.locator('[data-edit="bid"]').first
    edit_first_bid(desk, "61.00")
    arrive(world)
    expect(desk.locator("td[data-cell-state]")).to_have_count(0)  # it has arrived
    expect(first).to_have_text("¥61.00")
    expect(desk.locator("tr[data-current]")).to_have_count(1)  # the keyboard goes on where it was
    expect(first).to_be_focused()
    desk.get_by_role("button", name="Undo").click()
    expect(desk.locator("#toasts")).to_contain_text("Taking back 1 change.")
    arrive(world)
    expect(first).to_have_text("¥50.00")
    assert bids(world) == [50_00, 50_01, 50_02]


def test_a_style_that_something_left_on_a_field_is_not_written_again_as_markup(
    world: World, desk: Page, console_errors: list[str]
) -> None:
    """What hides carets or fills in passwords leaves style attributes; copied into new markup the policy refuses them.

    The whole journey must leave the console silent; the fixture that watches it says so at the end.
    """
    desk.evaluate("""() => { for (const input of document.querySelectorAll("#plan-table [id]")) {
        input.style.setProperty("caret-color", "transparent"); input.style.removeProperty("caret-color"); } }""")
    assert desk.locator('#plan-table [id][style=""]').count() > 0
    edit_first_bid(desk, "61.00")
    arrive(world)
    expect(desk.locator("td[data-cell-state]")).to_have_count(0)
    expect(desk.locator('[data-edit="bid"]').first).to_have_text("¥61.00")
    assert console_errors == []


def test_an_edit_that_is_still_on_its_way_is_taken_back_when_it_has_arrived(world: World, desk: Page) -> None:
    edit_first_bid(desk, "61.00")
    desk.get_by_role("button", name="Undo").click()
    expect(desk.locator("#toasts")).to_contain_text("it is taken back as soon as it has arrived")
    arrive(world)
    expect(desk.locator("#toasts")).to_contain_text("Taking back 1 change.")
    arrive(world)
    expect(desk.locator('[data-edit="bid"]').first).to_have_text("¥50.00")


def test_what_the_media_refuses_is_told_beside_the_cell(world: World, desk: Page) -> None:
    world.media.fault("partial_failure", "*bid/update*", count=1)
    edit_first_bid(desk, "61.00")
    arrive(world)
    expect(desk.locator(".cell-problem")).to_contain_text("¥61.00: The media refused")
    expect(desk.locator('[data-edit="bid"]').first).to_have_text("¥50.00")
    desk.keyboard.press("Escape")
    edit_first_bid(desk, "62.00")  # the next try begins with a clean cell
    expect(desk.locator(".cell-problem")).to_have_count(0)


def test_a_bulk_edit_is_taken_back_from_its_toast_but_not_over_somebody_elses_change(world: World, desk: Page) -> None:
    desk.get_by_label("Select the page").check()
    desk.locator(".bulk-actions").get_by_role("button", name="Bid", exact=True).click()
    desk.locator("#change-kind").select_option("amount")
    desk.locator("#change-value").fill("5")
    expect(desk.locator("#change-preview ins")).to_have_count(3)
    desk.locator("[data-change-send]").click()
    expect(desk.locator("#toasts")).to_contain_text("3 changes are on their way.")
    arrive(world)
    expect(desk.locator("#toasts")).to_contain_text("3 changes have arrived.")
    assert bids(world) == [55_00, 55_01, 55_02]
    expect(desk.locator("tr[data-selected]")).to_have_count(3)  # what was ticked stays ticked
    set_bid(world, 1, 99_00)
    desk.get_by_role("button", name="Undo").click()
    expect(desk.locator("#toasts")).to_contain_text("Taking back 2 changes. 1 is left alone.")
    arrive(world)
    expect(desk.locator('[data-edit="bid"]').first).to_have_text("¥50.00")
    assert bids(world) == [50_00, 99_00, 50_02]


def test_one_change_is_taken_back_from_the_history_of_its_plan(world: World, desk: Page) -> None:
    edit_first_bid(desk, "61.00")
    arrive(world)
    expect(desk.locator("td[data-cell-state]")).to_have_count(0)
    desk.locator("tbody .fix-name a").first.click()
    desk.wait_for_url(re.compile(r"/plans/\d+/"))
    desk.get_by_role("link", name="Undo").click()
    expect(desk.locator(".before-after")).to_have_text(re.compile("¥61.00.*¥50.00"))  # shown before it is done
    desk.get_by_role("button", name="Undo").click()
    expect(desk).to_have_url(re.compile("/jobs/"))
    arrive(world)
    assert bids(world) == [50_00, 50_01, 50_02]
