"""Files and titles as rows of their own: kept with the plans, found by people who may see them, plans found by them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.contracts import Condition, PlanQuery
from campaigns.models import AccountMaterial, Plan, PlanMaterial
from campaigns.selectors.materials import FoundCreative, find_creatives, held_files, used_materials, used_titles
from campaigns.selectors.plans import plan_table
from campaigns.services.libraries import keep_files
from campaigns.services.materials import keep_materials
from media_connectors.contracts import LibraryMaterial, MaterialKind
from tests.factories import OrganizationFactory, make_account, make_actor, make_agency, make_plan
from xmagnet.accounts.models import Organization
from xmagnet.core.scope import organization_scope


@pytest.fixture
def organization(db: None) -> Organization:
    return OrganizationFactory()


@pytest.fixture
def scope(organization: Organization) -> Any:
    with organization_scope(organization.pk), transaction.atomic():
        yield


def film(remote_id: str, cover: str = "") -> dict[str, str]:
    return {"kind": "video", "remote_id": remote_id, "cover_remote_id": cover}


def uses() -> set[tuple[int, str]]:
    rows = PlanMaterial.objects.values_list("plan_id", "material__remote_id", "material__name")
    return {(plan_id, remote_id or name) for plan_id, remote_id, name in rows}


def test_what_plans_show_is_kept_once_an_account(organization: Organization, scope: None) -> None:
    first, second = make_account(organization), make_account(organization)
    one = make_plan(first, titles=["甲标题", "乙标题"], materials=[film("v1", "c1")])
    two = make_plan(first, titles=["乙标题"], materials=[film("v1", "c2")])
    three = make_plan(second, titles=["乙标题"], materials=[film("v1")])
    assert uses() == {
        (one.pk, "甲标题"), (one.pk, "乙标题"), (one.pk, "v1"), (two.pk, "乙标题"), (two.pk, "v1"),
        (three.pk, "乙标题"), (three.pk, "v1"),
    }  # fmt: skip
    rows = AccountMaterial.objects.order_by("account_id", "kind", "name").values_list(
        "account_id", "kind", "name", "remote_id", "cover_remote_id"
    )
    assert list(rows) == [
        (first.pk, "title", "乙标题", "", ""), (first.pk, "title", "甲标题", "", ""),
        (first.pk, "video", "", "v1", "c2"),  # with the cover that the newest plan takes
        (second.pk, "title", "乙标题", "", ""), (second.pk, "video", "", "v1", ""),
    ]  # fmt: skip


def test_what_a_plan_shows_no_longer_is_no_use_of_it_any_more(organization: Organization, scope: None) -> None:
    plan = make_plan(make_account(organization), titles=["甲标题"], materials=[film("v1"), film("v2")])
    Plan.objects.filter(pk=plan.pk).update(titles=["丙标题"], materials=[film("v2")])
    keep_materials([plan.pk])
    assert uses() == {(plan.pk, "丙标题"), (plan.pk, "v2")}


def test_a_batch_of_plans_takes_three_statements_however_many_they_are(organization: Organization, scope: None) -> None:
    account = make_account(organization)
    ids = [make_plan(account, titles=[f"标题{n}"], materials=[film(f"v{n}")]).pk for n in range(30)]
    PlanMaterial.objects.all().delete()
    with CaptureQueriesContext(connection) as captured:
        keep_materials(ids)
    assert len(captured) == 3
    assert len(uses()) == 60


def test_odd_contents_do_no_harm(organization: Organization, scope: None) -> None:
    long = "长" * 400
    plan = make_plan(make_account(organization), titles=[long, "", long], materials=[film("v" * 129), film(""), {}])
    assert uses() == {(plan.pk, "长" * 300)}


def test_the_migration_keeps_what_is_already_there_as_the_service_does(organization: Organization) -> None:
    with organization_scope(organization.pk), transaction.atomic():
        for account in (make_account(organization), make_account(organization)):
            make_plan(account, titles=["甲标题", "乙标题"], materials=[film("v1", "c1")])
            make_plan(account, titles=["乙标题"], materials=[film("v1", "c2"), film("v2")])
        kept, rows = uses(), sorted(AccountMaterial.objects.values_list("account_id", "kind", "name", "remote_id",
            "cover_remote_id", "first_seen_at"))  # fmt: skip
        PlanMaterial.objects.all().delete()
        AccountMaterial.objects.all().delete()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(import_module("campaigns.migrations.0017_materials").KEEP)
    with organization_scope(organization.pk), transaction.atomic():
        assert uses() == kept
        again = AccountMaterial.objects.values_list("account_id", "kind", "name", "remote_id", "cover_remote_id",
            "first_seen_at")  # fmt: skip
        assert sorted(again) == rows


def test_creatives_are_found_by_title_file_name_and_id(organization: Organization, scope: None) -> None:
    account, other = make_account(organization, name="甲户"), make_account(organization, platform="toutiao")
    one = make_plan(account, titles=["百万医疗 First Month"], materials=[film("v77")])
    for where in (account, other):
        make_plan(where, titles=["重疾险一年只要几百元"])
    keep_files(account.pk, [LibraryMaterial("v77", MaterialKind.VIDEO, "Doctor-final.mp4", "", 720, 1280, 9_000)],
               now=timezone.now())  # fmt: skip
    actor = make_actor(organization)
    platform = account.platform
    file = FoundCreative("video", "Doctor-final.mp4", "v77", (platform,), "甲户", one.pk)
    assert find_creatives(actor, "doctor", limit=5) == (file,)
    assert find_creatives(actor, "v77", limit=5) == (file,)
    assert find_creatives(actor, "医疗 first", limit=5)[0].plan_id == one.pk
    (title,) = find_creatives(actor, "重疾险", limit=5)
    assert (title.account_name, title.plan_id, title.platforms) == ("", None, tuple(sorted({platform, "toutiao"})))
    assert find_creatives(actor, "%", limit=5) == ()


def test_what_only_deleted_plans_show_is_not_found(organization: Organization, scope: None) -> None:
    account = make_account(organization)
    gone = make_plan(account, titles=["旧标题"], materials=[film("v1")], status="deleted")
    actor = make_actor(organization)
    assert find_creatives(actor, "旧标题", limit=5) == ()
    assert used_titles(actor, [account.pk]) == ()
    make_plan(account, titles=["旧标题"])
    (title,) = find_creatives(actor, "旧标题", limit=5)
    assert title.plan_id not in (None, gone.pk)


def test_nothing_of_another_agency_is_found_counted_or_offered(organization: Organization, scope: None) -> None:
    mine, theirs = make_agency(organization, "Mine"), make_agency(organization, "Theirs")
    own, foreign = make_account(organization, agency=mine), make_account(organization, agency=theirs)
    make_plan(own, titles=["共有标题"], materials=[film("mine")])
    make_plan(foreign, titles=["共有标题", "秘密标题"], materials=[film("secret")])
    actor = make_actor(organization, agency_id=mine.pk)
    (shared,) = find_creatives(actor, "标题", limit=5)
    assert (shared.name, shared.account_name) == ("共有标题", own.name)
    assert shared.plan_id is not None
    assert find_creatives(actor, "secret", limit=5) == ()
    ids = [own.pk, foreign.pk]
    assert [one.remote_id for one in used_materials(actor, ids)] == ["mine"]
    assert [(one.text, one.plan_count) for one in used_titles(actor, ids)] == [("共有标题", 1)]
    assert held_files(actor, ids, ["mine", "secret"]) == {(own.remote_id, "mine")}
    assert names(actor, "creative", "contains", "标题") == {Plan.objects.get(account=own).name}


def test_another_organizations_creatives_do_not_exist(organization: Organization) -> None:
    other = OrganizationFactory()
    make_plan(make_account(other), titles=["共有标题"])
    with organization_scope(organization.pk), transaction.atomic():
        assert find_creatives(make_actor(organization), "共有标题", limit=5) == ()
        assert not AccountMaterial.all_tenants.exists()
        assert not PlanMaterial.all_tenants.exists()


def names(actor: Any, field: str, operator: str, *values: str) -> set[str]:
    query = PlanQuery(conditions=(Condition(field, operator, values),))
    return {row.name for row in plan_table(actor, query).rows}


def test_plans_are_filtered_by_what_they_show(organization: Organization, scope: None) -> None:
    account = make_account(organization)
    make_plan(account, name="A", titles=["重疾险 50% off"], materials=[film("v1")])
    make_plan(account, name="B", titles=["医疗险"], materials=[film("v1")])
    make_plan(account, name="C", titles=["医疗险"])
    make_plan(account, name="D")
    keep_files(account.pk, [LibraryMaterial("v1", MaterialKind.VIDEO, "Doctor.mp4", "", 1, 2)], now=timezone.now())
    actor = make_actor(organization)
    for operator, values, found in (
        ("is", ["v1"], "AB"), ("is", ["Doctor.mp4"], "AB"), ("is", ["医疗险"], "BC"), ("is", ["医疗"], ""),
        ("is_not", ["医疗险"], "AD"), ("any_of", ["重疾险 50% off", "v1"], "AB"), ("none_of", ["v1", "医疗险"], "D"),
        ("contains", ["DOCTOR"], "AB"), ("contains", ["险"], "ABC"), ("contains", ["50% "], "A"),
        ("contains", ["0%5"], ""),
        ("starts_with", ["医"], "BC"), ("not_contains", ["险"], "D"), ("is_set", [], "ABC"), ("is_not_set", [], "D"),
    ):  # fmt: skip
        assert names(actor, "creative", operator, *values) == set(found), (operator, values)
