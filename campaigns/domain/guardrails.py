"""What may be changed on a live plan, and what the media or the compensation rule would refuse: pure, one place.

Inline edits, bulk changes, undo, rules and autopilot all pass here. Nothing is sent that this module refuses. Exact
wishes ("set to ¥250") are refused when the media does not allow them; relative ones ("+20 %") are brought to the
nearest allowed value, and say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

YUAN = 100  # fen
#: Ocean Engine: budget changes a natural day, least difference, step that 105 % of today's cost is rounded up to
OCEANENGINE_BUDGET_CHANGES_PER_DAY = 20
OCEANENGINE_BUDGET_STEP_FEN = 100 * YUAN
#: bid or targeting edits of a day that leave the cost guarantee alive (tuning.md §1)
COMPENSATION_EDITS_PER_DAY = 2
#: natural days, from the first cost, that the guarantee covers
COMPENSATION_DAYS = 3
_SCHEDULE_LENGTH = 336

Field = Literal["bid", "budget", "status", "schedule", "name"]
FIELDS: tuple[Field, ...] = ("bid", "budget", "status", "schedule", "name")
#: the plan's column behind each field
COLUMN_OF: Mapping[str, str] = {
    "bid": "bid_fen", "budget": "daily_budget_fen", "status": "status", "schedule": "schedule", "name": "name",
}  # fmt: skip
FIELD_OF = {column: name for name, column in COLUMN_OF.items()}

#: refuse: will not be sent; hold: would void the guarantee, sent only when asked for again; clip and warn: sent
Severity = Literal["refuse", "hold", "clip", "warn"]


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """One media's limits of live changes. Money in fen."""

    least_bid_fen: int
    most_bid_fen: int
    least_budget_fen: int
    least_budget_without_bid_fen: int
    most_budget_fen: int
    name_length: int
    latin_weight: float  # what a narrow character counts where a Chinese one counts 1
    is_bid_capped_by_budget: bool


_OCEANENGINE = MediaLimits(10, 10_000 * YUAN, 300 * YUAN, 100 * YUAN, 999_999_999, 50, 0.5, False)
_KUAISHOU = MediaLimits(5 * YUAN, 3_000 * YUAN, 100 * YUAN, 100 * YUAN, 100_000_000 * YUAN, 100, 1.0, True)
LIMITS: Mapping[str, MediaLimits] = {"douyin": _OCEANENGINE, "toutiao": _OCEANENGINE, "kuaishou": _KUAISHOU}


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """The plan as it stands, and what was done to it today."""

    platform: str
    status: str
    bid_type: str
    bid_fen: int | None
    daily_budget_fen: int | None
    schedule: str
    name: str
    spent_today_fen: int = 0
    bid_edits_today: int = 0
    budget_changes_today: int = 0
    is_in_compensation_window: bool = False
    is_account_active: bool = True


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of one field. ``percent`` and ``amount`` are relative; amounts in fen, percent as 20 = +20 %.

    ``least`` and ``most`` bound the result (fen), so that one wish can be given to many plans.
    """

    field: Field
    kind: Literal["set", "percent", "amount"] = "set"
    value: Any = None
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Why something is refused, held, clipped or worth knowing. ``params`` go into the sentence; money in fen."""

    severity: Severity
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would be sent for one field of one plan."""

    field: Field
    before: Any
    asked: Any  # before the media's limits
    after: Any
    notes: tuple[Note, ...] = ()

    @property
    def is_change(self) -> bool:
        """Whether the plan would be another one afterwards."""
        return bool(self.after != self.before)

    @property
    def is_refused(self) -> bool:
        """Whether it cannot be sent."""
        return any(note.severity == "refuse" for note in self.notes)

    @property
    def is_held(self) -> bool:
        """Whether it waits for a person who accepts what it costs."""
        return any(note.severity == "hold" for note in self.notes)


def propose(plan: PlanFacts, wish: Wish) -> Proposal:
    """The change that the wish means for this plan, with everything that speaks against it."""
    before = getattr(plan, COLUMN_OF[wish.field])
    if plan.status == "deleted":
        return Proposal(wish.field, before, None, before, (Note("refuse", "plan_deleted"),))
    if not plan.is_account_active:
        return Proposal(wish.field, before, None, before, (Note("refuse", "account_paused"),))
    made = {
        "bid": _propose_bid, "budget": _propose_budget, "status": _propose_status, "schedule": _propose_schedule,
        "name": _propose_name,
    }[wish.field](plan, wish)  # fmt: skip
    if not made.is_change and not made.is_refused:
        return replace(made, notes=(*made.notes, Note("warn", "unchanged")))
    return made


def held_note(plan: PlanFacts, bid_fen: int | None) -> Note | None:
    """Why setting this bid now would void the guarantee; None when it would not."""
    notes = propose(plan, Wish("bid", "set", bid_fen)).notes
    return next((note for note in notes if note.severity == "hold"), None)


def least_budget(plan: PlanFacts) -> int:
    """The lowest daily budget that the media would take now, fen."""
    limits = LIMITS[plan.platform]
    least = limits.least_budget_fen if plan.bid_type == "target_cpa" else limits.least_budget_without_bid_fen
    if plan.spent_today_fen <= 0:
        return least
    if plan.platform == "kuaishou":
        floor = -(-plan.spent_today_fen * 120 // 100)
        if plan.daily_budget_fen is not None:
            floor = min(floor, plan.daily_budget_fen)
        return max(least, floor)
    floor = -(-plan.spent_today_fen * 105 // 100)
    step = OCEANENGINE_BUDGET_STEP_FEN
    return max(least, -(-floor // step) * step)


def bid_range(plan: PlanFacts) -> tuple[int, int]:
    """The lowest and highest bid that the media would take now, fen."""
    limits = LIMITS[plan.platform]
    most = limits.most_bid_fen
    if limits.is_bid_capped_by_budget and plan.daily_budget_fen is not None:
        most = min(most, plan.daily_budget_fen)
    return limits.least_bid_fen, most


def budget_range(plan: PlanFacts) -> tuple[int, int]:
    """The lowest and highest daily budget that the media would take now, today's cost and the bid included, fen."""
    limits, least = LIMITS[plan.platform], least_budget(plan)
    if limits.is_bid_capped_by_budget and plan.bid_fen is not None:
        least = max(least, plan.bid_fen)
    return least, limits.most_budget_fen


def media_length(text: str, platform: str) -> int:
    """Characters as the media counts them: Ocean Engine counts two narrow ones as one."""
    weight = LIMITS[platform].latin_weight
    narrow = sum(ord(character) < 0x1100 for character in text)
    return int(-(-((len(text) - narrow) + narrow * weight) // 1))


def _propose_bid(plan: PlanFacts, wish: Wish) -> Proposal:
    before = plan.bid_fen
    if plan.bid_type != "target_cpa":
        return Proposal("bid", before, None, before, (Note("refuse", "bid_not_allowed"),))
    asked = _asked(before, wish)
    if asked is None:
        return Proposal("bid", before, None, before, (Note("refuse", "nothing_to_change"),))
    after, notes = _bring_inside(wish, asked, *bid_range(plan), "bid_out_of_range")
    if after != before and plan.is_in_compensation_window:
        left = COMPENSATION_EDITS_PER_DAY - plan.bid_edits_today
        params = {"used": plan.bid_edits_today, "allowed": COMPENSATION_EDITS_PER_DAY}
        if left <= 0:
            notes.append(Note("hold", "compensation_would_be_void", params))
        elif left == 1:
            notes.append(Note("warn", "compensation_last_edit", params))
    return Proposal("bid", before, asked, after, tuple(notes))


def _propose_budget(plan: PlanFacts, wish: Wish) -> Proposal:
    before = plan.daily_budget_fen
    asked = _asked(before, wish)
    if wish.kind == "set" and wish.value is None:
        refusal = () if before is None else (Note("refuse", "budget_not_unlimited"),)
        return Proposal("budget", before, None, before, refusal)
    if asked is None:
        code = "budget_unlimited" if before is None and wish.kind != "set" else "nothing_to_change"
        return Proposal("budget", before, None, before, (Note("refuse", code),))
    if wish.kind != "set" and plan.platform != "kuaishou":
        asked = asked // YUAN * YUAN  # whole yuan, as people write budgets
    after, notes = _bring_inside(wish, asked, *budget_range(plan), "budget_out_of_range")
    if after != before and plan.platform != "kuaishou":
        if plan.budget_changes_today >= OCEANENGINE_BUDGET_CHANGES_PER_DAY:
            most = {"most": OCEANENGINE_BUDGET_CHANGES_PER_DAY}
            notes.append(Note("refuse", "budget_changed_too_often", most))
        if before is not None and abs(after - before) < OCEANENGINE_BUDGET_STEP_FEN:
            notes.append(Note("refuse", "budget_step_too_small", {"least_fen": OCEANENGINE_BUDGET_STEP_FEN}))
    return Proposal("budget", before, asked, after, tuple(notes))


def _propose_status(plan: PlanFacts, wish: Wish) -> Proposal:
    if wish.kind != "set" or wish.value not in {"enabled", "paused"}:
        return Proposal("status", plan.status, wish.value, plan.status, (Note("refuse", "status_unknown"),))
    return Proposal("status", plan.status, wish.value, wish.value)


def _propose_schedule(plan: PlanFacts, wish: Wish) -> Proposal:
    before, asked = plan.schedule, wish.value
    if wish.kind != "set" or not isinstance(asked, str):
        return Proposal("schedule", before, asked, before, (Note("refuse", "schedule_unreadable"),))
    if len(asked) == _SCHEDULE_LENGTH // 2:
        asked = "".join(hour * 2 for hour in asked)
    if asked and (len(asked) != _SCHEDULE_LENGTH or set(asked) - {"0", "1"}):
        return Proposal("schedule", before, wish.value, before, (Note("refuse", "schedule_unreadable"),))
    if asked and "1" not in asked:
        return Proposal("schedule", before, wish.value, before, (Note("refuse", "schedule_empty"),))
    if "0" not in asked:
        asked = ""  # every half hour: always
    halves = [asked[at : at + 2] for at in range(0, len(asked), 2)]
    if plan.platform == "kuaishou" and any(half in {"01", "10"} for half in halves):
        return Proposal("schedule", before, wish.value, before, (Note("refuse", "whole_hours_only"),))
    return Proposal("schedule", before, asked, asked)


def _propose_name(plan: PlanFacts, wish: Wish) -> Proposal:
    asked = wish.value.strip() if isinstance(wish.value, str) else ""
    length, most = media_length(asked, plan.platform), LIMITS[plan.platform].name_length
    if wish.kind != "set" or not 1 <= length <= most:
        params = {"length": length, "most": most}
        return Proposal("name", plan.name, asked, plan.name, (Note("refuse", "name_length", params),))
    if any(ord(character) < 32 for character in asked):
        return Proposal("name", plan.name, asked, plan.name, (Note("refuse", "name_characters"),))
    return Proposal("name", plan.name, asked, asked)


def _asked(before: int | None, wish: Wish) -> int | None:
    """The amount that was asked for, inside the wish's own bounds; None when there is nothing to start from."""
    if wish.kind == "set":
        asked = wish.value
    elif before is None:
        return None
    elif wish.kind == "percent":
        asked = round(before * (100 + float(wish.value)) / 100)
    else:
        asked = before + wish.value
    if not isinstance(asked, int) or isinstance(asked, bool):
        return None
    if wish.least is not None:
        asked = max(asked, wish.least)
    if wish.most is not None:
        asked = min(asked, wish.most)
    return asked


def _bring_inside(wish: Wish, asked: int, least: int, most: int, code: str) -> tuple[int, list[Note]]:
    """The nearest allowed amount; an exact wish is refused instead of bent."""
    if least <= asked <= most:
        return asked, []
    params = {"least_fen": least, "most_fen": most, "asked_fen": asked}
    if wish.kind == "set" or least > most:
        return asked, [Note("refuse", code, params)]
    return min(max(asked, least), most), [Note("clip", code, params)]


_SENTENCES: Mapping[str, tuple[str, str]] = {
    "plan_deleted": ("The plan is deleted.", "计划已删除。"),
    "account_paused": ("The media account is paused in X-Magnet.", "媒体账户已在 X-Magnet 中暂停。"),
    "unchanged": ("It is so already.", "与当前一致，无需修改。"),
    "nothing_to_change": ("There is no number to change.", "没有可修改的数值。"),
    "budget_not_unlimited": (
        "The budget of a live plan is not made unlimited from here; write an amount.",
        "此处不能将在投计划的预算改为不限，请填写金额。",
    ),
    "bid_not_allowed": ("This plan has no bid (maximum conversions).", "该计划为最大转化投放，没有出价。"),
    "bid_out_of_range": (
        "The bid must be between ¥{least} and ¥{most}.",
        "出价须在 ¥{least} 与 ¥{most} 之间。",
    ),
    "budget_out_of_range": (
        "The media takes a daily budget between ¥{least} and ¥{most} now (today's cost included).",
        "媒体当前允许的日预算为 ¥{least} 至 ¥{most}（已计入今日消耗）。",
    ),
    "budget_unlimited": ("The budget is unlimited; set an amount first.", "预算不限，请先设定金额。"),
    "budget_changed_too_often": (
        "The media allows {most} budget changes a day; they are used up.",
        "媒体每天最多允许修改预算 {most} 次，今日已用完。",
    ),
    "budget_step_too_small": (
        "The media wants a budget to change by at least ¥{least}.",
        "媒体要求每次预算调整不少于 ¥{least}。",
    ),
    "status_unknown": ("The status is enabled or paused.", "状态只能是启用或暂停。"),
    "schedule_unreadable": ("A schedule has 336 half hours of 0 and 1.", "投放时段须为 336 位 0/1（半小时）。"),
    "schedule_empty": ("The schedule has no hour; the media would deliver always.", "时段为空，媒体会按全天投放。"),
    "whole_hours_only": ("This media schedules by whole hours.", "该媒体只支持整点时段。"),
    "name_length": (
        "The name must have 1 to {most} characters as this media counts; it has {length}.",
        "名称须为 1 至 {most} 个字符（按媒体计数），当前为 {length}。",
    ),
    "name_characters": ("The name holds a control character.", "名称含有控制字符。"),
    "name_taken": ("Another live plan of the account has this name.", "该账户已有同名计划。"),
    "name_repeated": ("Two plans of one account would get this name.", "同一账户将有两个计划同名。"),
    "compensation_would_be_void": (
        "{used} of {allowed} bid or targeting edits are used today: one more voids the cost guarantee.",
        "今日已修改出价或定向 {used}/{allowed} 次，再改将失去成本保障赔付。",
    ),
    "compensation_last_edit": (
        "This is the last edit today ({used} of {allowed} used) that keeps the cost guarantee.",
        "今日已用 {used}/{allowed} 次，这是保住成本保障的最后一次修改。",
    ),
}


def sentence(note: Note, language: str) -> str:
    """The note for people, amounts in yuan."""
    english, chinese = _SENTENCES[note.code]
    values = dict(note.params)
    for name in ("least", "most", "asked"):
        if f"{name}_fen" in values:
            values[name] = f"{values[f'{name}_fen'] / YUAN:,.2f}".removesuffix(".00")
    return (chinese if language.startswith("zh") else english).format(**values)
