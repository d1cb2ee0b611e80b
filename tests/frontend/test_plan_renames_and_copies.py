"""Renaming and copying a selection from the desk: every row shown, refused where it must be, sent once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from campaigns.models import BulkRow, Plan
from tests.factories import make_account, make_agency, make_member, make_plan
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.core.clock import media_today
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job

RENAME, COPY = "/o/sunrise/plans/rename/", "/o/sunrise/plans/copy/"
CONTENT = {
    "titles": ["三分钟了解保障"], "materials": [{"kind": "video", "remote_id": "v1", "cover_remote_id": ""}],
    "landing_url": "https://life.example/a", "objective": "leads", "goal": "form", "bid_fen": 4_000,
    "daily_budget_fen": 50_000,
}  # fmt: skip


@pytest.fixture
def plans(organization: Organization) -> list[Any]:
    account = make_account(organization, platform="douyin", name="抖音 01")
    return [make_plan(account, name=f"车险 {number}#k3x9m{number}", **CONTENT) for number in range(3)]


def ids(plans: list[Any]) -> list[str]:
    return [str(plan.pk) for plan in plans]


def sources(organization: Organization) -> list[dict[str, Any]]:
    with organization_scope(organization.pk), transaction.atomic():
        return [row.source for row in BulkRow.objects.order_by("row_index")]


def job_count(organization: Organization) -> int:
    with organization_scope(organization.pk), transaction.atomic():
        return Job.objects.count()


def test_new_names_are_shown_and_the_key_stays(admin: Client, organization: Organization, plans: list[Any]) -> None:
    form = {"kind": "replace", "find": "车险", "replacement": "寿险", "plan": ids(plans)}
    html = admin.post(RENAME + "preview/", form).content.decode()
    assert "<ins>寿险 1#k3x9m1</ins>" in html
    assert 'data-will-change="3"' in html
    assert job_count(organization) == 0


def test_names_that_are_taken_repeated_or_too_long_are_refused_row_by_row(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    taken = make_plan(plans[0].account, name="寿险 0#k3x9m0", **CONTENT)
    html = admin.post(
        RENAME + "preview/", {"kind": "replace", "find": "车险", "replacement": "寿险", "plan": ids(plans)}
    ).content.decode()
    assert html.count("Another live plan of the account has this name.") == 1
    assert 'data-will-change="2"' in html
    plain = [make_plan(taken.account, name=f"a{number}", **CONTENT) for number in range(2)]
    same = {"kind": "template", "template": "same", "plan": ids(plain)}
    assert admin.post(RENAME + "preview/", same).content.decode().count("Two plans of one account") == 2
    long = {"kind": "affix", "prefix": "很" * 49, "plan": ids(plain)}
    assert "The name must have 1 to 50 characters" not in admin.post(RENAME + "preview/", long).content.decode()
    long["prefix"] = "很" * 50
    assert admin.post(RENAME + "preview/", long).content.decode().count("The name must have 1 to 50 characters") == 2
    assert job_count(organization) == 0


def test_only_names_that_were_shown_and_stand_are_sent(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    keys = [f"{plan.pk}-name" for plan in plans]
    form = {"kind": "template", "template": "{media}-{n:2}", "plan": ids(plans), "shown": keys, "send": keys[1:],
            "key": "k"}  # fmt: skip
    assert admin.post(RENAME + "apply/", form).status_code == 204
    admin.post(RENAME + "apply/", form)  # pressed twice
    assert [(row["plan_id"], row["value"]) for row in sources(organization)] == [
        (plans[1].pk, "Douyin-02#k3x9m1"), (plans[2].pk, "Douyin-03#k3x9m2"),
    ]  # fmt: skip


def test_a_rule_that_says_nothing_is_named(admin: Client, plans: list[Any]) -> None:
    html = admin.post(RENAME + "preview/", {"kind": "replace", "plan": ids(plans)}).content.decode()
    assert "Say what to find" in html
    html = admin.post(RENAME + "preview/", {"kind": "template", "template": "{audience}", "plan": ids(plans)})
    assert "There is no token {audience}" in html.content.decode()


def test_copies_to_the_same_account_are_paused_and_numbered(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    form = {"where": "same", "copies": "2", "suffix": "-copy", "plan": ids(plans)[:1], "key": "abc"}
    html = admin.post(COPY + "preview/", form).content.decode()
    assert "This will create exactly 2 plans" in html
    assert "车险 0-copy-2" in html
    assert job_count(organization) == 0
    answer = admin.post(COPY + "apply/", form | {"shown": ["1", "2"], "send": ["2"]})
    assert "/jobs/job_" in answer["HX-Redirect"]
    (row,) = sources(organization)
    assert (row["name"], row["bid"], row["materials"][0]["id"]) == ("车险 0-copy-2", "40", "v1")
    with organization_scope(organization.pk), transaction.atomic():
        assert Job.objects.get().options["initial_status"] == "paused"


def test_copies_to_another_media_say_what_cannot_be_mapped_and_take_files_of_its_own(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    target = make_account(organization, platform="kuaishou", name="快手 01")
    make_plan(target, name="其他", **CONTENT | {"materials": [{"kind": "video", "remote_id": "k9"}]})
    with organization_scope(organization.pk), transaction.atomic():
        Plan.objects.filter(pk=plans[0].pk).update(targeting={"interests": [7], "audiences_include": [9]})
    form = {"where": "others", "account": [str(target.pk)], "copies": "1", "plan": ids(plans)[:1], "key": "abc"}
    html = admin.post(COPY + "preview/", form).content.decode()
    assert "1 interest is left out" in html
    assert "1 audience pack is left out" in html
    assert "1 file is not in this account" in html
    assert 'data-will-change="0"' in html
    with_files = form | {f"files.{target.pk}": ["k9"]}
    html = admin.post(COPY + "preview/", with_files).content.decode()
    assert "1 file is replaced by 1" in html
    assert 'data-will-change="1"' in html
    admin.post(COPY + "apply/", with_files)
    (row,) = sources(organization)
    assert (row["media"], row["account_id"], row["materials"][0]["id"]) == ("kuaishou", target.remote_id, "k9")


def test_copies_keep_brand_button_and_last_day_as_the_media_or_the_making_row_tell_them(
    admin: Client, organization: Organization, plans: list[Any]
) -> None:
    last = (media_today() + timedelta(days=9)).isoformat()
    theirs = {"source": "安心保险", "promotion_materials": {"call_to_action_buttons": ["立即咨询"]}}
    spec = {"brand_name": "太阳人寿", "call_to_action": "免费领取", "end_date": last}
    with organization_scope(organization.pk), transaction.atomic():
        Plan.objects.filter(pk=plans[0].pk).update(settings=theirs)
        job = Job.objects.create(kind="plans.create", permission="plans:write", state="succeeded", is_row_driven=True)
        Plan.objects.filter(pk=plans[1].pk).update(job_id=job.pk)
        BulkRow.objects.create(job=job, account=plans[1].account, row_index=0, line=1, client_ref="r", spec=spec,
                               state="succeeded", outcome="created", plan_id=plans[1].pk, source={})  # fmt: skip
    form = {"where": "same", "copies": "1", "plan": ids(plans)[:2], "key": "abc"}
    assert "安心保险" not in admin.post(COPY + "preview/", form).content.decode()  # nothing is lost, so nothing to say
    admin.post(COPY + "apply/", form)
    made = [row for row in sources(organization) if row]
    assert [(row["brand_name"], row["call_to_action"], row.get("end_date")) for row in made] == [
        ("安心保险", "立即咨询", None),
        ("太阳人寿", "免费领取", last),
    ]
    target = make_account(organization, platform="kuaishou", name="快手 01")
    elsewhere = form | {"where": "others", "account": [str(target.pk)]}
    assert "The brand “安心保险” is left out" in admin.post(COPY + "preview/", elsewhere).content.decode()


def test_copies_go_only_where_their_maker_may_work(
    organization: Organization, sign_in: Callable[..., Client], plans: list[Any]
) -> None:
    agency = make_agency(organization, "Blue")
    own = make_account(organization, agency=agency, platform="douyin")
    client = sign_in(make_member(organization, Role.OPTIMIZER, agency=agency))
    foreign = {"where": "others", "account": [str(own.pk)], "copies": "1", "plan": ids(plans), "key": "k"}
    assert "No plan is selected." in client.post(COPY + "preview/", foreign).content.decode()
    mine = make_plan(own, name="mine", **CONTENT)
    elsewhere = foreign | {"account": [str(plans[0].account_id)], "plan": [str(mine.pk)]}
    assert "Choose at least one media account." in client.post(COPY + "apply/", elsewhere).content.decode()
    assert plans[0].account.name not in client.post(COPY, {"plan": [str(mine.pk)]}).content.decode()
    assert job_count(organization) == 0


@pytest.mark.parametrize("copies", ["0", "51", "x"])
def test_a_number_of_copies_that_makes_no_sense_is_refused(admin: Client, plans: list[Any], copies: str) -> None:
    form = {"where": "same", "copies": copies, "plan": ids(plans), "key": "k"}
    assert "Between 1 and 50 copies." in admin.post(COPY + "preview/", form).content.decode()
