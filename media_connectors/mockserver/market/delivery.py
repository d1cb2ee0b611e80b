"""The expected hour: what each plan would get and pay before any luck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .columns import PlanColumns, SharedCap
from .curves import win_share
from .draws import FloatArray
from .params import MarketParams
from .state import NOT_YET, MarketState
from .traits import Traits


@dataclass(frozen=True, slots=True)
class Conditions:
    """Luck of the hour per plan, float64[N], all 1 for the expectation: demand, click and conversion rates."""

    demand: FloatArray
    click: FloatArray
    convert: FloatArray

    @classmethod
    def calm(cls, count: int) -> Conditions:
        """No luck at all."""
        ones = np.ones(count)
        return cls(ones, ones, ones)


@dataclass(frozen=True, slots=True)
class Expected:
    """Means per plan, float64[N].

    ``impressions`` after every budget; ``price`` yuan per 1,000 impressions; ``click_rate`` clicks
    per impression; ``conversion_rate`` conversions per click; ``cost`` yuan;
    ``unconstrained_cost`` yuan if no budget bound.
    """

    impressions: FloatArray
    price: FloatArray
    click_rate: FloatArray
    conversion_rate: FloatArray
    cost: FloatArray
    unconstrained_cost: FloatArray


def fatigue(params: MarketParams, state: MarketState, columns: PlanColumns, hour: int) -> FloatArray:
    """float64[N] in [floor, 1]: what is left of a creative's click rate after its impressions and age."""
    shown = state.creative_impressions[columns.creative]
    first = state.creative_first_hour[columns.creative]
    age_days = np.where(first == NOT_YET, 0, hour - first) / 24.0
    worn = (1.0 + shown / params.fatigue_impressions) ** -params.fatigue_power
    return np.maximum(worn * np.exp(-age_days / params.fatigue_days), params.fatigue_floor)


def expect_hour(
    params: MarketParams,
    state: MarketState,
    traits: Traits,
    columns: PlanColumns,
    *,
    hour: int,
    competition: FloatArray,
    conditions: Conditions,
    caps: tuple[SharedCap, ...] = (),
) -> Expected:
    """Means of one hour for every plan.

    ``state`` must already be moved to ``hour`` (see ``step.advance``); ``competition`` float64[S]
    is the log price level of each segment. Target cost semantics: the cost per conversion follows
    the bid through calibration, competition (as far as the price is not a first price) and the
    disturbance of the learning, whatever the volume.
    """
    click_rate = np.minimum(
        traits.click_rate
        * columns.quality**0.8
        * columns.affinity**0.4
        * fatigue(params, state, columns, hour)
        * conditions.click,
        0.25,
    )
    conversion_rate = np.minimum(
        traits.conversion_rate * columns.quality**0.25 * columns.affinity**0.6 * conditions.convert, 0.6
    )
    worth = 1000.0 * columns.target_cpa * click_rate * conversion_rate
    level = traits.price_level * np.exp(competition[traits.segment])
    advantage = np.log(np.maximum(worth, 1e-9) / level)

    reach = np.array([medium.reach_rate for medium in params.media]) * params.demand_shape(hour)
    frequency = state.recent_impressions / np.maximum(columns.audience_size, 1.0)
    served = columns.audience_size * params.audience_served / (columns.audience_size + params.audience_served)
    demand = (
        served
        * reach[columns.medium]
        * traits.volume
        * conditions.demand
        * columns.live_share
        / (1.0 + frequency / params.saturation_frequency)
    )
    impressions = (
        demand
        * win_share(traits.family, advantage, traits.steepness)
        * np.exp(-params.disturbance_volume * state.disturbance)
        * (columns.target_cpa > 0)
    )
    price = worth * np.exp(
        -(1.0 - traits.following) * advantage
        + traits.calibration
        + state.calibration
        + params.disturbance_price * state.disturbance
    )
    unconstrained_cost = impressions * price / 1000.0
    cost = within_caps(np.minimum(unconstrained_cost, np.maximum(columns.budget_left, 0.0)), caps)
    share = np.divide(cost, unconstrained_cost, out=np.zeros_like(cost), where=unconstrained_cost > 0)
    return Expected(impressions * share, price, click_rate, conversion_rate, cost, unconstrained_cost)


def within_caps(cost: FloatArray, caps: tuple[SharedCap, ...], slack: float = 0.0) -> FloatArray:
    """``cost`` float64[N] scaled down so that no pool pays more than (1 + ``slack``) × what it has left."""
    for cap in caps:
        member = cap.index >= 0
        pool = cap.index[member]
        wanted = np.bincount(pool, weights=cost[member], minlength=len(cap.left))
        allowed = np.maximum(cap.left, 0.0) * (1.0 + slack)
        share = np.where(wanted > allowed, allowed / np.where(wanted > 0, wanted, 1.0), 1.0)
        cost = cost.copy()
        cost[member] *= share[pool]
    return cost
