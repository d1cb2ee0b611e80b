"""Saved views: renamed, shared, made the opening view; filters changed in place; every operator."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client

from campaigns.contracts import METRICS, Condition
from campaigns.models import SavedView
from campaigns.selectors.filters import FIELDS, operators_for
from frontend.tables.plan_filters import operator_word, shown_values
from tests.factories import make_account, make_agency, make_member
from tests.frontend.plans import make_delivery
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.core.scope import organization_scope

TABLE = "/o/sunrise/plans/"
ISLAND = {"HTTP_HX_REQUEST": "true"}


def saved(organization: Organization) -> list[SavedView]:
    with organization_scope(organization.pk), transaction.atomic():
        return list(SavedView.objects.order_by("id"))


def keep(client: Client, organization: Organization, name: str, query: str = "sort=-cpa", **more: str) -> SavedView:
    assert client.post(TABLE + "views/", {"name": name, "query": query, **more}).status_code == 204
    return next(view for view in saved(organization) if view.name == name)


def test_a_view_is_renamed_and_shared_by_its_maker_only(
    admin: Client, as_role: Callable[..., Client], organization: Organization
) -> None:
    view, colleague = keep(admin, organization, "Mine"), as_role(Role.OPTIMIZER)
    keep(admin, organization, "Other")
    address = f"{TABLE}views/{view.pk}/"
    assert 'value="Mine"' in admin.get(address).content.decode()
    assert colleague.get(address).status_code == 404
    assert colleague.post(address, {"name": "Stolen"}).status_code == 404
    assert admin.post(address, {"name": "Other"}).status_code == 422
    assert admin.post(address, {"name": " "}).status_code == 422
    assert saved(organization)[0].name == "Mine"
    assert admin.post(address, {"name": "Ours", "is_shared": "on"}).status_code == 204
    view = saved(organization)[0]
    assert (view.name, view.is_shared, view.query) == ("Ours", True, "sort=-cpa")
    assert "Ours" in colleague.get(TABLE).content.decode()


def test_a_view_takes_the_table_as_it_stands_now(admin: Client, organization: Organization) -> None:
    view = keep(admin, organization, "Mine")
    look = {"replace": "yes", "q": "车险", "sort": "name", "f": ["status:is:enabled"], "page": "3", "v": str(view.pk)}
    assert admin.post(f"{TABLE}views/{view.pk}/", look).status_code == 204
    assert saved(organization)[0].query == "q=%E8%BD%A6%E9%99%A9&f=status:is:enabled&sort=name"


def test_the_table_says_which_view_it_shows_and_whether_it_was_changed(
    admin: Client, organization: Organization
) -> None:
    view = keep(admin, organization, "Dear ones")
    html = admin.get(TABLE, {"sort": "-cpa", "v": view.pk}).content.decode()
    assert "Dear ones</span>" in html
    assert "Save the changes" not in html
    html = admin.get(TABLE, {"sort": "-cpa", "v": view.pk, "q": "x"}).content.decode()
    assert "Dear ones *</span>" in html
    assert "Save the changes to “Dear ones”" in html


def test_the_table_opens_with_the_view_that_a_person_chose_and_with_nobody_elses_choice(
    admin: Client, as_role: Callable[..., Client], organization: Organization
) -> None:
    view = keep(admin, organization, "Dear ones", is_shared="on", is_default="on")
    assert admin.get(TABLE)["Location"] == f"{TABLE}?sort=-cpa&v={view.pk}"
    assert admin.get(TABLE, {"v": "0"}).status_code == 200  # the plain table stays within reach
    assert admin.get(TABLE, **ISLAND).status_code == 200
    colleague = as_role(Role.OPTIMIZER)
    assert colleague.get(TABLE).status_code == 200
    assert colleague.post(f"{TABLE}views/{view.pk}/default/", {"is_default": "yes"}).status_code == 204
    assert colleague.get(TABLE).status_code == 302
    second = keep(admin, organization, "Second", query="sort=name", is_default="on")
    assert admin.get(TABLE)["Location"].endswith(f"?sort=name&v={second.pk}")  # one at a time
    admin.post(f"{TABLE}views/{second.pk}/default/", {"is_default": ""})
    assert admin.get(TABLE).status_code == 200
    assert colleague.get(TABLE).status_code == 302
    admin.post(f"{TABLE}views/{view.pk}/", {"name": "Dear ones"})  # private again
    assert colleague.get(TABLE).status_code == 200


def test_a_shared_view_of_the_advertiser_is_no_default_for_an_agency(
    admin: Client, organization: Organization, sign_in: Callable[..., Client]
) -> None:
    view = keep(admin, organization, "Blue against Red", is_shared="on")
    agency = make_agency(organization, "Blue")
    make_account(organization, agency=agency)
    client = sign_in(make_member(organization, Role.OPTIMIZER, agency=agency))
    assert client.post(f"{TABLE}views/{view.pk}/default/", {"is_default": "yes"}).status_code == 404
    assert saved(organization)[0].default_for == []


def test_a_filter_in_force_is_changed_in_its_place(admin: Client, organization: Organization) -> None:
    both = {"f": ["ctr:gt:0.025", "status:is:enabled"], "edit": "ctr:gt:0.025", "field": "ctr"}
    form = admin.get(TABLE + "filter/", both).content.decode()
    assert 'value="2.5"' in form
    assert '<option value="gt" selected>' in form
    answer = admin.get(TABLE + "filter/", both | {"operator": "between", "value": ["1", "2"]}, **ISLAND)
    assert "?f=ctr:between:0.01|0.02&f=status:is:enabled" in answer["HX-Location"]
    assert admin.get(TABLE + "filter/", {"field": "colour"}).status_code == 404


def test_several_ticked_values_mean_any_of_them_and_a_missing_value_is_told(admin: Client) -> None:
    ticked = {"field": "status", "operator": "is", "value": ["enabled", "paused"]}
    assert "f=status:any_of:enabled|paused" in admin.get(TABLE + "filter/", ticked, **ISLAND)["HX-Location"]
    listed = {"field": "remote_id", "operator": "any_of", "value": ["11, 12，13"]}
    assert "f=remote_id:any_of:11|12|13" in admin.get(TABLE + "filter/", listed, **ISLAND)["HX-Location"]
    empty = admin.get(TABLE + "filter/", {"field": "cost", "operator": "gt", "value": [""]}, **ISLAND)
    assert "another value" in empty["HX-Trigger"]


VALUES = {"between": ["1", "2"], "is_set": [], "is_not_set": []}
WORDS = {
    "media": "douyin", "status": "paused", "delivery": "delivering", "learning": "learned", "review": "approved",
    "bid_type": "target_cpa", "goal": "form",
}  # fmt: skip


@pytest.mark.parametrize("field", [*FIELDS, "account", "agency", "cost", "ctr", "conversions"])
def test_every_operator_of_every_field_finds_its_plans(admin: Client, organization: Organization, field: str) -> None:
    make_delivery(organization, plan_count=2, days=1)
    for operator in operators_for(field):
        values = VALUES.get(operator, [WORDS.get(field, "1")])
        if field == "created_on":
            values = ["2026-01-02", "2026-01-03"][: len(values)]
        html = admin.get(TABLE, {"f": f"{field}:{operator}:{'|'.join(values)}"}).content.decode()
        assert 'data-tone="bad"><svg' not in html.split('id="plan-table"')[1].split("plan-grid")[0], operator
        assert "plan-chips" in html


def test_operators_are_spoken_of_as_their_values_want() -> None:
    assert [operator_word("cost", one) for one in ("is", "is_not", "gt", "lte")] == ["=", "≠", ">", "≤"]
    assert [operator_word("created_on", one) for one in ("gt", "lte")] == ["after", "on or before"]
    assert operator_word("note", "is_not_set") == "is empty"
    assert shown_values(Condition("ctr", "between", ("0.01", "0.02"))) == ("1", "2")
    assert shown_values(Condition("id", "any_of", ("1", "2"))) == ("1, 2",)
    assert all(operators_for(key) for key in METRICS)


def test_schedules_labels_and_notes_are_changed_from_their_cells(admin: Client, organization: Organization) -> None:
    (plan,) = make_delivery(organization, plan_count=1, days=1)
    html = admin.get(TABLE, {"cols": "schedule,labels,note,cpa"}).content.decode()
    for field in ("schedule", "labels", "note"):
        assert f'data-edit="{field}" data-plan="{plan.pk}"' in html
    assert "Always" in html
    assert "Always" in b"".join(admin.get(TABLE + "export.csv", {"cols": "schedule"}).streaming_content).decode()


def test_a_ratio_shows_its_other_digits_on_hover_and_a_sum_needs_none(
    admin: Client, organization: Organization
) -> None:
    make_delivery(organization, plan_count=1, days=1)
    html = admin.get(TABLE, {"cols": "cost,cpc"}).content.decode()
    row = html.split("<tbody>")[1]
    assert '<td class="number">¥120.00</td>' in row
    assert '<td class="number" data-hint="¥0.6">¥0.60</td>' in row
