"""Advertisers: who they are, what they own, what they may spend."""

from typing import Any

from ...clock import DAY, day_of, parse
from ...dialect import Call
from ...model import Account
from .budgets import Budget, check_change, read_budget, settings_of
from .paging import page_bounds
from .values import LI_PER_YUAN, day, refused, required_whole

LEAST_BUDGET_YUAN = 500
MOST_FLOWS = 500
INSURANCE_ID, FINANCE_ID = 1095, 1022
PASSED = 2


def advertiser_info(call: Call) -> dict[str, Any]:
    """``v1/advertiser/info``"""
    account = call.account(required_whole(call.params, "advertiser_id"))
    return {
        "user_id": _user_id(account),
        "user_name": account.name,
        "corporation_name": account.company,
        "product_name": account.name,
        "industry_id": INSURANCE_ID,
        "industry_name": account.industry,
        "primary_industry_id": FINANCE_ID,
        "primary_industry_name": "金融",
        "delivery_type": 0,
        "effect_first": 0,
    }


def list_advertisers(call: Call) -> dict[str, Any]:
    """``gw/uc/v1/advertisers``: the accounts that the same login may use."""
    own = call.account(required_whole(call.params, "advertiser_id"))
    ids = call.token.account_ids if call.token else [own.id]
    return {"details": [_show(call.store.accounts[account_id]) for account_id in ids]}


def fund(call: Call) -> dict[str, Any]:
    """``v1/advertiser/fund/get``: yuan."""
    account = call.account(required_whole(call.params, "advertiser_id"))
    balance = call.world.money.balance_li(account, call.now)
    # Grants are spent last.
    rebate = min(account.grant_li, balance)
    return {
        "balance": _yuan(balance),
        "recharge_balance": _yuan(balance - rebate),
        "direct_rebate": _yuan(rebate),
        "contract_rebate": 0.0,
        "extended_balance": 0.0,
        "total_shared_wallet_balance": 0.0,
        "total_frame_shared_wallet_balance": 0.0,
    }


def daily_flows(call: Call) -> dict[str, Any]:
    """``v1/advertiser/fund/daily_flows``: one line per day, yuan, newest first."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    begin, end = day(params, "start_date"), day(params, "end_date")
    if not begin or not end:
        raise refused("参数错误：start_date 与 end_date 不能为空")
    if end < begin:
        raise refused("end_date 不得早于 start_date")
    first, last = page_bounds(params, MOST_FLOWS)
    opened, today = day_of(account.created_at), day_of(call.now)
    days = []
    moment = parse(max(begin, opened))
    while moment <= parse(min(end, today)):
        days.append(day_of(moment))
        moment += DAY
    days.reverse()
    flows = _flows(call, account, days) if days else {}
    return {"total_count": len(days), "details": [flows[date] for date in days[first:last]]}


def get_budget(call: Call) -> dict[str, Any]:
    """``v1/advertiser/budget/get``: 厘."""
    account = call.account(required_whole(call.params, "advertiser_id"))
    return settings_of(_budget(account))


def update_budget(call: Call) -> dict[str, Any]:
    """``v1/advertiser/update/budget``: 厘, at least 500 yuan, 0 for unlimited."""
    account = call.account(required_whole(call.params, "advertiser_id"))
    budget = read_budget(call.params, LEAST_BUDGET_YUAN)
    if budget is None:
        raise refused("参数错误：day_budget 与 day_budget_schedule 不能同时为空")
    new_li = budget.on(call.now)
    check_change(account.budget_li, new_li, call.world.money.account_spent_li(account, call.now))
    old_li, account.budget_li = account.budget_li, new_li
    account.settings = account.settings | settings_of(budget)
    call.save(account)
    call.log(account.id, account, "account", "update", day_budget=(old_li, new_li))
    return {}


def _budget(account: Account) -> Budget:
    settings = account.settings
    return Budget(settings.get("day_budget", account.budget_li), tuple(settings.get("day_budget_schedule", ())))


def _user_id(account: Account) -> int:
    return 1_300_000_000 + account.id


def _yuan(li: int) -> float:
    return round(li / LI_PER_YUAN, 2)


def _show(account: Account) -> dict[str, Any]:
    return {
        "advertiser_id": account.id,
        "advertiser_name": account.name,
        "corporation_name": account.company,
        "product_name": account.name,
        "user_id": _user_id(account),
        "agent_id": 0,
        "app_id": 0,
        "account_type": 1,
        "create_source": 0,
        "create_time": int(account.created_at),
        "review_status": PASSED,
        "review_detail": "",
        "frozen_status": 0 if account.is_enabled else 1,
        "frozen_reason": "",
        "auth_status": 1,
        "auth_detail": "",
        "uid_banned": False,
    }


def _flows(call: Call, account: Account, days: list[str]) -> dict[str, dict[str, Any]]:
    """Lines by date. Cash goes first, so rebates are charged only when the cash is gone."""
    units = call.store.plans_of(account.id)
    opened = parse(day_of(account.created_at))
    table = call.world.reports.by_day(units, opened, parse(days[0]))
    cost_fen = table.metric("cost_fen").sum(axis=1)
    moves = call.store.fund_moves_of(account.id)
    cash = grant = 0
    lines = {}
    for start, fen in zip(table.starts, cost_fen, strict=True):
        date = day_of(start)
        today = [move for move in moves if day_of(move.created_at) == date]
        cash_in, grant_in = sum(move.cash_li for move in today), sum(move.grant_li for move in today)
        charge = int(fen) * 10
        from_cash = max(0, min(charge, cash + cash_in))
        cash += cash_in - from_cash
        grant += grant_in - (charge - from_cash)
        lines[date] = {
            "advertiser_id": account.id,
            "date": date,
            "daily_charge": _yuan(charge),
            "real_charged": _yuan(from_cash),
            "contract_rebate_real_charged": 0.0,
            "direct_rebate_real_charged": _yuan(charge - from_cash),
            "daily_transfer_in": _yuan(max(0, cash_in) + max(0, grant_in)),
            "daily_transfer_out": _yuan(max(0, -cash_in) + max(0, -grant_in)),
            "balance": _yuan(max(0, cash + grant)),
            "real_recharged": _yuan(cash_in),
            "contract_rebate_real_recharged": 0.0,
            "direct_rebate_real_recharged": _yuan(grant_in),
        }
    return lines
