"""What a unit (广告组, the plan) may be: pricing, bids, dates, hours."""

from dataclasses import dataclass
from typing import Any

from ... import model
from ...clock import day_of
from .budgets import Budget, read_budget
from .campaigns import MAX_CONVERSION
from .values import LI_PER_YUAN, Params, day, decimal, refused, text, whole, whole_in, wholes, yuan

CPC, OCPM, MCB = 2, 10, 12
PRICING = {CPC: "cpc", OCPM: "ocpm", MCB: "nobid"}
SCENES = frozenset({1, 2, 5, 6, 7, 10, 11, 24, 27, 39, 53, 56})
UNION_SCENES = frozenset({5, 10})
UNIT_TYPES = frozenset({3, 4, 7, 10})
CUSTOM_TYPES, PROGRAM_TYPES = frozenset({3, 4}), frozenset({7, 10})
LEAST_BUDGET_YUAN = 100
WEEK_HOURS = 168

CLICK_GOAL = 2
FORM_GOAL = 53
ACTIVATION_GOAL = 180
PAY_GOAL = 190
VALID_CLUE_GOAL = 348
WEEK_PAY_GOAL = 739
ROI_GOALS = frozenset({191, 774})
GOALS = {
    2: "行为数",
    53: "表单提交",
    109: "电话卡激活",
    137: "量房",
    180: "激活",
    190: "付费",
    191: "首日ROI",
    324: "唤起应用",
    348: "有效线索",
    383: "授信",
    384: "完件",
    394: "订单提交",
    634: "预约表单",
    635: "预约点击跳转",
    715: "微信复制",
    716: "多转化事件",
    717: "广告观看次数",
    731: "广告观看5次",
    732: "广告观看10次",
    733: "广告观看20次",
    739: "7日付费次数",
    773: "关键行为",
    774: "7日ROI",
}
OFFLINE_GOAL = 396
# What the market is told of a goal; any other is to it a form, or a valid lead when there is a deep bid.
MARKET_GOAL = {
    FORM_GOAL: model.FORM_GOAL,
    VALID_CLUE_GOAL: model.VALID_LEAD_GOAL,
    ACTIVATION_GOAL: model.ACTIVATION_GOAL,
    PAY_GOAL: model.PAYMENT_GOAL,
    **dict.fromkeys((*ROI_GOALS, WEEK_PAY_GOAL), model.PAYMENT_GOAL),
}
DEEP_TYPES = frozenset({0, 3, 7, 10, 11, 13, 14, 15, 44, 92, 181})

# Legal bids in 厘 by goal; goals without a documented range share that of the form.
_CPC_RANGE = (LI_PER_YUAN // 5, 100 * LI_PER_YUAN)
_CPA_RANGE = {CLICK_GOAL: (LI_PER_YUAN // 10, 10 * LI_PER_YUAN), ACTIVATION_GOAL: (LI_PER_YUAN, 3_000 * LI_PER_YUAN)}
_OTHER_CPA_RANGE = (5 * LI_PER_YUAN, 3_000 * LI_PER_YUAN)
MOST_DEEP_BID_LI = 3_000 * LI_PER_YUAN


@dataclass(frozen=True)
class Offer:
    """How a unit pays. Bids in 厘; ``bid_li`` is the click bid or the target CPA, 0 without a bid."""

    bid_type: int
    goal: int
    bid_li: int
    deep_type: int
    deep_bid_li: int
    roi_ratio: float

    @property
    def pricing(self) -> str:
        """The shared model's word; a target cost per click is as good as a click bid."""
        return "cpc" if self.goal == CLICK_GOAL else PRICING[self.bid_type]


def read_offer(params: Params, campaign_settings: dict[str, Any], old: Offer | None = None) -> Offer:
    """The offer of a create request, or of an update on top of ``old``. Ranges are checked, not budgets."""
    bid_type = whole_in(params, "bid_type", PRICING, old.bid_type if old else None)
    if old is not None and bid_type != old.bid_type:
        raise refused("bid_type 不支持修改")
    is_hosted = campaign_settings["bid_type"] == MAX_CONVERSION
    if is_hosted != (bid_type == MCB):
        raise refused(
            "计划出价类型为最大转化时，广告组 bid_type 必须为 12" if is_hosted else "bid_type 的取值 12 不合法"
        )
    goal = whole(params, "ocpx_action_type")
    goal = (old.goal if old else 0) if goal is None else goal
    if goal == OFFLINE_GOAL:
        raise refused("优化目标“注册”已下线")
    if bid_type != CPC and goal not in GOALS:
        raise refused(f"参数错误：ocpx_action_type 的取值 {goal} 不合法" if goal else "ocpx_action_type 不能为空")
    deep_type = whole_in(params, "deep_conversion_type", DEEP_TYPES, old.deep_type if old else 0)
    roi_ratio = decimal(params, "roi_ratio")
    roi_ratio = (old.roi_ratio if old else 0.0) if roi_ratio is None else roi_ratio
    if goal in ROI_GOALS:
        check_roi(roi_ratio)
    bid = whole(params, "bid" if bid_type == CPC else "cpa_bid")
    bid_li = (old.bid_li if old else 0) if bid is None else bid
    deep = whole(params, "deep_conversion_bid")
    deep_li = (old.deep_bid_li if old else 0) if deep is None else deep
    offer = Offer(bid_type, goal, bid_li if bid_type != MCB else 0, deep_type, deep_li, roi_ratio)
    check_bid(offer)
    return offer


def check_bid(offer: Offer) -> None:
    """Refuse a bid outside of the range of its pricing and goal."""
    if offer.bid_type == MCB or offer.goal in ROI_GOALS:
        return
    name = "bid" if offer.bid_type == CPC else "cpa_bid"
    if not offer.bid_li:
        raise refused(f"参数错误：{name} 不能为空")
    least, most = _CPC_RANGE if offer.bid_type == CPC else _CPA_RANGE.get(offer.goal, _OTHER_CPA_RANGE)
    if not least <= offer.bid_li <= most:
        raise refused(f"出价不得低于 {yuan(least)} 元，不得高于 {yuan(most)} 元")
    if offer.deep_bid_li and not offer.bid_li < offer.deep_bid_li < MOST_DEEP_BID_LI:
        raise refused("deep_conversion_bid 需大于 cpa_bid，小于 3000 元")


def check_roi(ratio: float) -> None:
    """Refuse a ROI coefficient outside of (0, 100] or with more than three decimals."""
    if not 0 < ratio <= 100 or round(ratio, 3) != ratio:
        raise refused("roi_ratio 取值范围为 (0,100]，最多支持三位小数")


def check_within_budget(offer: Offer, budget: Budget) -> None:
    """Refuse a bid above any day's budget."""
    for amount in budget.amounts():
        if amount and max(offer.bid_li, offer.deep_bid_li) > amount:
            raise refused("出价不得高于广告组预算")


def read_unit_budget(params: Params) -> Budget | None:
    """Unlimited or at least 100 yuan a day."""
    return read_budget(params, LEAST_BUDGET_YUAN)


def read_scenes(params: Params) -> list[int]:
    """``scene_id``: a list, also of texts."""
    scenes = wholes(params, "scene_id")
    if not scenes:
        raise refused("参数错误：scene_id 不能为空")
    if not set(scenes) <= SCENES:
        raise refused("参数错误：scene_id 的取值不合法")
    return scenes


def read_dates(params: Params, now: float, old_begin: str = "") -> tuple[str, str]:
    """(begin_time, end_time) as ``yyyy-MM-dd``; an open end is "". A new begin may not lie in the past."""
    begin = day(params, "begin_time") or old_begin
    if not begin:
        raise refused("参数错误：begin_time 不能为空")
    if begin != old_begin and begin < day_of(now):
        raise refused("begin_time 不得早于当前日期")
    end = day(params, "end_time") or ""
    if end and end < begin:
        raise refused("end_time 不得早于 begin_time")
    return begin, end


def read_schedule(params: Params) -> str:
    """168 characters of 0/1, hours from Monday 00:00, or "" when absent."""
    schedule = text(params, "schedule_time") or ""
    if schedule and (len(schedule) != WEEK_HOURS or set(schedule) - {"0", "1"}):
        raise refused("schedule_time 必须为 24*7 位由 0 和 1 组成的字符串")
    return schedule


def half_hours(schedule: str) -> str:
    """The 336 half-hours of the shared model."""
    return "".join(hour * 2 for hour in schedule)
