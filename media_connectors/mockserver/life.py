"""The life of a plan: review, learning, compensation, and why it does or does not deliver.

Reasons are neutral words that dialects translate into their own status codes.
"""

import hashlib
import heapq
import random
from collections.abc import Iterable, Sequence

from .clock import DAY, day_of, half_hour_of_week, local
from .ground import Ground
from .model import (
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
    Account,
    Campaign,
    Creative,
    Plan,
)
from .money import Money

LEARNING_DAYS = 3
LEARNING_CONVERSIONS = 20
# Media stop a little before the last fen: what is left could buy nothing.
SPENT_SHARE = 0.995
LEAST_BALANCE_LI = 1000

# Reject texts as reviewers write them, by kind of material: (reason, suggestion).
REJECTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "CREATIVE_VIDEO": (
        ("视频中出现夸大收益或保证收益的表述", "请删除“稳赚”“保本”等承诺性表述后重新提交"),
        ("视频画面模糊，影响用户观看", "请上传分辨率不低于720P的视频"),
    ),
    "CREATIVE_IMAGE": (("图片中含有误导性按钮", "请去除仿系统按钮的设计元素"),),
    "CREATIVE_TITLE": (
        ("标题使用绝对化用语", "请删除“最”“第一”等绝对化用语"),
        ("标题涉及夸大保险责任", "请按保险条款如实描述保障范围"),
    ),
    "PLAN": (("推广内容与落地页不一致", "请保证广告内容与落地页产品一致"),),
}

# Neutral reasons for not delivering, in the order in which media show them.
DELETED_REASON = "deleted"
PAUSED = "paused"
CAMPAIGN_PAUSED = "campaign_paused"
IN_REVIEW = "in_review"
REJECTED = "rejected"
NOT_STARTED = "not_started"
ENDED = "ended"
OUT_OF_SCHEDULE = "out_of_schedule"
NO_BALANCE = "no_balance"
ACCOUNT_BUDGET = "account_budget"
CAMPAIGN_BUDGET = "campaign_budget"
PLAN_BUDGET = "plan_budget"


class Life:
    """Moves plans and creatives through review and learning as media time passes."""

    def __init__(self, ground: Ground, money: Money) -> None:
        self._ground = ground
        self._money = money
        self._reviews: list[tuple[float, int]] = []
        self._learning: set[int] = set()
        self._today = ""

    def rebuild(self) -> None:
        """Find what is under way after a restart."""
        store = self._ground.store
        waiting: Iterable[Plan | Creative] = [*store.plans.values(), *store.creatives.values()]
        self._reviews = [(row.audit_due_at, row.id) for row in waiting if row.audit == PENDING]
        heapq.heapify(self._reviews)
        self._learning = {plan.id for plan in store.plans.values() if plan.learning == LEARNING}

    def submit(self, row: Plan | Creative, now: float) -> None:
        """Send a plan or creative to review; the caller saves it."""
        config = self._ground.config
        draw = self._draw(row.id, f"review-{now:.0f}")
        row.audit = PENDING
        row.reject = []
        row.audit_due_at = now + config.audit_seconds * (1.0 + 2.0 * draw.random())
        heapq.heappush(self._reviews, (row.audit_due_at, row.id))

    def advance(self, now: float) -> None:
        """Finish the reviews that are due and judge the plans that learn."""
        store = self._ground.store
        while self._reviews and self._reviews[0][0] <= now:
            due, row_id = heapq.heappop(self._reviews)
            row = store.plans.get(row_id) or store.creatives.get(row_id)
            if row is None or row.audit != PENDING or row.audit_due_at != due:
                continue
            self._review(row)
            store.save(row, now)
            if isinstance(row, Creative) and row.audit == DENIED:
                self._withdraw(row, now)
        self._begin_day(now)

    def _withdraw(self, creative: Creative, now: float) -> None:
        """A plan whose last presentable creative was refused reaches nobody."""
        store = self._ground.store
        plan = store.plans[creative.plan_id]
        siblings = store.creatives_of_plan(plan.id)
        shown = [sibling for sibling in siblings if sibling.switch == ON and sibling.audit != DENIED]
        plan.material_keys = [key for sibling in shown for key in sibling.material_keys]
        if not shown:
            plan.audience_width = 0.0
        store.save(plan, now)

    def _begin_day(self, now: float) -> None:
        """Rows with a budget per weekday (``settings["day_budget_schedule"]``, 7 amounts in 厘) take today's."""
        today = day_of(now)
        if today == self._today:
            return
        self._today = today
        store, weekday = self._ground.store, local(now).weekday()
        rows: list[Account | Campaign | Plan] = [
            *store.accounts.values(),
            *store.campaigns.values(),
            *store.plans.values(),
        ]
        for row in rows:
            week = row.settings.get("day_budget_schedule")
            if week and row.budget_li != week[weekday]:
                row.budget_li = week[weekday]
                store.save(row, now)

    def judge_learning(self, conversions_since: dict[int, int], now: float) -> None:
        """``conversions_since`` is plan id → conversions since learning began, for the plans that learn."""
        for plan_id, conversions in conversions_since.items():
            plan = self._ground.store.plans[plan_id]
            if plan.learning != LEARNING:
                self._learning.discard(plan_id)
                continue
            if conversions >= LEARNING_CONVERSIONS:
                plan.learning = LEARNED
            elif now - plan.learning_since > LEARNING_DAYS * DAY:
                plan.learning = FAILED
            elif conversions == plan.learned_conversions:
                continue
            plan.learned_conversions = conversions
            self._ground.store.save(plan, now)
            if plan.learning != LEARNING:
                self._learning.discard(plan_id)

    def learning_plans(self) -> list[Plan]:
        return [self._ground.store.plans[plan_id] for plan_id in sorted(self._learning)]

    def restart_learning(self, plan: Plan, now: float) -> None:
        """A large edit throws an oCPM plan back; the caller saves it."""
        if plan.pricing == "ocpm" and plan.audit == PASSED:
            plan.learning = LEARNING
            plan.learning_since = now
            plan.learned_conversions = 0
            self._learning.add(plan.id)

    def note_bid_edit(self, plan: Plan, old_li: int, new_li: int, now: float) -> None:
        """Remember an edit of the bid; a change of more than a third restarts the learning."""
        plan.edited_at = now
        plan.edit_size = abs(new_li / old_li - 1.0) if old_li else 1.0
        if plan.edit_size > 1 / 3 and plan.learning in (LEARNED, FAILED):
            self.restart_learning(plan, now)

    def _review(self, row: Plan | Creative) -> None:
        draw = self._draw(row.id, f"verdict-{row.audit_due_at:.0f}")
        if draw.random() >= self._ground.config.deny_share:
            row.audit = PASSED
            if isinstance(row, Plan) and row.learning == NONE and row.pricing == "ocpm":
                row.learning = LEARNING
                row.learning_since = row.audit_due_at
                self._learning.add(row.id)
            return
        row.audit = DENIED
        materials = row.settings.get("reviewed", [])
        kind, item = draw.choice(materials) if materials else ("PLAN", row.name)
        reason, suggestion = draw.choice(REJECTIONS.get(kind, REJECTIONS["PLAN"]))
        row.reject = [{"kind": kind, "item": item, "reasons": [reason], "suggestions": [suggestion]}]

    def _draw(self, row_id: int, topic: str) -> random.Random:
        """The same luck for the same object and seed, whatever else happened before."""
        text = f"{self._ground.config.seed}-{row_id}-{topic}"
        return random.Random(hashlib.blake2b(text.encode(), digest_size=8).digest())

    # -- status -------------------------------------------------------------------------------------------------

    def obstacles(self, plan: Plan, now: float) -> list[str]:
        """Why the plan does not deliver now, most fundamental first; empty when it does."""
        campaign = self._ground.store.campaigns[plan.campaign_id]
        if DELETED in (plan.switch, campaign.switch):
            return [DELETED_REASON]
        found = []
        if plan.switch == OFF:
            found.append(PAUSED)
        if campaign.switch == OFF:
            found.append(CAMPAIGN_PAUSED)
        if plan.audit == PENDING:
            found.append(IN_REVIEW)
        elif plan.audit == DENIED:
            found.append(REJECTED)
        found += self._timing(plan, campaign, now)
        found += self._funds(plan, campaign, now)
        return found

    def campaign_obstacles(self, campaign: Campaign, now: float) -> list[str]:
        """Why nothing of the campaign delivers, its own reasons only."""
        if campaign.switch == DELETED:
            return [DELETED_REASON]
        found = [PAUSED] if campaign.switch == OFF else []
        found += date_reasons([campaign], now)
        if not _is_scheduled(campaign.schedule, now):
            found.append(OUT_OF_SCHEDULE)
        if _is_spent(self._money.campaign_spent_li(campaign, now), campaign.budget_li):
            found.append(CAMPAIGN_BUDGET)
        return found

    def _timing(self, plan: Plan, campaign: Campaign, now: float) -> list[str]:
        found = date_reasons([plan, campaign], now)
        if not (_is_scheduled(plan.schedule, now) and _is_scheduled(campaign.schedule, now)):
            found.append(OUT_OF_SCHEDULE)
        return found

    def _funds(self, plan: Plan, campaign: Campaign, now: float) -> list[str]:
        money = self._money
        account = self._ground.store.accounts[plan.account_id]
        found = []
        if money.balance_li(account, now) < LEAST_BALANCE_LI:
            found.append(NO_BALANCE)
        if _is_spent(money.account_spent_li(account, now), account.budget_li):
            found.append(ACCOUNT_BUDGET)
        if _is_spent(money.campaign_spent_li(campaign, now), campaign.budget_li):
            found.append(CAMPAIGN_BUDGET)
        if _is_spent(money.plan_spent_li(plan, now), plan.budget_li):
            found.append(PLAN_BUDGET)
        return found


def _is_spent(spent_li: int, budget_li: int) -> bool:
    return budget_li > 0 and spent_li >= budget_li * SPENT_SHARE


def date_reasons(rows: Sequence[Plan | Campaign], now: float) -> list[str]:
    """NOT_STARTED or ENDED when the dates of any of ``rows`` say so, as a list; empty when they run."""
    if not any(row.begins_on or row.ends_on for row in rows):
        return []
    today = day_of(now)
    if any(row.begins_on and row.begins_on > today for row in rows):
        return [NOT_STARTED]
    if any(row.ends_on and row.ends_on < today for row in rows):
        return [ENDED]
    return []


def _is_scheduled(schedule: str, now: float) -> bool:
    if not schedule or schedule[half_hour_of_week(now)] == "1":
        return True
    return "1" not in schedule
