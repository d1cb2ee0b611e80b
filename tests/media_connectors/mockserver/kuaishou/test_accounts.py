"""Accounts, funds, flows, budgets."""

import pytest

from .conftest import Media, decodes


def test_info_has_the_documented_types(media):
    info = media.ok("v1/advertiser/info")
    shape = {
        "user_id": int,
        "user_name": str,
        "corporation_name": str,
        "industry_id": int,
        "industry_name": str,
        "primary_industry_id": int,
        "primary_industry_name": str,
        "delivery_type": int,
        "product_name": str,
    }
    assert shape.keys() <= info.keys()
    decodes(info, shape)
    assert info["industry_name"] == "保险"


def test_reads_accept_get_with_query_and_with_body(media):
    headers = {"Access-Token": media.token}
    query = {"advertiser_id": str(media.account_id)}
    by_query = media.http.get("/rest/openapi/v1/advertiser/fund/get", query_string=query, headers=headers).get_json()
    by_body = media.call("v1/advertiser/fund/get", _method="GET")
    assert by_query["data"] == by_body["data"] == media.ok("v1/advertiser/fund/get")


def test_ids_may_be_text(media):
    assert media.ok("v1/advertiser/info", advertiser_id=str(media.account_id))


@pytest.mark.parametrize("body", ["[]", "not json", "3"])
def test_a_body_that_is_no_object_is_refused(media, body):
    answer = media.http.post("/rest/openapi/v1/advertiser/info", data=body, content_type="application/json")
    assert answer.status_code == 200
    assert answer.get_json()["code"] == 401000


def test_funds_are_yuan_doubles(media):
    fund = media.ok("v1/advertiser/fund/get")
    account = media.world.store.accounts[media.account_id]
    assert fund["balance"] == (account.cash_li + account.grant_li) / 1000
    assert fund["direct_rebate"] == account.grant_li / 1000
    assert fund["recharge_balance"] == account.cash_li / 1000
    assert all(type(amount) is float for amount in fund.values())


def test_spending_shows_in_funds_and_flows(media):
    media.running_unit()
    media.advance(hours=15)
    begun = media.ok("v1/advertiser/fund/get")["balance"]
    media.advance(hours=10)
    flows = media.ok("v1/advertiser/fund/daily_flows", start_date="2026-07-01", end_date="2026-07-31")
    assert flows["total_count"] == 2
    today, yesterday = flows["details"]
    assert (today["date"], yesterday["date"]) == ("2026-07-24", "2026-07-23")
    assert yesterday["daily_charge"] > 100
    assert yesterday["daily_transfer_in"] > 0
    assert today["daily_transfer_in"] == 0
    assert today["balance"] == pytest.approx(yesterday["balance"] - today["daily_charge"], abs=0.01)
    now = media.ok("v1/advertiser/fund/get")["balance"]
    assert now == pytest.approx(today["balance"], abs=0.01)
    assert now < begun


def test_flows_need_both_dates_and_a_page_of_at_most_500(media):
    path = "v1/advertiser/fund/daily_flows"
    assert "不能为空" in media.refusal(path, start_date="2026-07-23")
    assert "500" in media.refusal(path, start_date="2026-07-23", end_date="2026-07-23", page_size=501)


def test_account_budget_is_kept_in_li(media):
    assert media.ok("v1/advertiser/budget/get") == {"day_budget": 0, "day_budget_schedule": []}
    media.ok("v1/advertiser/update/budget", day_budget=500_000)
    assert media.ok("v1/advertiser/budget/get")["day_budget"] == 500_000
    assert media.world.store.accounts[media.account_id].budget_li == 500_000


@pytest.mark.parametrize(
    "budget", [{"day_budget": 499_999}, {"day_budget": 100_000_000_001}, {"day_budget": "many"}, {}]
)
def test_account_budget_outside_the_rules_changes_nothing(media, budget):
    assert media.refusal("v1/advertiser/update/budget", **budget)
    assert media.world.store.accounts[media.account_id].budget_li == 0


def test_weekly_account_budget_follows_the_day(media):
    week = [600_000, 600_000, 600_000, 700_000, 800_000, 0, 0]
    media.ok("v1/advertiser/update/budget", day_budget_schedule=week)
    account = media.world.store.accounts[media.account_id]
    assert account.budget_li == 700_000  # Thursday
    media.advance(days=1)
    assert account.budget_li == 800_000
    media.advance(days=1)
    assert account.budget_li == 0
    assert media.ok("v1/advertiser/budget/get")["day_budget_schedule"] == week


def test_advertisers_lists_the_accounts_of_the_login(media):
    details = media.ok("gw/uc/v1/advertisers")["details"]
    assert len(details) == 4
    decodes(details, [{"advertiser_id": int, "advertiser_name": str, "corporation_name": str, "uid_banned": bool}])
    assert details[0]["advertiser_id"] == media.account_id


def test_an_empty_purse_stops_delivery():
    media = Media()
    account = media.world.store.accounts[media.account_id]
    account.cash_li, account.grant_li = 300_000, 0
    media.world.store.save(account, media.world.clock.now())
    unit_id = media.running_unit(day_budget=0)
    media.advance(hours=48)
    assert media.unit_row(unit_id)["status"] == 6
    assert media.ok("gw/dsp/campaign/list")["details"][0]["status"] == 6
    assert media.ok("v1/advertiser/fund/get")["balance"] < 1
