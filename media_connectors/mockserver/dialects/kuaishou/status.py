"""Neutral states of the shared model in Kuaishou's numbers."""

from ... import life
from ...dialect import Call
from ...model import (
    DELETED,
    DENIED,
    FAILED,
    LEARNED,
    LEARNING,
    NONE,
    OFF,
    ON,
    PASSED,
    PENDING,
    Campaign,
    Creative,
    Plan,
)
from .values import refused

PUT_STATUS = {ON: 1, OFF: 2, DELETED: 3}
SWITCH = {number: switch for switch, number in PUT_STATUS.items()}
REVIEW_STATUS = {PENDING: 1, PASSED: 2, DENIED: 3}
STUDY_STATUS = {NONE: 0, LEARNING: 1, LEARNED: 2, FAILED: 3}
COMPENSATE_STATUS = {NONE: 0, "in_effect": 1, "confirming": 2, "paid": 3, "ended": 4}

ALL_WITH_DELETED = -2

CAMPAIGN_VALID = 4
# First match wins, so the order is the medium's: what stops most comes first.
_CAMPAIGN_CODES = (
    (life.DELETED_REASON, 5),
    (life.PAUSED, 1),
    (life.CAMPAIGN_BUDGET, 3),
    (life.ACCOUNT_BUDGET, 3),
    (life.NO_BALANCE, 6),
)

UNIT_VALID = 20
UNIT_DELETED = 10
_UNIT_CODES = (
    (life.DELETED_REASON, UNIT_DELETED),
    (life.CAMPAIGN_PAUSED, 1),
    (life.CAMPAIGN_BUDGET, 3),
    (life.ACCOUNT_BUDGET, 3),
    (life.NO_BALANCE, 6),
    (life.IN_REVIEW, 11),
    (life.REJECTED, 12),
    (life.ENDED, 14),
    (life.PAUSED, 15),
    (life.PLAN_BUDGET, 17),
    (life.NOT_STARTED, 19),
    (life.OUT_OF_SCHEDULE, 22),
)

CREATIVE_DELETED = 40
CREATIVE_DELIVERING = 52
STATUS_TEXT = {
    1: "计划已暂停",
    3: "计划超预算",
    6: "余额不足",
    10: "广告组已删除",
    11: "组审核中",
    12: "组审核未通过",
    14: "已结束",
    15: "组已暂停",
    17: "组超预算",
    19: "未达投放时间",
    22: "不在投放时段",
    40: "已删除",
    41: "审核中",
    42: "审核未通过",
    46: "已暂停",
    52: "投放中",
    55: "部分素材审核失败",
}


def read_switch(number: int) -> str:
    """The switch that a ``put_status`` means; 1, 2 and 3 are legal."""
    if number not in SWITCH:
        raise refused(f"参数错误：put_status 的取值 {number} 不合法")
    return SWITCH[number]


def campaign_status(call: Call, campaign: Campaign) -> int:
    """1 paused, 3 over budget, 4 valid, 5 deleted, 6 no balance."""
    reasons = set(call.world.life.campaign_obstacles(campaign, call.now))
    account = call.store.accounts[campaign.account_id]
    money = call.world.money
    if money.balance_li(account, call.now) <= 0:
        reasons.add(life.NO_BALANCE)
    if account.budget_li and money.account_spent_li(account, call.now) >= account.budget_li:
        reasons.add(life.ACCOUNT_BUDGET)
    return next((code for reason, code in _CAMPAIGN_CODES if reason in reasons), CAMPAIGN_VALID)


def unit_status(call: Call, unit: Plan) -> int:
    """The computed status of a unit, see ``_UNIT_CODES``; 20 when it may deliver."""
    reasons = set(call.world.life.obstacles(unit, call.now))
    return next((code for reason, code in _UNIT_CODES if reason in reasons), UNIT_VALID)


def creative_status(call: Call, creative: Creative) -> int:
    """Its own reasons first (40 deleted, 41 auditing, 42 rejected, 46 paused), then its unit's, else 52."""
    if creative.switch == DELETED:
        return CREATIVE_DELETED
    if creative.audit == PENDING:
        return 41
    if creative.audit == DENIED:
        return 42
    if creative.switch == OFF:
        return 46
    of_unit = unit_status(call, call.store.plans[creative.plan_id])
    return CREATIVE_DELIVERING if of_unit == UNIT_VALID else of_unit


def review_text(row: Plan | Creative, waiting: str) -> str:
    """``review_detail``: ``waiting`` during the review, the reasons after a refusal, otherwise empty."""
    if row.audit == PENDING:
        return waiting
    return "；".join(reason for entry in row.reject for reason in entry["reasons"])
