"""Small services: operation log, quota, which goals and interests may be chosen."""

from typing import Any

from ...clock import day_of, stamp
from ...dialect import Call
from ...interests import TREE
from ...model import DELETED, Operation
from .campaigns import MOST_CAMPAIGNS
from .paging import page_bounds
from .regions import REGIONS
from .unit_rules import DEEP_TYPES, GOALS
from .values import day, required_whole, whole, whole_in

MOST_RECORDS = 500
READABLE_SECONDS = 184 * 24 * 3600
TARGETS = {"account": 1, "campaign": 2, "unit": 3, "creative": 4, "video": 5}
CREATED, CHANGED = 1, 2
BY_API = 5
ACTION_TEXTS = ("立即投保", "立即咨询", "了解详情", "查看详情", "免费领取", "立即领取", "立即预约")
REACH = 5_200_000
_DEEP_NAMES = {
    3: "付费",
    7: "次日留存",
    10: "完件",
    11: "授信",
    13: "添加购物车",
    14: "提交订单",
    15: "购买",
    44: "有效线索",
    92: "付费ROI",
    181: "激活后24H次日留存",
}


def list_operations(call: Call) -> dict[str, Any]:
    """``v1/tool/operation_record/list``: the last six months, newest first."""
    params = call.params
    account = call.account(required_whole(params, "advertiser_id"))
    first, last = page_bounds(params, MOST_RECORDS)
    kind, target, role = (whole(params, name) for name in ("operation_type", "operation_target", "role_type"))
    begin, end = day(params, "start_date"), day(params, "end_date")

    def is_wanted(operation: Operation) -> bool:
        return (
            operation.created_at >= call.now - READABLE_SECONDS
            and (not kind or _kind(operation) == kind)
            and (not target or TARGETS.get(operation.object_type) == target)
            and role in {None, 0, BY_API}
            and (not begin or day_of(operation.created_at) >= begin)
            and (not end or day_of(operation.created_at) <= end)
        )

    found = [operation for operation in call.store.operations_of(account.id) if is_wanted(operation)]
    found.reverse()
    return {"total_count": len(found), "details": [_show(operation) for operation in found[first:last]]}


def quota(call: Call) -> dict[str, Any]:
    """``gw/dsp/quota/info``: how many more campaigns the account may have."""
    account = call.account(required_whole(call.params, "advertiser_id"))
    living = sum(campaign.switch != DELETED for campaign in call.store.campaigns_of(account.id))
    return {
        "quota_definition": "账户下可创建的广告计划数量",
        "is_in_quota_scope": True,
        "quota_count": MOST_CAMPAIGNS,
        "available_count": max(0, MOST_CAMPAIGNS - living),
        "quota_msg_list": [],
    }


def action_texts(call: Call) -> dict[str, Any]:
    """``v1/creative/action_bar_text/list``: what a button may say."""
    call.account(required_whole(call.params, "advertiser_id"))
    return {"action_bar_text": list(ACTION_TEXTS)}


def tag_advice(call: Call) -> dict[str, Any]:
    """``v1/creative/creative_tag/advise``"""
    account = call.account(required_whole(call.params, "advertiser_id"))
    return {"industry": "金融业", "secondIndustry": account.industry, "tags": ["医疗险", "重疾险", "意外险"]}


def goal_types(call: Call) -> dict[str, Any]:
    """``gw/dsp/v1/ocpx/ocpxTypes``"""
    call.account(required_whole(call.params, "advertiser_id"))
    whole_in(call.params, "scene_category", frozenset({0, 1, 2, 3}), 0)
    return {"ocpx_types": [{"ocpx_action_type": number, "name": name} for number, name in GOALS.items()]}


def deep_goal_types(call: Call) -> dict[str, Any]:
    """``gw/dsp/v1/ocpx/deepTypes``"""
    call.account(required_whole(call.params, "advertiser_id"))
    known = sorted(DEEP_TYPES - {0})
    return {"deep_types": [{"deep_conversion_type": number, "name": _DEEP_NAMES[number]} for number in known]}


def behavior_interest(call: Call) -> dict[str, Any]:
    """``v1/tool/label/behavior_interest``: the trees of behaviours (none here) and of interests.

    A part's number begins with its group's, as the paths of ``target`` need it.
    """
    call.account(required_whole(call.params, "advertiser_id"))
    interests = [
        {
            **_label(group, name, 1),
            "children": [_label(group * 100 + part, text, 2) for part, text in enumerate(parts, 1)],
        }
        for group, (name, parts) in enumerate(TREE.items(), 1)
    ]
    return {"behavior_interest": {"behavior": [], "interest": interests}}


def list_regions(call: Call) -> dict[str, Any]:
    """``v1/region/list``: every region by its id. The advertiser may be left out."""
    advertiser_id = whole(call.params, "advertiser_id")
    if advertiser_id:
        call.account(advertiser_id)
    return {
        str(region.id): {
            "id": region.id,
            "level": region.level,
            "name": region.name,
            "parent": region.parent,
            "children": list(region.children) or None,
        }
        for region in REGIONS.values()
    }


def _label(number: int, name: str, level: int) -> dict[str, Any]:
    return {"id": number, "name": name, "level": level, "des": "", "count": REACH, "children": []}


def _kind(operation: Operation) -> int:
    return CREATED if operation.title == "create" else CHANGED


def _show(operation: Operation) -> dict[str, Any]:
    return {
        "object_id": str(operation.object_id),
        "operation_type": _kind(operation),
        "operation_target": TARGETS[operation.object_type],
        "role_type": BY_API,
        "object_name": operation.object_name,
        "operation_time": stamp(operation.created_at),
        "content_log": [
            {"field_name": line["field"], "original_data": line["before"], "update_data": line["after"]}
            for line in operation.changes
        ],
    }
