"""Runs the market as media time passes: one ``step_hour`` an hour, again for plans that change within it.

The market's draws depend on plan and hour only, so the running hour may be projected again from the memory before it:
a plan whose settings changed gets the rest of the hour anew, all others are untouched. After a kill -9 the market is
taken up from its last save and hours since are stepped again.
"""

from collections import defaultdict

import numpy as np

from .clock import HOUR, half_hour_of_week, hour_of
from .columns import GOALS, PRICINGS, schedule_bits
from .ground import Ground
from .ledger import COLUMN, COST, METRICS, day_of_hour
from .life import Life, date_reasons
from .market import (
    GOAL_ACTIVATION,
    GOAL_LEAD_FORM,
    GOAL_PAYMENT,
    GOAL_VALID_LEAD,
    Arrivals,
    HourResult,
    MarketParams,
    MarketState,
    PlanColumns,
    SharedCap,
    step_hour,
)
from .model import ACTIVATION_GOAL, FORM_GOAL, ON, PAYMENT_GOAL, VALID_LEAD_GOAL
from .money import Money
from .protection import Protection

REVISE_SECONDS = 30.0
MAX_CATCH_UP_HOURS = 24 * 60
AUDIENCE_SIZE = 30_000_000.0
# A click bid is turned into the bid per conversion that the market speaks, with a typical conversion rate.
CLICKS_PER_CONVERSION = 20.0
IMPRESSIONS_PER_CONVERSION = 1_700.0
NO_BID_CPA = 90.0
_MARKET_GOAL = {
    FORM_GOAL: GOAL_LEAD_FORM,
    VALID_LEAD_GOAL: GOAL_VALID_LEAD,
    PAYMENT_GOAL: GOAL_PAYMENT,
    ACTIVATION_GOAL: GOAL_ACTIVATION,
}
# The market's goal by the index that the columns hold.
MARKET_GOALS = np.array([_MARKET_GOAL[goal] for goal in GOALS], dtype=np.int8)

# (callback metric, billed metric, arrivals of HourResult, factor to whole numbers)
ARRIVALS = (
    ("conversions", "billed_conversions", "conversion_arrivals", 1.0),
    ("deep_conversions", "billed_deep_conversions", "deep_arrivals", 1.0),
    ("revenue_fen", None, "revenue_arrivals", 100.0),
)


class MarketDriver:
    """Feeds the plans to the market and its results to the ledger."""

    def __init__(self, ground: Ground, life: Life, money: Money, protection: Protection) -> None:
        self._ground = ground
        self._life, self._money, self._protection = life, money, protection
        self.params = MarketParams(seed=ground.config.seed)
        self.forget()

    def forget(self) -> None:
        self._state = MarketState.empty()
        self._next_state = self._state
        self._result: HourResult | None = None
        self._is_revised = True
        self._revised_at = 0.0
        # callback hour → [(metric, billed metric or "", billing hour, rows, amounts)]
        self._pending: defaultdict[int, list[tuple[str, str, int, np.ndarray, np.ndarray]]] = defaultdict(list)

    # -- time ---------------------------------------------------------------------------------------------------

    def advance(self, now: float) -> None:
        """Bring the ledger to ``now``: close hours that have passed, project the running one."""
        ledger = self._ground.ledger
        hour = hour_of(now)
        if ledger.hour is None:
            self._open(hour, now)
        elif hour - ledger.hour > MAX_CATCH_UP_HOURS:
            self._close()
            self._open(hour, now)
        while ledger.hour is not None and ledger.hour < hour:
            self._close()
            begins_at = (self._last_closed + 1) * HOUR
            self._life.advance(begins_at)
            self._open(self._last_closed + 1, begins_at)
            self._learn(begins_at)
            self._protection.advance(begins_at)
        touched = self._ground.store.touched
        if touched and not 0 <= now - self._revised_at < REVISE_SECONDS:
            self._revise(now)

    def _open(self, hour: int, now: float) -> None:
        store, ledger = self._ground.store, self._ground.ledger
        count = store.columns.count
        if now > hour * HOUR:
            # The first hour after a start begins in its middle.
            ledger.open(hour, np.zeros((count, len(METRICS)), dtype=np.int32), self._arriving(hour, count))
            store.touched.update(range(count))
            self._revise(now)
            return
        store.touched.clear()
        self._next_state, self._result = self._step(hour, now, 1.0)
        self._is_revised = False
        ledger.open(hour, _projection(self._result, count), self._arriving(hour, count))
        self._revised_at = now

    def _revise(self, now: float) -> None:
        hour = hour_of(now)
        fraction = now / HOUR % 1.0
        rows = np.array(sorted(self._ground.store.touched), dtype=np.int64)
        self._ground.store.touched.clear()
        _, result = self._step(hour, now, 1.0 - fraction)
        projection = _projection(result, self._ground.store.columns.count)
        self._ground.ledger.revise(rows, fraction, projection[rows])
        self._money.forget()
        self._is_revised = True
        self._revised_at = now

    def _close(self) -> None:
        ledger = self._ground.ledger
        hour, table = ledger.close()
        self._last_closed = hour
        for metric, billed, billing_hour, rows, amounts in self._pending.pop(hour, []):
            del metric  # the callback count was part of the hour's own table
            if billed and billing_hour != hour:
                ledger.add(billing_hour, billed, rows, amounts)
        if self._is_revised:
            self._state, self._result = self._settle(hour, table)
        else:
            self._state = self._next_state
        if self._result is not None:
            self._schedule(self._result, table)
        self._money.forget()

    def _schedule(self, result: HourResult, table: np.ndarray) -> None:
        """Queue what becomes known later; what the closed table already shows is not queued again."""
        count = len(table)
        for metric, billed, name, factor in ARRIVALS:
            arrivals: Arrivals = getattr(result, name)
            amounts = np.rint(arrivals.amount * factor).astype(np.int32)
            at_once = arrivals.hours_later == 0
            drawn = np.bincount(arrivals.plan[at_once], weights=amounts[at_once], minlength=count).astype(np.int64)
            shown = self._shown_at_once(table, metric)
            missed = np.maximum(drawn[:count] - shown, 0)
            rows = np.flatnonzero(missed)
            if len(rows):
                self._pending[result.hour + 1].append((metric, billed or "", result.hour, rows, missed[rows]))
            for later in np.unique(arrivals.hours_later[~at_once]).tolist():
                mine = arrivals.hours_later == later
                self._pending[result.hour + later].append(
                    (metric, billed or "", result.hour, arrivals.plan[mine], amounts[mine])
                )

    def _shown_at_once(self, table: np.ndarray, metric: str) -> np.ndarray:
        """Of the closed hour's callbacks, those that belong to its own clicks."""
        return table[:, COLUMN[metric]].astype(np.int64) - self._ground.ledger.late_of_closed(metric, len(table))

    def _arriving(self, hour: int, count: int) -> np.ndarray:
        table = np.zeros((count, len(METRICS)), dtype=np.int32)
        for metric, _, _, rows, amounts in self._pending.get(hour, []):
            np.add.at(table[:, COLUMN[metric]], rows, amounts)
        return table

    # -- the market's view --------------------------------------------------------------------------------------

    def _step(
        self, hour: int, now: float, share: float | np.ndarray, *, settled: bool = False
    ) -> tuple[MarketState, HourResult]:
        columns, caps = self._columns(now, share, settled=settled)
        return step_hour(self.params, self._state, columns, hour, caps)

    def _settle(self, hour: int, table: np.ndarray) -> tuple[MarketState, HourResult]:
        """Memory and conversions of an hour whose plans changed in its middle, thinned to the impressions shown."""
        at = hour * HOUR + HOUR - 1
        _, whole = self._step(hour, at, 1.0, settled=True)
        impressions = np.zeros(len(whole.impressions))
        impressions[: len(table)] = table[: len(impressions), COLUMN["impressions"]]
        share = np.clip(impressions / np.maximum(whole.impressions, 1), 0.0, 1.0)
        return self._step(hour, at, share, settled=True)

    def _columns(
        self, now: float, share: float | np.ndarray, *, settled: bool
    ) -> tuple[PlanColumns, tuple[SharedCap, ...]]:
        """The store's columns in the market's words; ``settled`` hours have spent already and know no budgets."""
        plans = self._ground.store.columns
        live, campaign_position, campaigns = self._live(now)
        pricing = plans.pricing
        bid = np.select(
            [pricing == PRICINGS.index("cpm"), pricing == PRICINGS.index("cpc"), pricing == PRICINGS.index("nobid")],
            [plans.bid / 1000 * IMPRESSIONS_PER_CONVERSION, plans.bid * CLICKS_PER_CONVERSION, NO_BID_CPA],
            plans.bid,
        )
        # A project-level target holds where the plan has none of its own.
        bid = np.where(bid > 0, bid, np.array([c.bid_li / 1000 or NO_BID_CPA for c in campaigns])[campaign_position])
        quality, affinity = self._traits()
        market_columns = PlanColumns(
            key=plans.id.astype(np.uint64),
            medium=plans.medium,
            goal=MARKET_GOALS[plans.goal],
            live_share=live * share,
            target_cpa=bid,
            budget_left=np.full(plans.count, np.inf) if settled else self._budget_left(now),
            quality=quality,
            affinity=affinity,
            audience_size=AUDIENCE_SIZE * plans.audience_width,
            creative=self._creatives(),
            targeting=plans.targeting,
        )
        caps = () if settled else self._caps(now, campaigns, campaign_position)
        return market_columns, caps

    def _live(self, now: float) -> tuple[np.ndarray, np.ndarray, list]:
        """float64[N] share of the hour that each plan may deliver in, and the campaigns behind the plans."""
        store = self._ground.store
        plans = store.columns
        slot = half_hour_of_week(now) // 2 * 2
        halves = (_bit(plans.schedule, slot), _bit(plans.schedule, slot + 1))
        ids, position = np.unique(plans.campaign_id, return_inverse=True)
        campaigns = [store.campaigns[campaign_id] for campaign_id in ids.tolist()]
        open_halves = np.array([self._campaign_halves(c, now, slot) for c in campaigns]).reshape(-1, 2)[position]
        scheduled = (halves[0] * open_halves[:, 0] + halves[1] * open_halves[:, 1]) / 2.0
        enabled = np.array(
            [a.is_enabled for a in (store.accounts[i] for i in np.unique(plans.account_id).tolist())], dtype=bool
        )[np.unique(plans.account_id, return_inverse=True)[1]]
        may = plans.is_on & plans.is_passed & ~plans.is_deleted & (plans.begins_at <= now) & (now < plans.ends_at)
        return np.where(may & enabled, scheduled, 0.0), position, campaigns

    def _campaign_halves(self, campaign, now: float, slot: int) -> tuple[float, float]:
        if campaign.switch != ON or date_reasons([campaign], now):
            return 0.0, 0.0
        bits = schedule_bits(campaign.schedule)[None, :]
        return float(_bit(bits, slot)[0]), float(_bit(bits, slot + 1)[0])

    def _creatives(self) -> np.ndarray:
        """int32[N]: plans that show the same material tire it together; one without has a creative of its own."""
        plans = self._ground.store.columns
        return np.where(plans.creative >= 0, 2 * plans.creative, 2 * np.arange(plans.count) + 1)

    def _traits(self) -> tuple[np.ndarray, np.ndarray]:
        """Quality of the creative and its fit with the audience, fixed by ids and seed: log-normal around 1."""
        plans = self._ground.store.columns
        creative = np.where(plans.creative >= 0, plans.creative, plans.id % 1_000_003).astype(np.uint64)
        quality = np.exp(0.30 * _hashed_normal(creative, self.params.seed))
        affinity = np.exp(0.18 * _hashed_normal(plans.id.astype(np.uint64), self.params.seed + 1))
        return quality, affinity

    def _budget_left(self, now: float) -> np.ndarray:
        plans = self._ground.store.columns
        ledger, fraction = self._ground.ledger, self._fraction(now)
        spent = ledger.day_cost_yuan(plans.count, day_of_hour(hour_of(now)), fraction)
        if plans.is_total_budget.any():
            spent = np.where(plans.is_total_budget, ledger.lifetime_cost_yuan(plans.count, fraction), spent)
        return np.maximum(plans.budget - spent, 0.0)

    def _fraction(self, now: float) -> float:
        ledger = self._ground.ledger
        return now / HOUR % 1.0 if ledger.hour == hour_of(now) else 1.0

    def _caps(self, now: float, campaigns: list, campaign_position: np.ndarray) -> tuple[SharedCap, ...]:
        store, ledger = self._ground.store, self._ground.ledger
        plans = store.columns
        fraction = self._fraction(now)
        today = ledger.day_cost_yuan(plans.count, day_of_hour(hour_of(now)), fraction)
        ever = ledger.lifetime_cost_yuan(plans.count, fraction)
        ids, position = np.unique(plans.account_id, return_inverse=True)
        accounts = [store.accounts[account_id] for account_id in ids.tolist()]
        spent_today = np.bincount(position, weights=today, minlength=len(accounts))
        spent_ever = np.bincount(position, weights=ever, minlength=len(accounts))
        funds = np.array([(a.cash_li + a.grant_li) / 1000 for a in accounts])
        budgets = np.array([a.budget_li / 1000 or np.inf for a in accounts])
        project = np.array([c.budget_li / 1000 or np.inf for c in campaigns])
        project_spent = np.bincount(campaign_position, weights=today, minlength=len(campaigns))
        return (
            SharedCap(index=position.astype(np.int32), left=np.maximum(funds - spent_ever, 0.0)),
            SharedCap(index=position.astype(np.int32), left=np.maximum(budgets - spent_today, 0.0)),
            SharedCap(index=campaign_position.astype(np.int32), left=np.maximum(project - project_spent, 0.0)),
        )

    # -- learning -----------------------------------------------------------------------------------------------

    def _learn(self, now: float) -> None:
        """Count conversions of learning plans since their learning began, by whole days."""
        life, ledger = self._life, self._ground.ledger
        plans = life.learning_plans()
        if not plans:
            return
        rows = np.array([plan.index for plan in plans])
        today = day_of_hour(hour_of(now))
        days = ledger.read_days(rows, today - 4, today + 1, 0.0)[:, :, COLUMN["conversions"]]
        since = np.array([day_of_hour(hour_of(plan.learning_since)) for plan in plans])
        counted = (np.arange(today - 4, today + 1)[:, None] >= since[None, :]) * days
        life.judge_learning(dict(zip((p.id for p in plans), counted.sum(axis=0).tolist(), strict=True)), now)
        self._protection.begin(plans, now)

    # -- persistence --------------------------------------------------------------------------------------------

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Market memory and late events for an npz file."""
        arrays = {f"state:{name}": array for name, array in self._state.arrays().items()}
        for hour, entries in self._pending.items():
            for number, (metric, billed, billing_hour, rows, amounts) in enumerate(entries):
                head = np.array([COLUMN[metric], COLUMN[billed] if billed else -1, billing_hour])
                arrays[f"late:{hour}:{number}:head"] = head
                arrays[f"late:{hour}:{number}:rows"] = rows
                arrays[f"late:{hour}:{number}:amounts"] = amounts
        return arrays

    def load(self, arrays: dict[str, np.ndarray]) -> None:
        """The inverse of ``to_arrays``; the running hour is projected again at the first tick."""
        self.forget()
        self._state = MarketState.from_arrays(
            {name[6:]: array for name, array in arrays.items() if name.startswith("state:")}
        )
        for name, head in arrays.items():
            if name.startswith("late:") and name.endswith(":head"):
                stem = name[: -len("head")]
                metric, billed, billing_hour = (int(value) for value in head)
                self._pending[int(name.split(":")[1])].append(
                    (
                        METRICS[metric],
                        METRICS[billed] if billed >= 0 else "",
                        billing_hour,
                        arrays[stem + "rows"],
                        arrays[stem + "amounts"],
                    )
                )


def _projection(result: HourResult, count: int) -> np.ndarray:
    """int32[plans, metrics] of a result: what an hour shows of itself, late events not yet."""
    table = np.zeros((count, len(METRICS)), dtype=np.int32)
    table[:, COLUMN["impressions"]] = result.impressions
    table[:, COLUMN["clicks"]] = result.clicks
    table[:, COST] = np.rint(result.cost * 100)
    table[:, COLUMN["plays"]] = result.plays
    table[:, COLUMN["plays_3s"]] = result.plays_3s
    table[:, COLUMN["plays_done"]] = result.completions
    table[:, COLUMN["watch_seconds"]] = result.watch_seconds
    for name in ("likes", "comments", "shares", "follows"):
        table[:, COLUMN[name]] = getattr(result, name)
    for metric, billed, name, factor in ARRIVALS:
        arrivals: Arrivals = getattr(result, name)
        now = arrivals.hours_later == 0
        amounts = np.bincount(arrivals.plan[now], weights=arrivals.amount[now], minlength=count) * factor
        table[:, COLUMN[metric]] = np.rint(amounts)
        if billed:
            table[:, COLUMN[billed]] = table[:, COLUMN[metric]]
    return table


def _bit(packed: np.ndarray, slot: int) -> np.ndarray:
    """float64[N]: whether the half-hour ``slot`` of the week is on."""
    return ((packed[:, slot // 8] >> (7 - slot % 8)) & 1).astype(np.float64)


def _hashed_normal(keys: np.ndarray, seed: int) -> np.ndarray:
    """float64[N] standard normal numbers fixed by the keys: the sum of four 16-bit parts of a mixed hash."""
    mixed = keys * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed * 0xD1B54A32D192ED03 & 0xFFFFFFFFFFFFFFFF)
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(29)
    parts = sum(((mixed >> np.uint64(16 * part)) & np.uint64(0xFFFF)).astype(np.float64) for part in range(4))
    return (parts / 65535.0 - 2.0) * np.sqrt(3.0)
