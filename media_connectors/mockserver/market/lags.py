"""When the results of an hour become known: sparse arrivals over the following week."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .columns import PlanColumns
from .draws import FloatArray, IntArray, KeyArray, normal, uniform
from .params import MarketParams
from .traits import Traits

_OCCURRENCE, _DEEP_HAPPENS, _DEEP_LAG, _REVENUE_LAG, _PREMIUM = range(700, 705)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Sparse amounts: ``amount[i]`` of plan row ``plan[i]`` arrives ``hours_later[i]`` hours after the billing hour.

    ``plan`` int64[M]; ``hours_later`` int64[M], 0 is the billing hour itself; ``amount``
    float64[M], counts or yuan. One entry per (plan, hours_later), ordered by both.
    """

    plan: IntArray
    hours_later: IntArray
    amount: FloatArray

    def by_plan(self, count: int) -> FloatArray:
        """float64[count]: everything that ever arrives, per plan row."""
        return np.bincount(self.plan, weights=self.amount, minlength=count).astype(np.float64)


@lru_cache(maxsize=64)
def lag_pmf(mixture: tuple[tuple[float, float], ...], limit_hours: int) -> FloatArray:
    """float64[limit_hours] summing to 1: chance to arrive 0, 1, … hours after the billing hour.

    ``mixture`` are (weight, mean hours) of geometric distributions, renormalised after the cut.
    """
    hours = np.arange(limit_hours, dtype=np.float64)
    pmf = np.zeros(limit_hours)
    for weight, mean in mixture:
        stay = mean / (1.0 + mean)
        part = (1.0 - stay) * stay**hours
        pmf += weight * part / part.sum()
    pmf /= pmf.sum()
    pmf.setflags(write=False)
    return pmf


def _draw_lag(pmf: FloatArray, probability: FloatArray) -> IntArray:
    return np.minimum(np.searchsorted(np.cumsum(pmf), probability, side="right"), len(pmf) - 1)


def _collected(plan: IntArray, hours_later: IntArray, amount: FloatArray, span: int) -> Arrivals:
    cell, where = np.unique(plan * span + hours_later, return_inverse=True)
    summed: FloatArray = np.bincount(where, weights=amount, minlength=len(cell)).astype(np.float64)
    return Arrivals(cell // span, cell % span, summed)


def _occurrence_keys(columns: PlanColumns, plan: IntArray, counts: IntArray) -> KeyArray:
    """A key per single conversion, from the plan's key and the conversion's number within the hour."""
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    number = np.arange(len(plan), dtype=np.int64) - starts
    return columns.key[plan] + (number + 1).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)


def draw_arrivals(
    params: MarketParams, traits: Traits, columns: PlanColumns, hour: int, conversions: NDArray[np.int64]
) -> tuple[Arrivals, Arrivals, Arrivals]:
    """Arrivals of ``conversions`` (int64[N] billed in ``hour``), of the policies paid, of their premium in yuan.

    A policy follows its conversion and premium follows its policy; conversions arrive within
    ``lag_limit_hours``, each later stage within as many hours more.
    """
    plan = np.repeat(np.arange(len(columns)), conversions)
    keys = _occurrence_keys(columns, plan, conversions)
    limit = params.lag_limit_hours
    lag = np.zeros(len(plan), dtype=np.int64)
    chance = uniform(params.seed, keys, hour, _OCCURRENCE)
    for goal, habits in enumerate(params.goals):
        rows = np.flatnonzero(columns.goal[plan] == goal)
        lag[rows] = _draw_lag(lag_pmf(habits.lag_hours, limit), chance[rows])
    shallow = _collected(plan, lag, np.ones(len(plan)), limit)

    happens = uniform(params.seed, keys, hour, _DEEP_HAPPENS) < np.minimum(traits.deep_rate[plan], 1.0)
    plan, keys, lag = plan[happens], keys[happens], lag[happens]
    lag = lag + _draw_lag(lag_pmf(params.deep_lag_hours, limit), uniform(params.seed, keys, hour, _DEEP_LAG))
    deep = _collected(plan, lag, np.ones(len(plan)), 2 * limit)

    premium = params.premium_median * np.exp(params.premium_spread * normal(params.seed, keys, hour, _PREMIUM))
    lag = lag + _draw_lag(lag_pmf(params.revenue_lag_hours, limit), uniform(params.seed, keys, hour, _REVENUE_LAG))
    return shallow, deep, _collected(plan, lag, np.round(premium, 2), 3 * limit)
