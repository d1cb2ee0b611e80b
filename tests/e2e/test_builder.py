"""The builder in a browser: what is painted, picked, corrected and resumed there."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from campaigns.services.materials import keep_materials
from tests.frontend.plans import make_delivery
from xmagnet.accounts.models import Organization, User
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job

BUILD = "/o/sunrise/plans/build/"


@pytest.fixture
def plans(organization: Organization) -> list[Any]:
    return make_delivery(organization, plan_count=12, days=2)


@pytest.fixture
def page(optimizer: User, sign_in: Callable[..., Page], language: str) -> Iterator[Page]:
    """The builder; left quietly, because a draft sent by a closing page would outlive the test's tables."""
    page = sign_in(optimizer, language=language)
    page.goto(BUILD)
    page.wait_for_load_state("networkidle")
    yield page
    page.evaluate("document.querySelector('[data-builder]').dataset.sent = 'yes'")
    page.wait_for_load_state("networkidle")


@pytest.fixture
def language() -> str:
    return "en"


def painted(page: Page) -> str:
    """The first schedule of the form as it would be sent."""
    return page.locator('[data-schedule] input[type="hidden"]').first.input_value()


def test_a_week_is_painted_by_mouse_keyboard_and_copies_of_a_day(page: Page) -> None:
    page.locator('[data-add="schedule"]').click()
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("gridcell", name="Mon 09:00").hover()
    page.mouse.down()
    page.get_by_role("gridcell", name="Mon 11:00").hover()
    page.get_by_role("gridcell", name="Tue 11:00").hover()
    page.mouse.up()
    monday, tuesday = "0" * 18 + "1" * 6 + "0" * 24, "0" * 22 + "11" + "0" * 24
    # Every cell between two positions of the mouse is painted, however far apart the browser reports them.
    expect(page.locator("[data-schedule-summary]")).to_have_text("4 hours a week")
    assert painted(page) == monday + tuesday + "0" * 240
    page.locator("[data-copy-day]").click()
    assert painted(page) == monday * 5 + "0" * 96
    cell = page.get_by_role("gridcell", name="Mon 10:00")
    cell.focus()
    for key in ("c", "End", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "v"):
        page.keyboard.press(key)
    expect(page.get_by_role("gridcell", name="Sat 23:00")).to_be_focused()
    assert painted(page) == monday * 6 + "0" * 48
    page.get_by_role("button", name="Weekend").click()
    assert painted(page) == "0" * 240 + "1" * 96


def fill(page: Page) -> None:
    """A whole form: two accounts, one creative by id, one title, two bids, one budget."""
    page.locator('[name="account"]').nth(0).check()
    page.locator('[name="account"]').nth(1).check()
    page.locator("#id_landing_url").fill("https://life.example/a")
    page.locator('[data-add="creative"]').click()
    page.locator('[data-adder="id"]').fill("v7001")
    page.locator("[data-add-material]").click()
    page.locator('[data-add="title"]').click()
    page.locator('[data-blocks="title"] textarea').fill("百万医疗险首月一元起")
    page.locator("#id_bids").fill("40 45")
    page.locator("#id_budgets").fill("500")


@pytest.fixture
def files(plans: list[Any]) -> None:
    """Each plan shows a file of its own; without a media to ask, the picker offers what is in use."""
    with organization_scope(plans[0].organization_id), transaction.atomic():
        for plan in plans:
            plan.materials = [{"kind": "image", "remote_id": f"file-{plan.pk}"}]
            plan.save(update_fields=["materials"])
        keep_materials([plan.pk for plan in plans])


@pytest.mark.usefixtures("files")
def test_files_picked_of_one_account_stay_picked_while_another_is_shown(page: Page) -> None:
    accounts = page.locator('[name="account"]')
    for index in range(accounts.count()):
        accounts.nth(index).check()
    page.locator('[data-add="creative"]').click()
    page.locator("[data-pick-materials]").click()
    dialog = page.locator("dialog[open]")
    library = dialog.locator("#library-account")
    dialog.locator(".library-card input").first.check()
    expect(dialog.locator("[data-picked-count]")).to_have_text("Chosen: 1")
    first, other = library.input_value(), library.locator("option").last.get_attribute("value")
    with page.expect_response("**/build/materials/**"):
        library.select_option(other)
    expect(dialog.locator("#library-files input:checked")).to_have_count(0)
    expect(dialog.locator("[data-picked-count]")).to_have_text("Chosen: 1")
    dialog.locator(".library-card input").first.check()
    library.select_option(first)
    expect(dialog.locator("#library-files input:checked")).to_have_count(1)
    expect(dialog.locator("[data-picked-count]")).to_have_text("Chosen: 2")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("[data-material-chip]")).to_have_count(2)


def test_a_region_is_picked_by_name_and_a_province_takes_the_place_of_its_cities(page: Page) -> None:
    page.locator('[data-add="audience"]').click()
    box = page.get_by_role("combobox", name="Regions")
    box.fill("shenzhen")
    page.wait_for_selector(".picker-option")
    expect(page.locator(".picker-option")).to_have_text("Shenzhen (Guangdong) 深圳")
    box.press("Enter")
    chips = page.locator("[data-tree] [data-picked-chip]")
    expect(chips).to_have_text("Shenzhen (Guangdong)")
    box.fill("广东")
    expect(page.locator(".picker-option").first).to_have_text("Guangdong 广东")
    box.press("Enter")
    expect(chips).to_have_text("Guangdong")
    box.press("Backspace")
    expect(chips).to_have_count(0)


def test_titles_are_counted_as_each_media_counts_and_repeats_are_told(page: Page) -> None:
    page.locator('[name="account"]').nth(0).check()
    page.locator('[data-add="title"]').click()
    page.locator('[data-blocks="title"] textarea').fill("百万医疗险，首月1元\n百万医疗险首月１元！\n短")
    lines = page.locator("[data-title-check] li")
    expect(lines.nth(0)).to_have_text("百万医疗险，首月1元 · 9.5/30")
    expect(lines.nth(1)).to_contain_text("twice in this set")
    expect(lines.nth(2)).to_contain_text("too short (Douyin 1/5)")


def test_a_bid_type_without_bids_locks_them_and_keeps_what_was_typed(page: Page) -> None:
    fill(page)
    page.locator("#id_bid_type").select_option("max_conversion")
    expect(page.locator("#id_bids")).not_to_be_editable()
    expect(page.locator("#no-bid-reason")).to_be_visible()
    expect(page.locator(".promise strong")).to_have_text("This will create exactly 2 plans")
    page.locator("#id_bid_type").select_option("target_cpa")
    expect(page.locator(".promise strong")).to_have_text("This will create exactly 4 plans")
    page.locator("details.ladder summary").first.click()
    for name, value in (("from", "50"), ("to", "60"), ("step", "5")):
        page.locator(f'.ladder [data-ladder-part="{name}"]').first.fill(value)
    page.locator("[data-ladder-climb]").first.click()
    expect(page.locator("#id_bids")).to_have_value("40 45 50-60/5")
    expect(page.locator(".promise strong")).to_have_text("This will create exactly 10 plans")
    expect(page.locator("#bids-say")).to_contain_text("5 values: ¥40.00, ¥45.00, ¥50.00, ¥55.00, ¥60.00")


def test_a_cell_of_the_preview_is_corrected_in_place_and_taken_back(page: Page) -> None:
    fill(page)
    expect(page.locator(".promise strong")).to_have_text("This will create exactly 4 plans")
    page.get_by_role("button", name="Edit Daily budget, row 2").click()
    page.keyboard.type("90")
    page.keyboard.press("Enter")
    expect(page.locator(".row-preview td.is-edited.is-wrong")).to_have_count(1)
    expect(page.locator(".promise strong")).to_have_text("This will create exactly 3 plans")
    page.locator("[data-undo-cell]").click()
    expect(page.locator(".promise strong")).to_have_text("This will create exactly 4 plans")
    expect(page.locator("td.is-edited")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh-hans"])
def test_a_day_is_chosen_in_the_pages_language(page: Page) -> None:
    page.locator("#id_start_date").fill("2030/1/5")
    page.locator("#id_start_date").press("Tab")
    expect(page.locator("#id_start_date")).to_have_value("2030-01-05")
    page.locator("[data-day-open]").first.click()
    expect(page.locator(".day-head strong")).to_have_text("2030年1月")
    for key in ("ArrowDown", "ArrowRight", "PageDown", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#id_start_date")).to_have_value("2030-02-13")


def test_an_uploaded_file_is_corrected_in_its_preview(optimizer: User, sign_in: Callable[..., Page]) -> None:
    page = sign_in(optimizer)
    page.goto("/o/sunrise/plans/upload/")
    lines = "client_ref,media,account_id,bid,budget\nr1,douyin,1,40,500\nr2,douyin,1,40,x\n"
    page.set_input_files("#upload-file", {"name": "a.csv", "mimeType": "text/csv", "buffer": lines.encode()})
    expect(page.locator(".row-preview tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Edit Daily budget, row 3").click()
    page.keyboard.type("600")
    page.keyboard.press("Enter")
    expect(page.locator("td.is-edited")).to_have_count(1)
    expect(page.locator("td.is-edited .cell-edit")).to_have_text("600")
    page.locator("[data-skip-row]").first.click()
    expect(page.locator(".row-preview tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Undo every correction").click()
    expect(page.locator(".row-preview tbody tr")).to_have_count(2)


def test_the_launch_dialog_keeps_its_head_and_buttons_in_view(plans: list[Any], page: Page) -> None:
    with organization_scope(plans[0].organization_id), transaction.atomic():
        job = Job.objects.create(
            kind="plans.create", permission="plans:write", state="succeeded", is_row_driven=True, total_count=12,
            counts={"succeeded": 12}, agency_id=plans[0].agency_id,
        )  # fmt: skip
        for plan in plans:
            plan.job_id, plan.status = job.pk, "paused"
            plan.save(update_fields=["job_id", "status"])
    page.goto(f"/o/sunrise/jobs/{job.pk}/")
    page.set_viewport_size({"width": 1440, "height": 560})
    page.get_by_role("button", name="Launch the plans").click()
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_role("heading", name="Launch the plans")).to_be_in_viewport()
    expect(dialog.get_by_role("button", name="Launch all 12 plans")).to_be_in_viewport()
    page.goto(BUILD)


def test_a_file_with_a_long_id_fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    fill(page)
    page.locator('[data-adder="account"]').select_option(index=1)
    page.locator('[data-adder="id"]').fill("tos-cn-p-0051/7eada01320175f2c8b7e90")
    page.locator("[data-add-material]").click()
    expect(page.locator("[data-material-chip]").last).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") == 0


def test_the_steps_stand_beside_the_form_and_a_parted_draft_is_said_above_it(page: Page) -> None:
    steps, body = page.locator(".builder-steps").bounding_box(), page.locator(".builder-body").bounding_box()
    assert steps
    assert body
    assert steps["x"] + steps["width"] <= body["x"]
    assert abs(steps["y"] - body["y"]) < 30
    fill(page)
    expect(page.locator("#builder-promise")).to_contain_text("This will create exactly 4 plans")
    other = page.context.new_page()
    other.goto(BUILD)
    other.locator(".unfinished a").first.click()
    expect(other.locator("#builder-promise")).to_contain_text("This will create exactly 4 plans")
    page.locator("#id_bids").fill("41")
    expect(page.locator(".draft-parted")).to_contain_text("a draft of its own")
    other.evaluate("document.querySelector('[data-builder]').dataset.sent = 'yes'")
    other.close()
