"""Which of our fields a media's refusal speaks of, read from its message."""

from __future__ import annotations

import re

# Wire names first (they are exact), then the words of Chinese messages. What a message names first it blames.
_WIRE_FIELDS = {
    "schedule_time": "schedule",
    "day_budget": "daily_budget_fen",
    "budget": "daily_budget_fen",
    "cpa_bid": "bid_fen",
    "bid": "bid_fen",
    "title_material_list": "titles",
    "captions": "titles",
    "description": "titles",
    "video_material_list": "materials",
    "image_material_list": "materials",
    "promotion_materials": "materials",
    "photo_list": "materials",
    "photo_id": "materials",
    "image_tokens": "materials",
    "external_url_material_list": "landing_url",
    "url": "landing_url",
    "call_to_action_buttons": "call_to_action",
    "action_bar": "call_to_action",
    "action_bar_text": "call_to_action",
    "source": "brand_name",
    "audience": "targeting",
    "target": "targeting",
    "begin_time": "start_on",
    "start_time": "start_on",
    "end_time": "end_on",
    "campaign_id": "campaign_remote_id",
    "project_id": "campaign_remote_id",
    "unit_id": "plan_remote_id",
    "promotion_id": "plan_remote_id",
    "campaign_name": "name",
    "unit_name": "name",
    "creative_name": "name",
    "package_name": "name",
    "name": "name",
}
_CONTAINERS = {"promotion_materials", "audience", "target"}  # blamed only when nothing inside them is named
_WIRE = re.compile(r"\b(" + "|".join(sorted(_WIRE_FIELDS, key=len, reverse=True)) + r")\b")

_WORDS = (
    ("预算", "daily_budget_fen"),
    ("出价", "bid_fen"),
    ("投放时段", "schedule"),
    ("时间段", "schedule"),
    ("名称", "name"),
    ("重名", "name"),
    ("标题", "titles"),
    ("文案", "titles"),
    ("素材", "materials"),
    ("视频", "materials"),
    ("图片", "materials"),
    ("落地页", "landing_url"),
    ("链接", "landing_url"),
    ("行动号召", "call_to_action"),
    ("按钮", "call_to_action"),
    ("品牌", "brand_name"),
    ("定向", "targeting"),
    ("地域", "targeting"),
    ("年龄", "targeting"),
)


def field_of(message: str) -> str:
    """The draft's field that a message blames, or ``""``.

    >>> field_of("cpa_bid: Missing data for required field.")
    'bid_fen'
    >>> field_of("日预算不能低于300元")
    'daily_budget_fen'
    """
    names = _WIRE.findall(message)
    if names:
        return _WIRE_FIELDS[next((name for name in names if name not in _CONTAINERS), names[0])]
    found = [(message.index(word), field) for word, field in _WORDS if word in message]
    return min(found)[1] if found else ""
