"""Accounts and funds."""

from typing import Any

from ...clock import DAY, day_of, parse, stamp
from ...dialect import Call
from ...ledger import COLUMN
from ...model import Account
from .wire import MAX_ROWS, check_count, check_day, check_range, page_of, pick, read_page, refuse, to_li, to_yuan

MIN_BUDGET, MAX_BUDGET = 1000, 9_999_999.99
MAX_SPAN_DAYS = 366


def user_info(call: Call) -> dict[str, Any]:
    """Who authorised the token."""
    login = call.store.logins[call.token.login_id] if call.token else None
    if login is None:
        raise refuse("access token has no user")
    return {
        "app_id": call.token.app_id if call.token else 0,
        "id": login.id,
        "display_name": login.name,
        "email": login.email,
        "material_auth_status": True,
        "token_scope_list": [1, 2, 3, 4, 5],
    }


def info(call: Call) -> list[dict[str, Any]]:
    """An array below ``data``, unlike every other endpoint."""
    ids = call.params.get("advertiser_ids")
    if ids is None:
        raise refuse("The advertiser ID is required and must be an integer")
    check_count("advertiser_ids", ids, 1, 100)
    rows = []
    for account in [call.account(account_id) for account_id in ids]:
        row = {
            "id": account.id,
            "name": account.name,
            "company": account.company,
            "brand": account.company[:2],
            "role": "ROLE_ADVERTISER",
            "status": "STATUS_ENABLE" if account.is_enabled else "STATUS_DISABLE",
            "industry": account.industry,
            "first_industry_name": "金融业",
            "second_industry_name": account.industry,
            "address": "上海市浦东新区",
            "license_no": f"91310000MA{account.id % 10**8:08d}",
            "license_province": "上海",
            "license_city": "上海",
            "license_url": "",
            "promotion_area": "全国",
            "promotion_center_province": "上海",
            "promotion_center_city": "上海",
            "reason": "",
            "note": "",
            "create_time": stamp(account.created_at),
        }
        rows.append(pick(row, call.params.get("fields")))
    return rows


def _funds(call: Call, account: Account) -> dict[str, int]:
    """厘 left of cash and grant; grants are spent first."""
    left = call.world.money.balance_li(account, call.now)
    spent = account.cash_li + account.grant_li - left
    grant = max(0, account.grant_li - spent)
    return {"balance": left, "grant": grant, "cash": left - grant}


def fund(call: Call) -> dict[str, Any]:
    """In yuan."""
    account = call.account(call.params.get("advertiser_id", 0))
    li = _funds(call, account)
    data: dict[str, Any] = {"advertiser_id": account.id, "name": account.name, "email": ""}
    for name in ("balance", "cash", "grant"):
        data[name] = data[f"valid_{name}"] = to_yuan(li[name])
    if call.params.get("grant_type_split") == "ON":
        data |= {"default_grant": to_yuan(li["grant"]), "common_grant": to_yuan(li["grant"]), "search_grant": 0.0}
        data |= {"union_grant": 0.0, "compensation_grant": 0.0, "compensation_valid_grant": 0.0}
    return data


def account_fund(call: Call) -> dict[str, Any]:
    """In fen, the one place where this medium counts them."""
    ids = call.params["account_ids"]
    check_count("account_ids", ids, 1, 20)
    rows = []
    for account in [call.account(account_id) for account_id in ids]:
        li = _funds(call, account)
        row: dict[str, Any] = {"account_id": account.id}
        for name in ("balance", "cash", "grant"):
            row[name] = row[f"valid_{name}"] = li[name] // 10
        if call.params.get("grant_type_split") == "ON":
            row |= {"default_grant": li["grant"] // 10, "common_grant": li["grant"] // 10, "search_grant": 0}
        rows.append(row)
    return {"list": rows}


def daily_stat(call: Call) -> dict[str, Any]:
    """Money by day; the day before is settled about 08:00."""
    account = call.account(call.params["advertiser_id"])
    first = parse(check_day("start_date", call.params.get("start_date", day_of(call.now - 7 * DAY))))
    last = parse(check_day("end_date", call.params.get("end_date", day_of(call.now))))
    if last < first or (last - first) / DAY > MAX_SPAN_DAYS:
        raise refuse("start_date: the span must be between 0 days and 1 year.")
    read_page(call, default=10, largest=1000, cap=MAX_ROWS)
    settled = min(last, parse(day_of(call.now - 8 * 3600)) - DAY)
    first = max(first, parse(day_of(account.created_at)))
    if settled < first:
        return page_of(call, [], largest=1000)
    plans = call.store.plans_of(account.id)
    table = call.world.reports.by_day(plans, first, settled)
    costs = table.values[:, :, COLUMN["cost_fen"]].sum(axis=1) * 10
    moves = call.store.fund_moves_of(account.id)
    ever = call.world.money.spent_ever_li(account, call.now)
    after = ever - int(call.world.reports.by_day(plans, first, call.now).metric("cost_fen").sum()) * 10
    rows = []
    for start, cost in zip(table.starts, costs.tolist(), strict=True):
        grant_before = max(0, account.grant_li - after)
        reward = min(cost, grant_before)
        after += cost
        income = sum(move.cash_li + move.grant_li for move in moves if start <= move.created_at < start + DAY)
        paid = sum(move.cash_li + move.grant_li for move in moves if move.created_at < start + DAY)
        left = max(0, paid - after)
        grant_left = max(0, grant_before - reward)
        rows.append(
            {
                "advertiser_id": account.id,
                "date": day_of(start),
                "balance": to_yuan(left),
                "cost": to_yuan(cost),
                "cash_cost": to_yuan(cost - reward),
                "reward_cost": to_yuan(reward),
                "grant_balance": to_yuan(grant_left),
                "non_grant_balance": to_yuan(max(0, left - grant_left)),
                "income": to_yuan(income),
                "transfer_in": 0.0,
                "transfer_out": 0.0,
                "frozen": 0.0,
                "deduction_cost": 0.0,
                "company_wallet_cost": 0.0,
                "compensation_reward_cost": 0.0,
                "realtime_coupon_cost": 0.0,
                "return_goods_reward_cost": 0.0,
                "shared_wallet_cost": 0.0,
            }
        )
    return page_of(call, rows, largest=1000, cap=MAX_ROWS)


def transactions(call: Call) -> dict[str, Any]:
    """Payments into the account."""
    account = call.account(call.params["advertiser_id"])
    first = parse(check_day("start_date", call.params["start_date"]))
    last = parse(check_day("end_date", call.params["end_date"])) + DAY
    rows = [
        {
            "advertiser_id": account.id,
            "transaction_type": move.kind,
            "transaction_seq": move.id,
            "create_time": stamp(move.created_at),
            "amount": to_yuan(move.cash_li + move.grant_li),
            "cash": to_yuan(move.cash_li),
            "grant": to_yuan(move.grant_li),
            "frozen": 0.0,
            "dealbase": 0.0,
            "return_goods": 0.0,
            "remitter": 0,
            "payee": account.id,
        }
        for move in call.store.fund_moves_of(account.id)
        if move.kind == call.params["transaction_type"] and first <= move.created_at < last
    ]
    return page_of(call, rows, largest=1000, cap=MAX_ROWS)


def budgets(call: Call) -> dict[str, Any]:
    """Daily budgets of accounts."""
    ids = call.params["advertiser_ids"]
    check_count("advertiser_ids", ids, 1, 100)
    accounts = [call.account(account_id) for account_id in ids]
    return {
        "list": [
            {
                "advertiser_id": account.id,
                "budget": to_yuan(account.budget_li),
                "budget_mode": "BUDGET_MODE_DAY" if account.budget_li else "BUDGET_MODE_INFINITE",
            }
            for account in accounts
        ]
    }


def update_budget(call: Call) -> dict[str, Any]:
    """1,000 to 9,999,999.99 yuan a day, or without end."""
    account = call.account(call.params["advertiser_id"])
    before = account.budget_li
    if call.params["budget_mode"] == "BUDGET_MODE_INFINITE":
        account.budget_li = 0
    else:
        if "budget" not in call.params:
            raise refuse("budget: Missing data for required field.")
        check_range("budget", call.params["budget"], MIN_BUDGET, MAX_BUDGET)
        account.budget_li = to_li(call.params["budget"])
    call.save(account)
    call.log(account.id, account, "ADVERTISER", "修改账户预算", budget=(to_yuan(before), to_yuan(account.budget_li)))
    call.store.touched.update(plan.index for plan in call.store.plans_of(account.id))
    return {}


def expand_customer_center(call: Call) -> dict[str, Any]:
    """The ad accounts below an organisation: here, those of the token."""
    wanted = call.params.get("filtering", {}).get("account_name", "")
    accounts = [call.store.accounts[i] for i in (call.token.account_ids if call.token else [])]
    rows = [
        {
            "account_id": str(account.id),
            "account_name": account.name,
            "account_type": "AD",
            "advertiser_id": account.id,
            "advertiser_name": account.name,
            "advertiser_type": "NORMAL",
        }
        for account in accounts
        if wanted in account.name
    ]
    return page_of(call, rows)


def expand_organisation(call: Call) -> dict[str, Any]:
    """The same for the newer endpoint, which calls its list ``accounts``."""
    wanted = call.params.get("filter", {})
    ids = wanted.get("account_ids")
    accounts = [call.store.accounts[i] for i in (call.token.account_ids if call.token else [])]
    rows = [
        {"account_id": account.id, "account_name": account.name, "account_type": "AD"}
        for account in accounts
        if (not ids or account.id in ids) and wanted.get("account_name", "") in account.name
    ]
    paged = page_of(call, rows)
    return {"accounts": paged["list"], "page_info": paged["page_info"]}


def expand_majordomo(call: Call) -> dict[str, Any]:
    """All accounts of the token, without pages."""
    accounts = [call.store.accounts[i] for i in (call.token.account_ids if call.token else [])]
    return {"list": [{"advertiser_id": account.id, "advertiser_name": account.name} for account in accounts]}


HANDLERS = {
    ("GET", "/open_api/2/user/info/"): user_info,
    ("GET", "/open_api/2/advertiser/info/"): info,
    ("GET", "/open_api/2/advertiser/fund/get/"): fund,
    ("GET", "/open_api/v3.0/account/fund/get/"): account_fund,
    ("GET", "/open_api/2/advertiser/fund/daily_stat/"): daily_stat,
    ("GET", "/open_api/2/advertiser/fund/transaction/get/"): transactions,
    ("GET", "/open_api/2/advertiser/budget/get/"): budgets,
    ("POST", "/open_api/2/advertiser/update/budget/"): update_budget,
    ("GET", "/open_api/2/customer_center/advertiser/list/"): expand_customer_center,
    ("GET", "/open_api/v3.0/customer_center/account/list/"): expand_organisation,
    ("GET", "/open_api/2/majordomo/advertiser/select/"): expand_majordomo,
}
