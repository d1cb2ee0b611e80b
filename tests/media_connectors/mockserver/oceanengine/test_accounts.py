"""Accounts, funds and budgets."""

from itertools import pairwise

from .conftest import Ocean

ONE = "/open_api/2/advertiser/"


def test_funds_are_yuan_in_one_place_and_fen_in_the_other(ocean: Ocean) -> None:
    answer = ocean.http.post(
        "/control/api/accounts", json={"medium": "oceanengine", "cash_yuan": 1234.56, "grant_yuan": 100}
    )
    account = answer.json()["account_ids"][0]
    yuan = ocean.get(ONE + "fund/get/", advertiser_id=account)
    assert (yuan["balance"], yuan["cash"], yuan["grant"]) == (1334.56, 1234.56, 100.0)
    assert (yuan["valid_balance"], yuan["valid_cash"], yuan["valid_grant"]) == (1334.56, 1234.56, 100.0)
    path = "/open_api/v3.0/account/fund/get/"
    fen = ocean.get(path, account_ids=[account], account_type="AD")["list"][0]
    assert (fen["balance"], fen["cash"], fen["grant"]) == (133456, 123456, 10000)
    assert ocean.refused("GET", path, account_ids=[account] * 21, account_type="AD")[0] == 40000


def test_the_split_of_grants_is_shown_only_when_asked(ocean: Ocean) -> None:
    assert "default_grant" not in ocean.get(ONE + "fund/get/")
    assert ocean.get(ONE + "fund/get/", grant_type_split="ON")["default_grant"] > 0


def test_account_budgets_have_bounds(ocean: Ocean) -> None:
    path = ONE + "update/budget/"
    for budget in (999.99, 10_000_000):
        assert ocean.refused("POST", path, budget_mode="BUDGET_MODE_DAY", budget=budget)[0] == 40000
    assert ocean.refused("POST", path, budget_mode="BUDGET_MODE_DAY")[0] == 40000
    row = ocean.get(ONE + "budget/get/", advertiser_ids=[ocean.account])["list"][0]
    assert row == {"advertiser_id": ocean.account, "budget": 0.0, "budget_mode": "BUDGET_MODE_INFINITE"}
    assert ocean.post(path, budget_mode="BUDGET_MODE_DAY", budget=1000) == {}
    row = ocean.get(ONE + "budget/get/", advertiser_ids=[ocean.account])["list"][0]
    assert row == {"advertiser_id": ocean.account, "budget": 1000.0, "budget_mode": "BUDGET_MODE_DAY"}


def test_daily_money_adds_up_to_what_is_left(ocean: Ocean) -> None:
    ocean.promotion(ocean.project(), budget=20_000)
    ocean.advance(47 * 3600)  # Wednesday 08:00: Tuesday is settled
    days = ocean.get(ONE + "fund/daily_stat/", start_date="2026-11-10", end_date="2026-11-18")["list"]
    assert [day["date"] for day in days] == ["2026-11-16", "2026-11-17"]
    assert min(day["cost"] for day in days) > 0
    for before, after in pairwise(days):
        assert round(before["balance"] - after["cost"], 2) == after["balance"]
    assert all(round(day["cash_cost"] + day["reward_cost"], 2) == day["cost"] for day in days)
    today = ocean.world.reports.by_day(
        ocean.world.store.plans_of(ocean.account), ocean.world.clock.now(), ocean.world.clock.now()
    )
    left = round(days[-1]["balance"] - int(today.metric("cost_fen").sum()) / 100, 2)
    assert ocean.get(ONE + "fund/get/")["balance"] == left


def test_payments_are_listed_by_type(ocean: Ocean) -> None:
    given = {"start_date": "2026-11-16", "end_date": "2026-11-16"}
    rows = ocean.get(ONE + "fund/transaction/get/", **given, transaction_type="RECHARGE")["list"]
    assert [row["amount"] for row in rows] == [5_020_000.0]
    assert ocean.get(ONE + "fund/transaction/get/", **given, transaction_type="TRANSFER")["list"] == []


def test_who_authorised(ocean: Ocean) -> None:
    data = ocean.get("/open_api/2/user/info/")
    assert data["app_id"] == ocean.minted["app_id"]
    assert data["display_name"] == "oceanengine-operator"


def test_organisations_expand_to_the_tokens_accounts(ocean: Ocean) -> None:
    rows = ocean.get("/open_api/2/customer_center/advertiser/list/", cc_account_id=1)["list"]
    assert [row["advertiser_id"] for row in rows] == ocean.minted["account_ids"]
    path = "/open_api/v3.0/customer_center/account/list/"
    rows = ocean.get(path, account_id=ocean.account, filter={"account_type": "AD"})["accounts"]
    assert [row["account_id"] for row in rows] == ocean.minted["account_ids"]
    rows = ocean.get("/open_api/2/majordomo/advertiser/select/")["list"]
    assert [row["advertiser_id"] for row in rows] == ocean.minted["account_ids"]


def test_the_quota_counts_running_plans(ocean: Ocean) -> None:
    project = ocean.project()
    ocean.promotion(project, "一")
    ocean.promotion(project, "二", operation="DISABLE")
    data = ocean.get("/open_api/2/tools/quota/get/", campaign_type="FEED")
    assert (data["used_quota"], data["in_learning"]) == (1, False)
    ocean.advance(600)
    assert ocean.get("/open_api/2/tools/quota/get/", campaign_type="FEED")["in_learning"] is True
