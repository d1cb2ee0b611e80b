"""The plan table as a page: what it shows, whom it shows it to, and what its address means."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from campaigns.models import SavedView
from tests.factories import OrganizationFactory, make_account, make_agency, make_member, make_plan
from tests.frontend.plans import make_delivery
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.core.scope import organization_scope

TABLE = "/o/sunrise/plans/"
ISLAND = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def plans(organization: Organization) -> list[Any]:
    return make_delivery(organization)


def test_the_page_shows_plans_with_numbers_and_a_totals_row(admin: Client, plans: list[Any]) -> None:
    html = admin.get(TABLE).content.decode()
    for plan in plans:
        assert plan.name in html
    assert "Total of 3 plans" in html
    assert "¥720.00" in html  # 120 + 240 + 360
    assert "¥360.00" in html


def test_an_undefined_ratio_is_a_dash(admin: Client, organization: Organization) -> None:
    make_plan(make_account(organization), name="quiet")
    html = admin.get(TABLE, {"cols": "cpa"}).content.decode()
    assert '<td class="number">—</td>' in html


def test_the_island_is_the_table_alone(admin: Client, plans: list[Any]) -> None:
    html = admin.get(TABLE, **ISLAND).content.decode()
    assert html.lstrip().startswith('<section id="plan-table"')
    assert "<html" not in html


def test_filters_search_and_sorting_are_in_the_address(admin: Client, plans: list[Any]) -> None:
    html = admin.get(TABLE, {"f": "media:is:kuaishou"}, **ISLAND).content.decode()
    assert plans[1].name in html
    assert plans[0].name not in html
    assert "Media is Kuaishou" in html
    html = admin.get(TABLE, {"q": "002"}, **ISLAND).content.decode()
    assert plans[2].name in html
    assert plans[0].name not in html
    html = admin.get(TABLE, {"sort": "name"}, **ISLAND).content.decode()
    assert html.index(plans[0].name) < html.index(plans[1].name) < html.index(plans[2].name)
    assert 'aria-sort="ascending"' in html


def test_a_filter_that_cannot_be_used_says_why_and_shows_nothing(admin: Client, plans: list[Any]) -> None:
    response = admin.get(TABLE, {"f": "cost:gt:much"}, **ISLAND)
    html = response.content.decode()
    assert response.status_code == 200
    assert "“much”" in html or "not a number" in html
    assert plans[0].name not in html


@pytest.mark.parametrize("value", ["1e400", "12,5", "abc"])
def test_an_amount_that_is_none_is_named_in_the_filter(admin: Client, plans: list[Any], value: str) -> None:
    html = admin.get("/o/sunrise/plans/", {"f": f"bid:gt:{value}"}).content.decode()
    assert f"“{value}” is not an amount in yuan." in html


def test_nothing_in_the_table_is_told_to_the_mouse_alone(admin: Client, plans: list[Any]) -> None:
    columns = "bid,budget,schedule,delivery,cost,ctr,cpa,account,campaign,labels,note,created_at"
    html = admin.get("/o/sunrise/plans/", {"cols": columns, "compare": "previous"}).content.decode()
    table = html[html.index('id="plan-table"') :]
    assert ' title="' not in table[: table.index("</section>")]
    assert 'data-hint="Cost ÷ conversions' in table


def test_a_page_beyond_the_end_is_the_last_one(admin: Client, plans: list[Any]) -> None:
    assert plans[0].name in admin.get(TABLE, {"page": "99"}, **ISLAND).content.decode()


def test_comparison_shows_the_change_and_the_earlier_value(admin: Client, plans: list[Any]) -> None:
    html = admin.get(TABLE, {"period": "yesterday", "compare": "previous", "cols": "cost"}, **ISLAND).content.decode()
    assert 'data-direction="none"' in html


def test_names_are_escaped_everywhere(admin: Client, organization: Organization) -> None:
    bad = "<script>alert(1)</script>\"'"
    account = make_account(organization, name=bad)
    make_plan(account, name=bad, labels=[bad[:40]], note=bad)
    html = admin.get(TABLE, {"cols": "account,campaign,labels,note,bid,cost", "q": bad}, **ISLAND).content.decode()
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert(1)") >= 5


def test_people_of_an_agency_see_their_plans_only(
    organization: Organization, sign_in: Callable[..., Client], plans: list[Any]
) -> None:
    agency = make_agency(organization, "Blue")
    own = make_plan(make_account(organization, agency=agency), name="CANARY blue")
    client = sign_in(make_member(organization, Role.OPTIMIZER, agency=agency))
    html = client.get(TABLE).content.decode()
    assert own.name in html
    assert plans[0].name not in html
    assert "Total of 1 plan" in html
    exported = b"".join(client.get(TABLE + "export.csv").streaming_content).decode()
    assert own.name in exported
    assert plans[0].name not in exported


def test_a_role_without_plans_is_refused(as_role: Callable[..., Client], plans: list[Any]) -> None:
    client = as_role(Role.FINANCE)
    for address in (TABLE, TABLE + "export.csv", TABLE + "columns/", TABLE + "filter/"):
        assert client.get(address).status_code == 403


def test_the_page_costs_few_queries_whatever_the_number_of_plans(
    admin: Client, organization: Organization, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    make_delivery(organization, plan_count=30)
    admin.get(TABLE)  # the session's first page writes the session down
    with django_assert_max_num_queries(23):  # 7 of the table; the rest is session, gate, savepoints and shell
        admin.get(TABLE, {"compare": "previous"})


def test_a_chosen_filter_is_added_to_the_address(admin: Client, plans: list[Any]) -> None:
    form = admin.get(TABLE + "filter/", {"field": "ctr"}).content.decode()
    assert "(%)" in form
    response = admin.get(
        TABLE + "filter/", {"field": "ctr", "operator": "gt", "value": ["2.5"], "sort": "name"}, **ISLAND
    )
    assert response.status_code == 204
    assert '"path": "/o/sunrise/plans/?f=ctr:gt:0.025&sort=name"' in response["HX-Location"]


def test_filters_offer_only_accounts_that_the_reader_sees(
    organization: Organization, sign_in: Callable[..., Client]
) -> None:
    make_account(organization, name="CANARY red")
    agency = make_agency(organization, "Blue")
    make_account(organization, agency=agency, name="Own")
    client = sign_in(make_member(organization, Role.OPTIMIZER, agency=agency))
    html = client.get(TABLE + "filter/", {"field": "account"}).content.decode()
    assert "Own" in html
    assert "CANARY" not in html


def test_the_column_chooser_keeps_the_chosen_order(admin: Client, plans: list[Any]) -> None:
    html = admin.get(TABLE + "columns/", {"cols": "roi,cost", "q": "x"}).content.decode()
    assert html.index('value="roi" checked') < html.index('value="cost" checked') < html.index('value="cpm"')
    assert '<input type="hidden" name="q" value="x">' in html


def test_the_csv_holds_every_row_and_no_formula(admin: Client, organization: Organization) -> None:
    make_plan(make_account(organization), name="=HYPERLINK(1)", daily_budget_fen=None)
    response = admin.get(TABLE + "export.csv", {"cols": "budget,cost,cpa"})
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert rows[0][-3:] == ["Daily budget (¥)", "Cost (¥)", "CPA (¥)"]
    assert rows[1][2] == "'=HYPERLINK(1)"
    assert rows[1][-3:] == ["Unlimited", "0.0", ""]


def test_the_workbook_keeps_long_ids_as_text_and_numbers_as_numbers(admin: Client, plans: list[Any]) -> None:
    response = admin.get(TABLE + "export.xlsx", {"cols": "cost", "sort": "-cost"})
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    first = [cell.value for cell in sheet[2]]
    assert first[1] == plans[2].remote_id
    assert first[-1] == 360


def test_a_compared_table_is_exported_with_what_it_is_compared_with(admin: Client, plans: list[Any]) -> None:
    columns = {"cols": "bid,cost,cpa", "compare": "previous", "sort": "-cost"}
    response = admin.get(TABLE + "export.csv", columns)
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert rows[0][5:] == [
        "Bid (¥)", "Cost (¥)", "Cost, before (¥)", "Cost, change", "CPA (¥)", "CPA, before (¥)", "CPA, change",
    ]  # fmt: skip
    assert [len(row) for row in rows[1:]] == [12, 12, 12]
    assert rows[1][6:9] == ["360.0", "360.0", "0.0"]
    response = admin.get(TABLE + "export.csv", columns, headers={"Accept-Language": "zh-CN"})
    head = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()[0]
    assert head.split(",")[:7] == ["计划 ID", "媒体侧 ID", "名称", "状态", "媒体", "出价 (¥)", "消耗 (¥)"]
    assert head.split(",")[7:9] == ["消耗（对比期） (¥)", "消耗（变化）"]


def test_an_export_of_an_impossible_filter_is_refused(admin: Client) -> None:
    assert admin.get(TABLE + "export.csv", {"f": "cost:gt:much"}).status_code == 400


def test_a_view_is_kept_shared_and_deleted_by_its_maker_only(
    admin: Client, as_role: Callable[..., Client], organization: Organization, plans: list[Any]
) -> None:
    colleague = as_role(Role.OPTIMIZER)
    answer = admin.post(TABLE + "views/", {"name": " Expensive  ones ", "query": "sort=-cpa", "is_shared": "on"})
    assert answer.status_code == 204
    assert "Expensive ones" in colleague.get(TABLE).content.decode()
    with organization_scope(organization.pk):
        from django.db import transaction

        with transaction.atomic():
            view = SavedView.objects.get()
    assert (view.name, view.query, view.is_shared) == ("Expensive ones", "sort=-cpa", True)
    assert colleague.post(f"{TABLE}views/{view.pk}/delete/").status_code == 404
    assert admin.post(f"{TABLE}views/{view.pk}/delete/").status_code == 204
    assert "Expensive ones" not in admin.get(TABLE).content.decode()


def test_a_view_without_a_name_is_refused_and_the_form_says_why(admin: Client) -> None:
    answer = admin.post(TABLE + "views/", {"name": "  ", "query": ""})
    assert answer.status_code == 422
    assert "1 to 60 characters" in answer.content.decode()


def test_an_agency_never_sees_what_the_advertiser_shares(
    admin: Client, organization: Organization, sign_in: Callable[..., Client]
) -> None:
    admin.post(TABLE + "views/", {"name": "CANARY Blue against Red", "query": "", "is_shared": "on"})
    agency = make_agency(organization, "Blue")
    client = sign_in(make_member(organization, Role.OPTIMIZER, agency=agency))
    assert "CANARY" not in client.get(TABLE).content.decode()


def test_another_organization_does_not_exist(admin: Client) -> None:
    make_delivery(OrganizationFactory(slug="other"))
    assert admin.get("/o/other/plans/").status_code == 404


def test_the_density_follows_its_cookie(admin: Client, plans: list[Any]) -> None:
    assert 'data-density="dense"' in admin.get(TABLE).content.decode()
    admin.cookies["density"] = "roomy"
    assert 'data-density="roomy"' in admin.get(TABLE).content.decode()


def test_the_keyboard_help_lists_the_keys_of_the_table(admin: Client) -> None:
    assert "<kbd>j</kbd> <kbd>k</kbd> </dt><dd>Next and previous plan</dd>" in admin.get(TABLE).content.decode()
    assert "Next and previous plan" not in admin.get("/o/sunrise/changes/").content.decode()
