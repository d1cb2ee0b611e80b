"""What goes wrong between the browser and the server: said in place, nothing typed is lost, and it goes on."""

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.factories import PASSWORD, make_member
from tests.frontend.plans import make_delivery
from xmagnet.accounts.models import Organization, User

TABLE = "/o/sunrise/plans/?cols=bid,budget,schedule,cost"


@pytest.fixture
def administrator(organization: Organization, person: User) -> User:
    """The administrator of an organization with ten plans."""
    make_delivery(organization, plan_count=10, days=1)
    return person


@pytest.fixture
def page(administrator: User, sign_in: Callable[..., Page], console_errors: list[str]) -> Any:
    """Failed requests are what is tested here; the browser complains of each."""
    yield sign_in(administrator)
    wanted = re.compile("Failed to load resource|htmx:|Response Status Error Code")
    console_errors[:] = [error for error in console_errors if not wanted.search(error)]


def open_schedule(page: Page) -> None:
    page.locator('[data-edit="schedule"]').first.click()
    expect(page.locator(".schedule-grid")).to_be_visible()


def hold(page: Page, address: str) -> list[Route]:
    """Requests to the address are not answered until somebody lets them go on."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(re.compile(address), keep)
    return held


def sign_out_elsewhere(page: Page) -> None:
    page.context.clear_cookies(name="sessionid")


def sign_in_beside(page: Page, person: User) -> None:
    with page.context.expect_page() as opened:
        page.locator("#signed-out a").click()
    beside = opened.value
    beside.get_by_label("Email").fill(person.email)
    beside.get_by_label("Password").fill(PASSWORD)
    beside.get_by_role("button", name="Sign in").click()
    beside.wait_for_url("**/o/sunrise/**")
    beside.close()


def test_a_dialog_that_did_not_come_is_asked_for_again_into_its_place(page: Page) -> None:
    page.goto(TABLE)
    page.route("**/edit/schedule/", lambda route: route.abort())
    page.locator('[data-edit="schedule"]').first.click()
    page.unroute("**/edit/schedule/")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("dialog[open] .schedule-grid")).to_be_visible()
    expect(page.locator(".sidebar")).to_be_attached()  # the answer did not take the place of the page
    expect(page.locator("#plan-table tbody tr")).to_have_count(10)


def test_a_stroke_that_ends_beside_the_dialog_does_not_close_it(page: Page) -> None:
    page.goto(TABLE)
    open_schedule(page)
    cell = page.locator('.schedule-grid [role="gridcell"]').nth(10).bounding_box()
    assert cell is not None
    page.mouse.move(cell["x"] + 5, cell["y"] + 5)
    page.mouse.down()
    page.mouse.move(cell["x"] + 80, cell["y"] + 40, steps=4)
    page.mouse.move(1430, cell["y"] + 40, steps=4)
    page.mouse.up()
    expect(page.locator("dialog[open]")).to_be_visible()
    expect(page.locator('.schedule-grid [aria-selected="false"]').first).to_be_visible()
    page.mouse.click(20, 450)  # what was painted is not thrown away by a stray click
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    open_schedule(page)
    page.mouse.click(20, 450)  # nothing painted: a press beside it closes
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_a_cell_whose_editor_did_not_come_leaves_the_table_alive(page: Page) -> None:
    page.goto(TABLE)
    page.route("**/cell/bid/", lambda route: route.abort())
    page.locator('[data-edit="bid"]').first.click()
    expect(page.locator("#toasts")).to_contain_text("cannot be reached")
    page.unroute("**/cell/bid/")
    with page.expect_response(lambda answer: answer.url.endswith("cost") and answer.request.method == "GET"):
        page.evaluate('document.dispatchEvent(new CustomEvent("plans-changed", {detail: {}}))')


def test_a_slow_table_does_not_keep_dialogs_waiting(page: Page) -> None:
    page.goto(TABLE)
    held = hold(page, r"/plans/\?cols=")
    page.evaluate('document.dispatchEvent(new CustomEvent("plans-changed", {detail: {}}))')
    expect(page.locator("#plan-table")).to_have_attribute("aria-busy", "true")
    open_schedule(page)
    assert len(held) == 1
    held[0].continue_()
    page.unroute_all(behavior="wait")


def test_an_early_question_answered_late_does_not_replace_the_later_answer(page: Page) -> None:
    page.goto(TABLE)
    held = hold(page, "compare=previous")
    page.locator("summary", has_text="No comparison").click()
    page.get_by_role("link", name="Previous period").click()
    expect(page.locator("#plan-table")).to_have_attribute("aria-busy", "true")
    page.get_by_role("link", name="Bid").click()
    expect(page).to_have_url(re.compile("sort=-bid"))
    assert len(held) == 1
    page.wait_for_timeout(300)
    expect(page).to_have_url(re.compile("sort=-bid"))
    expect(page.locator("th[aria-sort]")).to_contain_text("Bid")


def test_signed_out_in_the_middle_of_an_edit_goes_on_after_signing_in_beside(page: Page, administrator: User) -> None:
    page.goto(TABLE)
    page.locator('[data-edit="bid"]').first.click()
    expect(page.locator("#cell-value")).to_be_focused()
    sign_out_elsewhere(page)
    page.locator("#cell-value").fill("88")
    expect(page.locator("#signed-out")).to_contain_text("nothing that you typed is lost")
    expect(page.locator("#cell-value")).to_have_value("88")
    sign_in_beside(page, administrator)
    page.locator("#cell-value").press("Enter")  # with the token of the page that was there before
    expect(page.locator("#toasts")).to_contain_text("1 change")
    expect(page.locator("#signed-out")).to_be_hidden()


def test_signed_out_under_a_dialog_the_way_back_can_be_clicked(page: Page, administrator: User) -> None:
    page.goto(TABLE)
    page.get_by_label("Select the page").check()
    page.locator("[data-bulk-bar]").get_by_role("button", name="Bid").click()
    sign_out_elsewhere(page)
    page.locator("#change-value").fill("77")
    expect(page.locator("#signed-out")).to_be_visible()
    sign_in_beside(page, administrator)
    page.locator("#change-value").fill("78")
    expect(page.locator("#change-preview")).to_contain_text("¥78.00")


def test_another_persons_sign_in_does_not_act_from_this_persons_page(page: Page, organization: Organization) -> None:
    other = make_member(organization)
    page.goto(TABLE)
    page.locator('[data-edit="bid"]').first.click()
    expect(page.locator("#cell-value")).to_be_focused()
    sign_out_elsewhere(page)
    page.locator("#cell-value").fill("88")
    sign_in_beside(page, other)
    page.locator("#cell-value").press("Enter")
    expect(page.locator("#toasts")).to_contain_text("reload it")


def test_a_form_that_cannot_be_sent_keeps_what_was_typed(page: Page, administrator: User) -> None:
    page.goto("/o/sunrise/members/invite/")
    page.get_by_label("Email").fill("new@example.com")
    page.context.set_offline(True)
    page.get_by_role("button", name="Make the invitation").click()
    expect(page.locator("#toasts")).to_contain_text("cannot be reached")
    expect(page.get_by_label("Email")).to_have_value("new@example.com")
    page.context.set_offline(False)
    sign_out_elsewhere(page)
    page.get_by_role("button", name="Make the invitation").click()
    expect(page.locator("#signed-out")).to_be_visible()
    sign_in_beside(page, administrator)
    page.get_by_role("button", name="Make the invitation").click()
    expect(page.locator(".secret-line .mono")).to_contain_text("/join/")


def test_the_builder_keeps_what_was_typed_when_the_session_ends(page: Page, administrator: User) -> None:
    page.goto("/o/sunrise/plans/build/")
    page.locator('[name="account"]').first.check()
    sign_out_elsewhere(page)
    page.get_by_label("Landing page").first.fill("https://landing.example/long/address")
    expect(page.locator("#signed-out")).to_be_visible()
    expect(page).to_have_url(re.compile("/plans/build/$"))
    sign_in_beside(page, administrator)
    with page.expect_response("**/build/preview/") as answered:
        page.get_by_label("Landing page").first.press("End")
        page.keyboard.type("s")
    assert answered.value.status == 200
    page.goto("/o/sunrise/plans/build/")
    page.locator(".unfinished a").first.click()
    expect(page.get_by_label("Landing page").first).to_have_value("https://landing.example/long/addresss")


def test_while_a_job_is_followed_the_page_of_a_plan_is_not_reloaded_under_a_dialog(page: Page) -> None:
    page.goto(TABLE)
    page.locator("#plan-selection tbody a").first.click()
    page.get_by_role("button", name="Note", exact=True).click()
    page.locator("dialog[open] textarea").fill("half a thought")
    reloaded = threading.Event()
    page.on("load", lambda _: reloaded.set())
    page.evaluate('document.dispatchEvent(new CustomEvent("plans-changed", {detail: {}}))')
    page.wait_for_timeout(1000)
    expect(page.locator("dialog[open] textarea")).to_have_value("half a thought")
    assert not reloaded.is_set()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.wait_for_timeout(2000)
    assert reloaded.is_set()


def test_what_was_not_previewed_cannot_be_sent_and_the_message_is_in_reach(page: Page) -> None:
    page.goto(TABLE)
    page.get_by_label("Select the page").check()
    page.locator("[data-bulk-bar]").get_by_role("button", name="Bid").click()
    send = page.locator("[data-change-send]")
    page.locator("#change-value").fill("77")
    expect(send).to_be_enabled()
    page.context.set_offline(True)
    page.locator("#change-value").fill("770")
    expect(send).to_be_disabled()
    page.wait_for_timeout(600)
    expect(send).to_be_disabled()  # what is shown is the preview of ¥77
    page.context.set_offline(False)
    page.locator("dialog[open] #toasts").get_by_role("button", name="Try again").click()
    expect(page.locator("#change-preview")).to_contain_text("¥770.00")
    expect(send).to_be_enabled()
    expect(page.locator("#toasts .toast-card")).to_have_count(0)
    send.click()
    expect(page.locator("#toasts")).to_contain_text("on their way")  # said on the page again


TYPES_AT_ONCE = """document.addEventListener("htmx:afterSwap", () => {
    const box = document.getElementById("change-value");
    box.value = "77";
    box.dispatchEvent(new Event("input", { bubbles: true }));
}, { once: true })"""


def test_what_is_typed_while_the_dialog_comes_in_is_previewed_too(page: Page) -> None:
    page.goto(TABLE)
    page.get_by_label("Select the page").check()
    page.evaluate(TYPES_AT_ONCE)
    page.locator("[data-bulk-bar]").get_by_role("button", name="Bid").click()
    expect(page.locator("#change-preview")).to_contain_text("¥77.00")
    expect(page.locator("[data-change-send]")).to_be_enabled()


def test_the_builder_creates_nothing_that_was_not_counted(page: Page) -> None:
    page.goto("/o/sunrise/plans/build/")
    page.locator('[name="account"]').first.check()
    page.get_by_label("Landing page").first.fill("https://landing.example/a")
    page.get_by_label("Bids").first.fill("50")
    page.locator('[data-add="title"]').click()
    page.locator('[data-blocks="title"] textarea').fill("一份给家人的安心保障计划")
    create = page.locator("#builder-promise button.btn-primary")
    held = hold(page, "/build/preview/")
    page.locator('[name="account"]').nth(1).check()
    expect(create).to_be_disabled()
    expect(page.locator("#builder-preview")).to_have_class(re.compile("is-old"))
    while not held:
        page.wait_for_timeout(50)
    page.locator('[name="account"]').nth(1).uncheck()  # what is on its way counts two accounts
    with page.expect_response("**/build/preview/"):
        held.pop().continue_()
    while not held:  # the next question, held as well: the first answer is in the page
        page.wait_for_timeout(50)
    page.wait_for_timeout(200)
    expect(page.locator("#builder-preview")).to_have_class(re.compile("is-old"))
    held.pop().continue_()
    expect(page.locator("#builder-preview")).not_to_have_class(re.compile("is-old"))


def test_a_dialog_that_takes_long_opens_at_once_and_closing_it_takes_the_question_back(page: Page) -> None:
    page.goto(TABLE)
    held = hold(page, "/edit/schedule/")
    page.locator('[data-edit="schedule"]').first.click()
    expect(page.locator("dialog[open] .skeleton").first).to_be_visible()
    page.locator("dialog[open]").get_by_role("button", name="Back").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.unroute_all(behavior="ignoreErrors")
    assert len(held) == 1
    page.wait_for_timeout(500)
    expect(page.locator("dialog[open]")).to_have_count(0)
    open_schedule(page)
