"""Changing plans from the desk: shown before it is sent, sent once, refused where the media would refuse, undone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from campaigns.models import BulkRow
from tests.factories import OrganizationFactory, make_account, make_actor, make_agency, make_member, make_plan
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
    assert "now ¥40.00" in " ".join(html.split())
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


def test_the_chart_follows_its_choices_and_survives_nonsense(admin: Client, plans: list[Any]) -> None:
    address = f"/o/sunrise/plans/{plans[0].pk}/chart/"
    html = admin.get(address, {"period": "yesterday", "first": "ctr", "second": ""}).content.decode()
    assert html.count("00:00") >= 2
    assert admin.get(address, {"period": "x", "first": "y", "second": "z", "by": "w"}).status_code == 200
