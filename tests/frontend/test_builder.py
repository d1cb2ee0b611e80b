"""The builder: exact promises, every error where it belongs, nothing typed is lost, nothing sent that was refused."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from campaigns.models import BulkRow, SettingTemplate
from media_connectors.models import LimiterSlot
from tests.factories import make_account, make_agency, make_campaign, make_member, make_plan
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job

BUILD = "/o/sunrise/plans/build/"


@pytest.fixture
def accounts(organization: Organization) -> list[Any]:
    return [
        make_account(organization, platform="douyin", name="Life Douyin"),
        make_account(organization, platform="kuaishou", name="Life Kuaishou"),
    ]


@pytest.fixture
def form(accounts: list[Any]) -> dict[str, Any]:
    """A whole form: 2 accounts × 2 audiences × 1 creative × 1 title set × 2 bids × 1 budget = 8 plans."""
    files = [f"{account.remote_id}|video_vertical|v{account.pk}|c{account.pk}" for account in accounts]
    return {
        "client_ref_prefix": "abcd1234",
        "account": [str(account.pk) for account in accounts],
        "goal": "form",
        "bid_type": "target_cpa",
        "landing_url": "https://life.example/a",
        "audience": ["a1", "a2"],
        "audience.a1.name": "Young",
        "audience.a1.ages": ["18-23", "24-30"],
        "audience.a2.name": "Wide",
        "creative": ["c1"],
        "creative.c1.name": "Doctor",
        "creative.c1.material": files,
        "title": ["t1"],
        "title.t1.texts": "百万医疗险首月一元起",
        "bids": "40 45",
        "budgets": "500",
        "naming": "{audience}-{bid}-{n:3}",
    }


def rows_of(organization: Organization) -> list[dict[str, Any]]:
    with organization_scope(organization.pk), transaction.atomic():
        return [row.source for row in BulkRow.objects.order_by("row_index")]


def job_count(organization: Organization) -> int:
    with organization_scope(organization.pk), transaction.atomic():
        return Job.objects.count()


def test_the_page_offers_the_accounts_and_says_what_each_media_allows(admin: Client, accounts: list[Any]) -> None:
    html = admin.get(BUILD).content.decode()
    assert "Life Douyin" in html
    assert "Life Kuaishou" in html
    assert "daily budget from ¥300.00" in html


def test_the_preview_says_exactly_how_many_and_shows_each_row(admin: Client, form: dict[str, Any]) -> None:
    html = admin.post(BUILD + "preview/", form).content.decode()
    assert "This will create exactly 8 plans" in html
    # 4 promotions + 2 projects (one an audience) on Douyin, 4 units with creatives + 1 campaign on Kuaishou
    assert ", 15 API calls" in html
    assert "at most" not in html
    assert "Young-40-001" in html
    assert "Wide-45-008" in html
    assert "They are created paused." in html


def test_the_promise_ends_as_its_language_ends_sentences(admin: Client, form: dict[str, Any]) -> None:
    admin.cookies["language"] = "zh-hans"
    html = admin.post(BUILD + "preview/", form).content.decode()
    promise = html.split('id="builder-promise"')[1].split("<span")[0].rstrip()
    assert promise.endswith("。")


def test_creatives_and_hours_without_a_name_say_what_they_hold(admin: Client, form: dict[str, Any]) -> None:
    form |= {"creative.c1.name": "", "schedule": ["s1"], "schedule.s1.grid": "1" * 24 + "0" * 312}
    html = admin.post(BUILD + "preview/", form).content.decode()
    assert "1 file" in html
    assert "12 hours a week" in html


def test_what_is_missing_is_said_for_each_account(admin: Client, form: dict[str, Any], accounts: list[Any]) -> None:
    form["creative.c1.material"] = form["creative.c1.material"][:1]
    html = admin.post(BUILD + "preview/", form).content.decode()
    assert "Account Kuaishou · Life Kuaishou has no creative" in html
    assert "This will create exactly 4 plans" in html


def test_errors_of_a_row_stand_in_their_cells(admin: Client, form: dict[str, Any]) -> None:
    html = admin.post(BUILD + "preview/", form | {"budgets": "200", "title.t1.texts": "短"}).content.decode()
    assert "The daily budget may not be below ¥300." in html
    assert "characters as this media counts" in html
    assert "4 of 8 checked rows are invalid" in html


def test_equal_rows_are_flagged(admin: Client, form: dict[str, Any]) -> None:
    form |= {"audience": ["a1", "a2"], "audience.a1.ages": [], "bids": "40"}
    html = admin.post(BUILD + "preview/", form).content.decode()
    assert "2 rows equal another row or a live plan." in html


def test_an_amount_and_a_token_that_cannot_be_read_are_named(admin: Client, form: dict[str, Any]) -> None:
    html = admin.post(BUILD + "preview/", form | {"bids": "40 4x"}).content.decode()
    assert "“4x” is no amount" in html
    html = admin.post(BUILD + "preview/", form | {"naming": "{colour}"}).content.decode()
    assert "There is no token {colour}" in html
    assert "disabled" in html


def test_a_row_can_be_left_out(admin: Client, form: dict[str, Any]) -> None:
    html = admin.post(
        BUILD + "preview/", form | {"exclusion": ['{"audience": "a1", "bid": "40"}', "broken"]}
    ).content.decode()
    assert "This will create exactly 6 plans" in html
    assert "1 combination is left out" in html


def correction(account: Any, field: str, value: str, bid: str = "40") -> str:
    rule = {"account": account.remote_id, "audience": "a1", "creative": "c1", "title": "t1", "bid": bid,
            "budget": "500"}  # fmt: skip
    return json.dumps({"rule": rule, "field": field, "value": value})


def test_a_cell_is_corrected_in_its_row_only_and_sent_so(
    admin: Client, organization: Organization, form: dict[str, Any], accounts: list[Any]
) -> None:
    form["override"] = [
        correction(accounts[0], "name", "By hand"),
        correction(accounts[0], "budget", "200"),
        correction(accounts[1], "bid", "41.5"),
        correction(accounts[1], "account_id", "1"),  # no field that may be corrected
        correction(accounts[1], "bid", "1", bid="999"),  # no such row
        "{broken",
    ]
    html = admin.post(BUILD + "preview/", form).content.decode()
    assert "2 rows are corrected by hand." in html
    assert "1 of 8 checked rows is invalid." in html
    assert "This will create exactly 7 plans" in html
    assert "The daily budget may not be below ¥300." in html
    form["override"][1] = correction(accounts[0], "budget", "350")
    admin.post(BUILD + "submit/", form)
    rows = rows_of(organization)
    assert [(row["name"], row["budget"]) for row in rows if row["name"] == "By hand"] == [("By hand", "350")]
    assert [row["bid"] for row in rows] == ["40", "45", "40", "45", "41.5", "45", "40", "45"]
    assert {row["account_id"] for row in rows} == {account.remote_id for account in accounts}


def test_none_is_promised_while_a_row_is_invalid_and_all_or_none_was_chosen(
    admin: Client, form: dict[str, Any], accounts: list[Any]
) -> None:
    form |= {"override": [correction(accounts[0], "budget", "1")], "on_error": "abort"}
    html = admin.post(BUILD + "preview/", form).content.decode()
    assert "None is created while a row is invalid" in html
    assert "This will create exactly 0 plans" in html
    assert "disabled" in html


def test_a_campaign_that_stands_costs_no_call(admin: Client, form: dict[str, Any], accounts: list[Any]) -> None:
    kuaishou = form | {"account": [accounts[1].pk], "campaign": "Spring"}
    assert ", 9 API calls" in admin.post(BUILD + "preview/", kuaishou).content.decode()
    make_campaign(accounts[1], name="Spring")
    assert ", 8 API calls" in admin.post(BUILD + "preview/", kuaishou).content.decode()


def test_lines_of_amounts_say_what_they_come_to_and_what_each_media_allows(admin: Client, form: dict[str, Any]) -> None:
    html = admin.post(BUILD + "preview/", form | {"bids": "3-5/1", "media.kuaishou.budgets": "90"}).content.decode()
    assert "¥0.10–¥10,000.00 · 3 values: ¥3.00, ¥4.00, ¥5.00" in html
    assert "¥5.00–¥3,000.00 · 3 values: ¥3.00, ¥4.00, ¥5.00 — outside: ¥3.00, ¥4.00" in html
    assert "¥100.00–¥100,000,000.00 · 1 value: ¥90.00 — outside: ¥90.00" in html


def test_equal_titles_of_two_sets_and_a_wider_audience_are_noted(admin: Client, form: dict[str, Any]) -> None:
    form |= {"title": ["t1", "t2"], "title.t2.texts": "百万医疗险，首月一元起！",
             "audience.a1.interest": ["kuaishou|7|保险"]}  # fmt: skip
    html = admin.post(BUILD + "preview/", form).content.decode()
    assert "The title “百万医疗险首月一元起” stands in more than one set." in html
    assert "Audience “Young” has no interest of Douyin" in html
    assert "has no interest of Kuaishou" not in html


def test_many_rows_are_checked_a_page_at_a_time_until_all_are_asked_for(admin: Client, form: dict[str, Any]) -> None:
    form |= {"bids": " ".join(str(30 + number) for number in range(45)), "budgets": "200 500", "audience": ["a1"]}
    many = form | {"title": ["t1", "t2"], "title.t2.texts": "另一个完全不同的标题"}
    html = admin.post(BUILD + "preview/", many).content.decode()
    assert "This will create exactly 360 plans" in html
    assert "25 rows are checked so far." in html
    html = admin.post(BUILD + "preview/", many | {"check": "all"}).content.decode()
    assert "90 of 360 checked rows are invalid." in html
    assert "This will create exactly 270 plans" in html


def test_submitting_makes_one_job_with_every_row_in_order(
    admin: Client, organization: Organization, form: dict[str, Any], accounts: list[Any]
) -> None:
    answer = admin.post(BUILD + "submit/", form)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/o/sunrise/jobs/job_")
    rows = rows_of(organization)
    assert [row["client_ref"] for row in rows] == [f"abcd1234-{number:05d}" for number in range(1, 9)]
    assert rows[0] | {"titles": None} == {
        "client_ref": "abcd1234-00001", "media": "douyin", "account_id": accounts[0].remote_id, "objective": "leads",
        "goal": "form", "bid_type": "target_cpa", "landing_url": "https://life.example/a", "gender": "any",
        "ages": ["18-23", "24-30"], "regions": [], "systems": [], "interests": [], "audiences_include": [],
        "audiences_exclude": [], "expansion": False, "bid": "40", "budget": "500", "name": "Young-40-001",
        "materials": [{"kind": "video_vertical", "id": f"v{accounts[0].pk}", "cover_id": f"c{accounts[0].pk}"}],
        "titles": None,
    }  # fmt: skip


def test_the_same_form_sent_twice_makes_one_job(
    admin: Client, organization: Organization, form: dict[str, Any]
) -> None:
    first, second = admin.post(BUILD + "submit/", form), admin.post(BUILD + "submit/", form)
    assert first["Location"] == second["Location"]
    assert job_count(organization) == 1
    assert len(rows_of(organization)) == 8


def test_a_refused_form_comes_back_as_it_was_typed_and_sends_nothing(
    admin: Client, organization: Organization, form: dict[str, Any]
) -> None:
    answer = admin.post(BUILD + "submit/", form | {"bids": "4x", "campaign": "My <b>campaign</b>"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was sent." in html
    assert 'value="4x"' in html
    assert "My &lt;b&gt;campaign&lt;/b&gt;" in html
    assert "百万医疗险首月一元起" in html
    assert job_count(organization) == 0


def test_only_people_who_may_launch_create_enabled_plans(
    as_role: Callable[..., Client], organization: Organization, form: dict[str, Any]
) -> None:
    optimizer = as_role(Role.OPTIMIZER)
    optimizer.post(BUILD + "submit/", form | {"initial_status": "enabled"})
    with organization_scope(organization.pk), transaction.atomic():
        assert Job.objects.get().options["initial_status"] == "enabled"


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.REVIEWER])
def test_people_who_only_read_build_nothing(
    as_role: Callable[..., Client], organization: Organization, form: dict[str, Any], role: str
) -> None:
    client = as_role(role)
    assert client.get(BUILD).status_code == 403
    assert client.post(BUILD + "submit/", form).status_code == 403
    assert client.post(BUILD + "draft/", form).status_code == 403
    assert job_count(organization) == 0


def test_accounts_of_another_agency_are_neither_offered_nor_used(
    organization: Organization, sign_in: Callable[..., Client], form: dict[str, Any]
) -> None:
    agency = make_agency(organization, "Blue")
    make_account(organization, agency=agency, name="Own")
    client = sign_in(make_member(organization, Role.OPTIMIZER, agency=agency))
    html = client.get(BUILD).content.decode()
    assert "Own" in html
    assert "Life Douyin" not in html
    assert "Choose at least one media account." in client.post(BUILD + "preview/", form).content.decode()
    assert client.post(BUILD + "submit/", form).status_code == 422
    assert job_count(organization) == 0


def test_a_draft_is_kept_while_typing_and_goes_on_where_it_was(
    admin: Client, organization: Organization, form: dict[str, Any]
) -> None:
    admin.post(BUILD + "preview/", form)
    admin.post(BUILD + "draft/", form | {"campaign": "Spring"})
    with organization_scope(organization.pk), transaction.atomic():
        draft = SettingTemplate.objects.get(is_draft=True)
    html = admin.get(BUILD, {"from": draft.pk}).content.decode()
    assert 'value="Spring"' in html
    assert 'value="abcd1234"' in html
    assert 'value="Young"' in html
    admin.post(BUILD + "submit/", form)
    with organization_scope(organization.pk), transaction.atomic():
        assert not SettingTemplate.objects.filter(is_draft=True).exists()


def test_a_template_is_saved_in_versions_and_starts_a_new_page(
    admin: Client, organization: Organization, form: dict[str, Any]
) -> None:
    assert admin.post(BUILD + "templates/", form | {"template_name": ""}).status_code == 422
    for _ in range(2):
        assert (
            admin.post(BUILD + "templates/", form | {"template_name": "Spring", "is_shared": "on"}).status_code == 204
        )
    with organization_scope(organization.pk), transaction.atomic():
        kept = SettingTemplate.objects.filter(is_draft=False).order_by("version")
        assert [template.version for template in kept] == [1, 2]
        newest = kept.last()
    html = admin.get(BUILD, {"from": newest.pk}).content.decode()
    assert 'value="Young"' in html
    assert "abcd1234" not in html  # another page, other references


def test_another_persons_draft_does_not_exist(
    admin: Client, as_role: Callable[..., Client], organization: Organization, form: dict[str, Any]
) -> None:
    admin.post(BUILD + "draft/", form)
    with organization_scope(organization.pk), transaction.atomic():
        draft = SettingTemplate.objects.get(is_draft=True)
    assert as_role(Role.OPTIMIZER).get(BUILD, {"from": draft.pk}).status_code == 404


def test_a_plan_can_be_built_again(admin: Client, accounts: list[Any]) -> None:
    plan = make_plan(
        accounts[0], name="Winner", titles=["好标题一个"], landing_url="https://life.example/w", bid_fen=4150,
        materials=[{"kind": "video", "remote_id": "v77", "cover_remote_id": ""}],
        targeting={"gender": "female", "ages": ["31-40"], "regions": [110000]},
    )  # fmt: skip
    html = admin.get(BUILD, {"copy": plan.pk}).content.decode()
    assert 'value="41.5"' in html
    assert "好标题一个" in html
    assert f'value="{accounts[0].remote_id}|video|v77|"' in html
    assert 'value="110000"' in html


def test_files_are_offered_from_plans_of_the_chosen_accounts(admin: Client, accounts: list[Any]) -> None:
    for account, file in zip(accounts, ("v1", "v2"), strict=True):
        make_plan(account, materials=[{"kind": "video", "remote_id": file, "cover_remote_id": "c"}], titles=["T"])
    html = admin.get(BUILD + "materials/", {"account": accounts[0].pk}).content.decode()
    assert f"{accounts[0].remote_id}|video|v1|c" in html
    assert "v2" not in html


def test_a_hostile_form_is_read_leniently(admin: Client, organization: Organization, accounts: list[Any]) -> None:
    answer = admin.post(
        BUILD + "preview/",
        {"account": ["x", "-1", "9" * 30], "audience": ["<b>", "a1"], "schedule": ["s1"], "schedule.s1.grid": "2" * 336,
         "page": "-7", "exclusion": ["[]", '{"a": 1}'], "zip": ["nothing"]},
    )  # fmt: skip
    assert answer.status_code == 200
    assert "This creates no plan yet." in answer.content.decode()


def template_ids(organization: Organization, **fields: Any) -> list[int]:
    with organization_scope(organization.pk), transaction.atomic():
        return list(SettingTemplate.objects.filter(**fields).order_by("version").values_list("id", flat=True))


def test_versions_show_what_changed_and_an_old_one_is_restored(
    admin: Client, organization: Organization, form: dict[str, Any]
) -> None:
    admin.post(BUILD + "templates/", form | {"template_name": "Spring"})
    admin.post(BUILD + "templates/", form | {"template_name": "Spring", "bids": "60", "client_ref_prefix": "zz"})
    first, second = template_ids(organization, name="Spring")
    html = admin.get(f"/o/sunrise/templates/{second}/").content.decode()
    assert "<del>40 45</del>" in html
    assert "<ins>60</ins>" in html
    assert "zz" not in html
    assert admin.post(f"/o/sunrise/templates/{first}/restore/").status_code == 302
    *_older, newest = template_ids(organization, name="Spring")
    with organization_scope(organization.pk), transaction.atomic():
        restored = SettingTemplate.objects.get(pk=newest)
        assert (restored.version, restored.content["bids"]) == (3, "40 45")


def test_an_unfinished_setup_is_offered_by_its_names(admin: Client, form: dict[str, Any]) -> None:
    admin.post(BUILD + "preview/", form)
    html = admin.get(BUILD).content.decode()
    assert "Unfinished:" in html
    assert "Young, Wide, Doctor" in html
    assert "Unfinished:" not in admin.get(BUILD, {"from": "x"}).content.decode()


def test_a_new_version_of_a_shared_template_stays_shared(
    admin: Client, as_role: Callable[..., Client], form: dict[str, Any], organization: Organization
) -> None:
    colleague = as_role(Role.OPTIMIZER)
    admin.post(BUILD + "templates/", form | {"template_name": "Spring", "is_shared": "on"})
    admin.post(BUILD + "templates/", form | {"template_name": "Spring", "bids": "60"})
    assert "v2" in colleague.get("/o/sunrise/templates/").content.decode()
    first, _second = template_ids(organization, name="Spring")
    admin.post(f"/o/sunrise/templates/{first}/share/", {"is_shared": "no"})
    admin.post(f"/o/sunrise/templates/{first}/restore/")
    assert "Spring" not in colleague.get("/o/sunrise/templates/").content.decode()


def test_the_page_of_a_template_is_saved_as_its_next_version(
    admin: Client, as_role: Callable[..., Client], form: dict[str, Any], organization: Organization
) -> None:
    admin.post(BUILD + "templates/", form | {"template_name": "Spring", "is_shared": "on"})
    (template,) = template_ids(organization, name="Spring")
    assert f"{BUILD}templates/?of={template}" in admin.get(BUILD, {"from": template}).content.decode()
    html = admin.get(BUILD + "templates/", {"of": template}).content.decode()
    assert 'name="template_name" value="Spring"' in html
    assert 'name="is_shared" checked' in html
    other = as_role(Role.OPTIMIZER).get(BUILD + "templates/", {"of": template}).content.decode()
    assert 'name="template_name" value=""' in other  # a colleague's copy needs a name of its own


def test_media_of_one_vendor_share_its_limit_in_the_promise(
    admin: Client, form: dict[str, Any], organization: Organization, accounts: list[Any]
) -> None:
    with transaction.atomic():
        LimiterSlot.objects.create(
            key="oceanengine:1:/open_api/v3.0/promotion/create/", rate_per_second=1.0, free_at=[0.0]
        )
    toutiao = make_account(organization, platform="toutiao", name="Life Toutiao")
    both = form | {"account": [str(accounts[0].pk), str(toutiao.pk)], "creative.c1.material": ["|video|v1|"]}
    alone = admin.post(BUILD + "preview/", both | {"account": [str(accounts[0].pk)]}).content.decode()
    together = admin.post(BUILD + "preview/", both).content.decode()
    seconds = [int(re.search(r"about (\d+) s at today", html)[1]) for html in (alone, together)]  # type: ignore[index]
    assert seconds[1] == 2 * seconds[0] > 1


def test_two_tabs_on_one_draft_lose_nothing_of_each_other(
    admin: Client, form: dict[str, Any], organization: Organization
) -> None:
    admin.post(BUILD + "preview/", form | {"draft_page": "first"})
    (draft,) = template_ids(organization, is_draft=True)
    html = admin.get(BUILD, {"from": draft}).content.decode()
    seen = re.search('name="draft_seen" value="([^"]+)"', html)
    assert seen
    second = form | {"draft_page": "second", "draft_seen": seen[1]}
    assert "draft of its own" not in admin.post(BUILD + "preview/", second | {"bids": "77"}).content.decode()
    assert "draft of its own" not in admin.post(BUILD + "preview/", second | {"bids": "78"}).content.decode()
    parted = admin.post(BUILD + "preview/", form | {"draft_page": "first", "bids": "55"}).content.decode()
    assert "draft of its own" in parted
    key = re.search('id="client-ref-prefix" value="([^"]+)"', parted)
    assert key
    later = admin.post(BUILD + "preview/", form | {"draft_page": "first", "bids": "56", "client_ref_prefix": key[1]})
    assert "draft of its own" not in later.content.decode()
    with organization_scope(organization.pk), transaction.atomic():
        kept = {one.content["client_ref_prefix"]: one.content["bids"] for one in SettingTemplate.objects.all()}
    assert kept == {"abcd1234": "78", key[1]: "56"}
