"""Changing plans from the desk: shown before it is sent, sent once, refused where the media would refuse, undone."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from campaigns.models import BulkRow
from tests.factories import OrganizationFactory, make_account, make_actor, make_agency, make_member, make_plan
from tests.frontend.plans import make_delivery
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.audit.models import AuditEvent
from xmagnet.audit.services import Entry, record
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job

CHANGE = "/o/sunrise/plans/change/"


@pytest.fixture
def plans(organization: Organization) -> list[Any]:
    account = make_account(organization, platform="douyin")
    return [
        make_plan(account, name=f"Plan {number}", bid_fen=4_000, daily_budget_fen=50_000, status="paused")
        for number in range(3)
    ]


def rows_of(organization: Organization) -> list[dict[str, Any]]:
    with organization_scope(organization.pk), transaction.atomic():
        return [row.source for row in BulkRow.objects.order_by("row_index")]


def job_count(organization: Organization) -> int:
    with organization_scope(organization.pk), transaction.atomic():
        return Job.objects.count()


def ids(plans: list[Any]) -> list[str]:
    return [str(plan.pk) for plan in plans]


def test_a_preview_shows_every_change_and_writes_nothing(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    form = {"field": "bid", "kind": "percent", "value": "10", "plan": ids(plans)}
    html = admin.post(CHANGE + "preview/", form).content.decode()
    assert html.count("¥40.00") == 3
    assert html.count("¥44.00") == 3
    assert 'data-will-change="3"' in html
    assert job_count(organization) == 0


def test_a_long_preview_goes_on_where_it_stopped(admin: Client, organization: Organization) -> None:
    account = make_account(organization, platform="kuaishou")
    many = [make_plan(account, name=f"Many {number}", bid_fen=4_000) for number in range(205)]
    form = {"field": "bid", "kind": "percent", "value": "10", "plan": ids(many)}
    first = admin.post(CHANGE + "preview/", form).content.decode()
    assert (first.count('name="send"'), "1–200 of 205" in first) == (200, True)
    rest = admin.post(CHANGE + "preview/", form | {"from": "200"}).content.decode()
    assert (rest.count('name="send"'), "201–205 of 205" in rest, "data-will-change" in rest) == (5, True, False)
    found = admin.post(CHANGE + "preview/", form | {"from": "0", "row_find": "many 204"}).content.decode()
    assert (found.count('name="send"'), f'value="{many[204].pk}-bid"' in found) == (1, True)
    assert "The others are sent too." in found


def test_what_is_unticked_on_one_part_of_a_preview_stays_so_on_the_others(
    admin: Client, organization: Organization
) -> None:
    account = make_account(organization, platform="kuaishou")
    many = [make_plan(account, name=f"Many {number}", bid_fen=4_000) for number in range(205)]
    keys = [f"{plan.pk}-bid" for plan in many]
    form: dict[str, Any] = {"field": "bid", "kind": "percent", "value": "10", "plan": ids(many), "key": "k"}
    second = form | {"from": "200", "shown": keys[:200], "send": keys[1:200]}
    html = admin.post(CHANGE + "preview/", second).content.decode()
    assert f'name="skip" value="{keys[0]}"' in html
    assert "1 left out" in html
    back = form | {"from": "0", "shown": keys[200:], "send": keys[200:204], "skip": keys[0]}
    html = admin.post(CHANGE + "preview/", back).content.decode()
    assert f'value="{keys[0]}" aria-label' in html  # shown again, and still unticked
    assert f'value="{keys[1]}" checked' in html
    assert f'name="skip" value="{keys[204]}"' in html
    admin.post(CHANGE + "apply/", form | {"shown": keys[:200], "send": keys[1:200], "skip": keys[204]})
    with organization_scope(organization.pk):
        sent = set(BulkRow.objects.values_list("client_ref", flat=True))
    assert sent == set(keys) - {keys[0], keys[204]}


def test_a_page_that_stayed_open_over_a_sign_in_is_told_so(organization: Organization, plans: list[Any]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_member(organization))
    answer = strict.post(CHANGE + "preview/", {}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["X-Stale-Page"]) == (403, "yes")


def test_what_the_media_would_refuse_is_said_before_sending(admin: Client, plans: list[Any]) -> None:
    form = {"field": "budget", "value": "200", "plan": ids(plans)[:1]}
    html = admin.post(CHANGE + "preview/", form).content.decode()
    assert "¥300" in html
    assert 'data-will-change="0"' in html


def test_a_value_that_is_no_number_is_named(admin: Client, plans: list[Any]) -> None:
    html = admin.post(CHANGE + "preview/", {"field": "bid", "value": "abc", "plan": ids(plans)}).content.decode()
    assert "Write an amount in yuan" in html


def test_unticked_plans_are_not_sent(admin: Client, organization: Organization, plans: list[Any]) -> None:
    keys = [f"{plan.pk}-bid" for plan in plans]
    form = {"field": "bid", "value": "45.5", "plan": ids(plans), "shown": keys, "send": keys[1:], "key": "k1"}
    answer = admin.post(CHANGE + "apply/", form)
    assert answer.status_code == 204
    assert "/changes/job/job_" in answer["HX-Trigger"]
    assert [(row["plan_id"], row["field"], row["value"]) for row in rows_of(organization)] == [
        (plans[1].pk, "bid", 4550), (plans[2].pk, "bid", 4550),
    ]  # fmt: skip


def test_a_form_sent_twice_is_one_job(admin: Client, organization: Organization, plans: list[Any]) -> None:
    form = {"field": "status", "value": "enabled", "plan": ids(plans), "key": "same"}
    admin.post(CHANGE + "apply/", form)
    admin.post(CHANGE + "apply/", form)
    assert job_count(organization) == 1


def test_all_results_are_meant_only_while_they_are_as_many_as_were_seen(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    form = {"field": "bid", "value": "45", "scope": "all", "query": "q=Plan", "expected": "3", "key": "a"}
    make_plan(plans[0].account, name="Plan late")
    html = admin.post(CHANGE + "apply/", form).content.decode()
    assert "The filter finds 4 plans now, not 3." in html
    assert job_count(organization) == 0
    assert admin.post(CHANGE + "apply/", form | {"expected": "4"}).status_code == 204
    assert len(rows_of(organization)) == 4


def test_the_dialog_tells_what_is_selected_and_keeps_the_selection(admin: Client, plans: list[Any]) -> None:
    html = admin.post(CHANGE, {"field": "schedule", "plan": ids(plans)}).content.decode()
    assert "3 plans" in html
    assert html.count('name="plan"') == 3
    assert "data-schedule" in html
    assert admin.post(CHANGE, {"field": "colour", "plan": ids(plans)}).status_code == 404


def test_an_inline_edit_starts_from_what_stands_there(admin: Client, plans: list[Any]) -> None:
    html = admin.get(f"/o/sunrise/plans/{plans[0].pk}/edit/bid/").content.decode()
    assert 'value="40"' in html
    html = admin.get(f"/o/sunrise/plans/{plans[0].pk}/edit/name/").content.decode()
    assert 'value="Plan 0"' in html
    assert admin.get(f"/o/sunrise/plans/{plans[0].pk}/edit/colour/").status_code == 404


def test_plans_of_others_cannot_be_changed_even_by_id(
    organization: Organization, sign_in: Callable[..., Client], plans: list[Any]
) -> None:
    other = OrganizationFactory()
    foreign = make_plan(make_account(other), name="CANARY")
    agency = make_agency(organization, "Blue")
    client = sign_in(make_member(organization, Role.OPTIMIZER, agency=agency))
    form = {"field": "bid", "value": "45", "plan": [str(foreign.pk), *ids(plans)], "key": "x"}
    html = client.post(CHANGE + "preview/", form).content.decode()
    assert "CANARY" not in html
    assert "Plan 0" not in html
    assert 'data-will-change="0"' in html
    assert client.get(f"/o/sunrise/plans/{foreign.pk}/edit/bid/").status_code == 404
    assert client.get(f"/o/sunrise/plans/{plans[0].pk}/").status_code == 404


def test_people_who_only_read_change_nothing(
    as_role: Callable[..., Client], organization: Organization, plans: list[Any]
) -> None:
    analyst = as_role(Role.ANALYST)
    form = {"field": "bid", "value": "45", "plan": ids(plans)}
    for address in ("", "preview/", "apply/"):
        assert analyst.post(CHANGE + address, form).status_code == 403
    html = analyst.get("/o/sunrise/plans/").content.decode()
    assert "data-edit" not in html
    assert "data-bulk-bar" not in html
    assert job_count(organization) == 0


def changed(organization: Organization, plan: Any, before: int, after: int) -> int:
    """A bid change in the log, standing on the plan."""
    with organization_scope(organization.pk), transaction.atomic():
        record(
            make_actor(organization, user_name="Ann", job_id="job_x"),
            Entry("plan.changed", "plan", plan.pk, plan.name, account_id=plan.account_id,
                  before={"bid_fen": before}, after={"bid_fen": after}),
        )  # fmt: skip
        return int(AuditEvent.objects.latest("id").pk)


def test_the_log_shows_before_ours_and_now(admin: Client, organization: Organization, plans: list[Any]) -> None:
    changed(organization, plans[0], 3_500, 4_000)
    changed(organization, plans[1], 3_500, 3_900)
    html = admin.get("/o/sunrise/changes/").content.decode()
    assert html.count("¥35.00") == 2
    assert html.count(">Undo</a>") == 1  # the other one is not ours any more
    assert '¥40.00 <small class="muted">changed since</small>' in html
    assert html.count("still so") == 1
    assert admin.get("/o/sunrise/changes/", {"action": "plan.created"}).content.decode().count("Ann") == 0


def test_undoing_one_change_shows_it_first_and_then_sends_one_job(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    event = changed(organization, plans[0], 3_500, 4_000)
    address = f"/o/sunrise/changes/{event}/undo/"
    html = admin.get(address).content.decode()
    assert html.index("¥40.00") < html.index("¥35.00")
    assert job_count(organization) == 0
    answer = admin.post(address, {"key": "once"})
    assert "/jobs/job_" in answer["Location"]
    assert [(row["value"], row["expect"]) for row in rows_of(organization)] == [(3_500, 4_000)]


def test_what_somebody_changed_since_is_left_alone(admin: Client, organization: Organization, plans: list[Any]) -> None:
    event = changed(organization, plans[0], 3_500, 3_900)
    html = admin.get(f"/o/sunrise/changes/{event}/undo/").content.decode()
    assert "Somebody changed it since" in html
    assert "disabled" in html


def test_a_toasts_undo_counts_more_changes_than_a_preview_keeps(
    admin: Client, organization: Organization, plans: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontend.views.change_previews.SHOWN", 1)
    with organization_scope(organization.pk), transaction.atomic():
        Job.objects.create(pk="job_x", kind="plans.update", permission="plans:write", state="succeeded")
    for plan in plans:
        changed(organization, plan, 3_500, 4_000)
    answer = admin.post("/o/sunrise/changes/job/job_x/undo/", headers={"HX-Request": "true"})
    assert json.loads(answer["HX-Trigger"])["toast"]["message"] == "Taking back 3 changes."


def test_the_plan_page_tells_settings_numbers_history_and_the_platforms_words(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    plan = make_plan(
        plans[0].account, name="<Winner>", titles=["好标题"], settings={"project": {"bid_type": "CUSTOM"}},
        reject_reasons=[{"item": "好标题", "reasons": ["夸大宣传"], "suggestions": ["删去“最”"]}],
    )  # fmt: skip
    changed(organization, plan, 3_500, plan.bid_fen)
    html = admin.get(f"/o/sunrise/plans/{plan.pk}/").content.decode()
    assert "&lt;Winner&gt;" in html
    assert "<Winner>" not in html
    assert "夸大宣传" in html
    assert "删去“最”" in html
    assert "project.bid_type" in html
    assert "promotion" in html
    assert "¥35.00" in html
    assert f"?copy={plan.pk}" in html
    assert f'hx-vals=\'{{"plan": "{plan.pk}", "where": "others"}}\'' in html
    island = admin.get(f"/o/sunrise/plans/{plan.pk}/learning/").content.decode()
    assert "It has had no impressions yet" in island
    assert "No cost guarantee is running" in island


def test_creatives_have_pictures_and_carry_the_reviews_verdict(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    plan = make_plan(
        plans[0].account, name="Seen", titles=["好标题"],
        materials=[{"kind": "video", "remote_id": "v/1"}, {"kind": "image", "remote_id": "i2"}],
        reject_reasons=[{"item": "i2", "reasons": ["画面模糊"], "suggestions": []}],
    )  # fmt: skip
    html = admin.get(f"/o/sunrise/plans/{plan.pk}/").content.decode()
    assert f"?account={plan.account.remote_id}&amp;kind=video&amp;id=v/1" in html
    assert html.count("画面模糊") == 2  # above, and beside the file
    assert "<li>好标题</li>" in html


def test_the_audit_of_a_plan_names_person_way_request_and_job(
    admin: Client, organization: Organization, sign_in: Callable[..., Client], plans: list[Any]
) -> None:
    changed(organization, plans[0], 3_500, 4_000)
    address = f"/o/sunrise/plans/{plans[0].pk}/audit/"
    html = admin.get(address).content.decode()
    assert "Ann" in html
    assert "job_x" in html
    assert "<del>¥35.00</del> → ¥40.00" in html
    agency = make_agency(organization, "Blue")
    stranger = sign_in(make_member(organization, Role.OPTIMIZER, agency=agency))
    assert stranger.get(address).status_code == 404


def test_the_chart_compares_with_the_period_before_and_marks_changes(admin: Client, organization: Organization) -> None:
    (plan,) = make_delivery(organization, plan_count=1, days=4)
    changed(organization, plan, 3_400, 3_500)
    address = f"/o/sunrise/plans/{plan.pk}/chart/"
    html = admin.get(address, {"period": "today", "first": "cost", "compare": "previous"}).content.decode()
    assert "Cost, before" in html
    assert "Conversions, before" in html
    assert html.count("¥120.00</td>") == 2  # today at midnight, and yesterday at midnight beside it
    assert "Bid ¥34.00 → ¥35.00" in html or "Bid \\u00a534.00" in html
    assert "before" not in admin.get(address, {"compare": "nonsense"}).content.decode().split("chart-by")[1]


def test_the_chart_follows_its_choices_and_survives_nonsense(admin: Client, plans: list[Any]) -> None:
    address = f"/o/sunrise/plans/{plans[0].pk}/chart/"
    html = admin.get(address, {"period": "yesterday", "first": "ctr", "second": ""}).content.decode()
    assert html.count("00:00") >= 2
    assert admin.get(address, {"period": "x", "first": "y", "second": "z", "by": "w"}).status_code == 200


def test_a_cell_tells_the_medias_limits_before_anything_is_sent(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    address = f"/o/sunrise/plans/{plans[0].pk}/cell/"
    html = admin.get(address + "bid/").content.decode()
    assert "From ¥0.10 to ¥10,000.00." in html
    assert "No cost guarantee is running" in html
    html = admin.get(address + "budget/").content.decode()
    assert "From ¥300.00 to" in html
    assert "Changes by at least ¥100.00." in html
    assert "0 of 20 changes used today." in html
    assert "At most 50 characters" in admin.get(address + "name/").content.decode()
    assert admin.get(address + "schedule/").status_code == 404
    assert job_count(organization) == 0


def test_a_cell_says_what_would_happen_while_somebody_types(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    address = f"/o/sunrise/plans/{plans[0].pk}/cell/budget/"
    html = admin.post(address, {"value": "800", "check": "yes"}).content.decode()
    assert html.index("¥500.00") < html.index("¥800.00")
    assert "must" not in html
    assert "between ¥300" in admin.post(address, {"value": "200", "check": "yes"}).content.decode()
    assert "Write an amount in yuan" in admin.post(address, {"value": "x", "check": "yes"}).content.decode()
    assert job_count(organization) == 0


def test_the_guards_speak_the_language_of_the_page(admin: Client, plans: list[Any]) -> None:
    form = {"field": "budget", "value": "200", "plan": ids(plans)[:1]}
    admin.cookies["language"] = "zh-hans"
    html = admin.post(CHANGE + "preview/", form).content.decode()
    assert "媒体当前允许的日预算为 ¥300" in html
    assert "The media takes" not in html


def test_a_cell_that_is_refused_stays_open_with_its_value_and_sends_nothing(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    answer = admin.post(f"/o/sunrise/plans/{plans[0].pk}/cell/bid/", {"value": "20000"})
    html = answer.content.decode()
    assert 'value="20000"' in html
    assert 'aria-invalid="true"' in html
    assert job_count(organization) == 0


def test_a_cell_that_is_sent_says_what_to_follow(admin: Client, organization: Organization, plans: list[Any]) -> None:
    answer = admin.post(f"/o/sunrise/plans/{plans[0].pk}/cell/bid/", {"value": "41", "key": "k"})
    told = json.loads(answer["HX-Trigger"])
    assert answer.status_code == 204
    assert "plans-changed" not in told  # the cell follows its own job
    assert (told["cell-sent"]["plan"], told["cell-sent"]["text"]) == (plans[0].pk, "¥41.00")
    assert admin.get(told["cell-sent"]["follow"]).json() == {"is_live": True}
    assert [(row["plan_id"], row["value"]) for row in rows_of(organization)] == [(plans[0].pk, 4100)]


@pytest.mark.parametrize("typed", ["￥６０", "60 元", "60.00", " ¥60"])
def test_a_cell_reads_amounts_as_they_are_typed_in_china(admin: Client, plans: list[Any], typed: str) -> None:
    html = admin.post(f"/o/sunrise/plans/{plans[0].pk}/cell/bid/", {"value": typed, "check": "yes"}).content.decode()
    assert "<ins>¥60.00</ins>" in html


@pytest.mark.parametrize("typed", ["1e400", "1e999999", "6,0", "nan", "", "60;"])
def test_a_cell_refuses_what_is_no_amount_in_words(admin: Client, plans: list[Any], typed: str) -> None:
    for extra in ({}, {"check": "yes"}):
        answer = admin.post(f"/o/sunrise/plans/{plans[0].pk}/cell/bid/", {"value": typed, **extra})
        assert "Write an amount in yuan" in answer.content.decode()
    form = {"field": "bid", "kind": "percent", "value": "1e400", "plan": ids(plans)}
    assert "Write a percentage" in admin.post(CHANGE + "preview/", form).content.decode()


def test_a_budget_is_not_made_unlimited_and_the_cell_says_so(admin: Client, plans: list[Any]) -> None:
    address = f"/o/sunrise/plans/{plans[0].pk}/cell/budget/"
    html = admin.post(address, {"value": "不限", "check": "yes"}).content.decode()
    assert "is not made unlimited from here" in html


def test_who_watches_a_cell_needs_no_notice_of_its_success_but_a_selection_is_told(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    admin.post(f"/o/sunrise/plans/{plans[0].pk}/cell/bid/", {"value": "45", "key": "one"})
    admin.post(CHANGE + "apply/", {"field": "bid", "value": "46", "plan": ids(plans)[1:2], "key": "two"})
    admin.post(CHANGE + "apply/", {"field": "bid", "value": "47", "plan": ids(plans)[1:], "key": "three"})
    with organization_scope(organization.pk), transaction.atomic():
        jobs = Job.objects.order_by("created_at", "pk").values_list("params", flat=True)
        assert [params.get("is_watched", False) for params in jobs] == [True, True, False]


def test_a_toasts_undo_waits_for_a_change_that_is_still_on_its_way(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    sent = admin.post(CHANGE + "apply/", {"field": "bid", "value": "45", "plan": ids(plans), "key": "k"})
    undo = json.loads(sent["HX-Trigger"])["toast"]["action"]["url"]
    answer = admin.post(undo, HTTP_HX_REQUEST="true")
    assert json.loads(answer["HX-Trigger"])["undo-later"]["url"] == undo
    assert job_count(organization) == 1


def test_the_third_edit_of_a_guaranteed_plan_is_held_until_somebody_insists(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    delivered = make_delivery(organization, plan_count=1, days=1)[0]
    for before, after in ((3_400, 3_450), (3_450, 3_500)):
        changed(organization, delivered, before, after)
    address = f"/o/sunrise/plans/{delivered.pk}/cell/bid/"
    assert "2 of 2 edits used today" in admin.get(address).content.decode()
    html = admin.post(address, {"value": "36", "key": "a"}).content.decode()
    assert "the guarantee is lost" in html
    assert job_count(organization) == 0
    assert "Send it tomorrow" in html
    queued = admin.post(address, {"value": "36", "key": "q", "guarantee": "queue"})
    told = json.loads(queued["HX-Trigger"])
    assert "waits for tomorrow" in told["toast"]["message"]
    assert told["cell-sent"]["text"] == "¥35.00"  # the table keeps showing what stands at the media
    assert admin.post(address, {"value": "36", "key": "b", "guarantee": "void"}).status_code == 204
    assert job_count(organization) == 2
