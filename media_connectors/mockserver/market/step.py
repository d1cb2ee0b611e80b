"""One hour of the market: move the drifts, expect, draw, remember."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from .columns import PlanColumns, SharedCap
from .delivery import Conditions, expect_hour, within_caps
from .draws import FloatArray, IntArray, KeyArray, normal, poisson, rounded, uniform
from .lags import Arrivals, draw_arrivals
from .params import MarketParams
from .state import NOT_YET, MarketState, lengthened
from .traits import Traits, draw_traits

(
    _SEGMENT,
    _DAY_JUMP,
    _CALIBRATION,
    _DEMAND,
    _CLICK_RATE,
    _CONVERT_RATE,
    _IMPRESSIONS,
    _CLICKS,
    _CONVERSIONS,
    _OVERSHOOT,
    _PLAYS,
    _PLAYS_3S,
    _COMPLETIONS,
    _LIKES,
    _COMMENTS,
    _SHARES,
    _FOLLOWS,
) = range(1, 18)

_HOURS_AHEAD_OF_UTC = 8


@dataclass(frozen=True, slots=True)
class HourResult:
    """What one hour brought to N plans, by billing hour; arrays of length N in the columns' order.

    Counts are int64: ``impressions, clicks, conversions`` (billed: every conversion that this
    hour's cost will ever have), ``plays, plays_3s, completions, likes, comments, shares, follows``.
    ``cost`` float64 yuan, whole fen; ``watch_seconds`` float64.
    ``conversion_arrivals, deep_arrivals`` (policies paid) and ``revenue_arrivals`` (premium, yuan)
    say in which later hour each becomes known.
    """

    hour: int
    impressions: IntArray
    clicks: IntArray
    cost: FloatArray
    conversions: IntArray
    plays: IntArray
    plays_3s: IntArray
    completions: IntArray
    watch_seconds: FloatArray
    likes: IntArray
    comments: IntArray
    shares: IntArray
    follows: IntArray
    conversion_arrivals: Arrivals
    deep_arrivals: Arrivals
    revenue_arrivals: Arrivals


def _autoregress(value: FloatArray, shock: FloatArray, memory: float, spread: float, hours: int) -> FloatArray:
    """An AR(1) process ``hours`` later, exact however long the gap; ``spread`` is the stationary deviation."""
    kept = float(memory**hours)
    return value * kept + shock * (spread * math.sqrt(1.0 - kept * kept))


def advance(params: MarketParams, state: MarketState, columns: PlanColumns, hour: int) -> MarketState:
    """Memory moved to ``hour``: new rows admitted, drifts drawn, bid and targeting edits felt.

    Raises ValueError when ``hour`` is not after the state's hour.
    """
    last = int(state.hour[0])
    if last != NOT_YET and hour <= last:
        raise ValueError(f"hour {hour} is not after {last}")
    gap = 1 if last == NOT_YET else hour - last
    count = len(columns)
    known = len(state.last_bid)
    segments: KeyArray = np.arange(params.segment_count * len(params.media), dtype=np.uint64)
    stationary = len(state.competition) == 0
    competition = _autoregress(
        lengthened(state.competition, len(segments), 0.0),
        normal(params.seed, segments, hour, _SEGMENT),
        0.0 if stationary else params.competition_memory,
        params.competition_spread,
        gap,
    )
    shock = normal(params.seed, columns.key, hour, _CALIBRATION)
    calibration = _autoregress(
        lengthened(state.calibration, count, 0.0), shock, params.calibration_memory, params.calibration_spread, gap
    )
    calibration[known:] = shock[known:] * params.calibration_spread

    last_bid = lengthened(state.last_bid, count, 0.0)
    last_targeting = lengthened(state.last_targeting, count, 0)
    disturbance = lengthened(state.disturbance, count, params.disturbance_new)
    disturbance = disturbance * np.exp(-gap / params.disturbance_hours)
    comparable = (last_bid > 0) & (columns.target_cpa > 0)
    moved = np.zeros(count)
    moved[comparable] = np.abs(np.log(columns.target_cpa[comparable] / last_bid[comparable]))
    retargeted = (columns.targeting != last_targeting) & (last_bid > 0)
    disturbance = (
        disturbance
        + params.disturbance_per_log_bid * moved
        + params.disturbance_per_edit * ((moved > 0) | retargeted)
        + params.disturbance_per_retarget * retargeted
    )
    creatives = int(columns.creative.max(initial=-1)) + 1
    return MarketState(
        hour=np.array([hour], dtype=np.int64),
        competition=competition,
        calibration=calibration,
        disturbance=np.minimum(disturbance, params.disturbance_limit),
        last_bid=columns.target_cpa.copy(),
        last_targeting=columns.targeting.copy(),
        recent_impressions=lengthened(state.recent_impressions, count, 0.0) * params.saturation_memory**gap,
        creative_impressions=lengthened(state.creative_impressions, creatives, 0.0),
        creative_first_hour=lengthened(state.creative_first_hour, creatives, NOT_YET),
    )


def price_levels(params: MarketParams, state: MarketState) -> FloatArray:
    """float64[S]: log competing price of each segment at the state's hour, with the day's jump."""
    day = (int(state.hour[0]) + _HOURS_AHEAD_OF_UTC) // 24
    segments: KeyArray = np.arange(len(state.competition), dtype=np.uint64)
    return state.competition + params.day_jump_spread * normal(params.seed, segments, day, _DAY_JUMP)


def _conditions(params: MarketParams, state: MarketState, columns: PlanColumns, hour: int) -> Conditions:
    widening = 1.0 + params.disturbance_noise * state.disturbance

    def noise(channel: int, spread: float) -> FloatArray:
        sigma = spread * widening
        # Centred so that more noise does not mean more demand.
        return np.exp(sigma * normal(params.seed, columns.key, hour, channel) - 0.5 * sigma * sigma)

    return Conditions(
        demand=noise(_DEMAND, params.demand_spread),
        click=noise(_CLICK_RATE, params.rate_spread),
        convert=noise(_CONVERT_RATE, params.rate_spread),
    )


def step_hour(
    params: MarketParams,
    state: MarketState,
    columns: PlanColumns,
    hour: int,
    caps: tuple[SharedCap, ...] = (),
) -> tuple[MarketState, HourResult]:
    """The hour that begins ``hour`` hours after the epoch (UTC), for all plans at once.

    Pure: nothing is changed in place, and the same arguments give the same result. Rows must keep
    their position; rows and creatives may be added at the end. Hours must rise, gaps are allowed.
    No plan spends more than (1 + ``budget_overshoot``) × its ``budget_left``, nor all plans of a
    pool more than that share of the pool. A plan with ``live_share``, bid or budget 0 gets exactly 0.
    """
    state = advance(params, state, columns, hour)
    traits = draw_traits(params, columns)

    def even(channel: int) -> FloatArray:
        return uniform(params.seed, columns.key, hour, channel)

    expected = expect_hour(
        params,
        state,
        traits,
        columns,
        hour=hour,
        competition=price_levels(params, state),
        conditions=_conditions(params, state, columns, hour),
        caps=caps,
    )
    impressions = poisson(expected.impressions, even(_IMPRESSIONS))
    clicks = np.minimum(poisson(impressions * expected.click_rate, even(_CLICKS)), impressions)
    conversions = np.minimum(poisson(clicks * expected.conversion_rate, even(_CONVERSIONS)), clicks)
    limit = np.maximum(columns.budget_left, 0.0) * (1.0 + params.budget_overshoot * even(_OVERSHOOT))
    cost = np.minimum(impressions * expected.price / 1000.0, limit)
    # Down to whole fen, so that rounding can never break a budget.
    cost = np.floor(within_caps(cost, caps, params.budget_overshoot) * 100.0) / 100.0

    arrivals = draw_arrivals(params, traits, columns, hour, conversions)
    # Viewers of a short video: most autoplay, about half stay three seconds, a tenth to its end.
    watching = traits.play_quality * columns.quality**0.3
    plays = np.minimum(rounded(0.93 * impressions.astype(np.float64), even(_PLAYS)), impressions)
    plays_3s = np.minimum(rounded(plays * np.minimum(0.46 * watching, 0.95), even(_PLAYS_3S)), plays)
    completions = np.minimum(rounded(plays_3s * np.minimum(0.19 * watching, 0.9), even(_COMPLETIONS)), plays_3s)
    result = HourResult(
        hour=hour,
        impressions=impressions,
        clicks=clicks,
        cost=cost,
        conversions=conversions,
        plays=plays,
        plays_3s=plays_3s,
        completions=completions,
        watch_seconds=np.round(1.2 * (plays - plays_3s) + 8.5 * plays_3s * watching, 1),
        likes=rounded(plays * 0.0042 * watching, even(_LIKES)),
        comments=rounded(plays * 0.0006 * watching, even(_COMMENTS)),
        shares=rounded(plays * 0.0004 * watching, even(_SHARES)),
        follows=rounded(plays * 0.0003 * watching, even(_FOLLOWS)),
        conversion_arrivals=arrivals[0],
        deep_arrivals=arrivals[1],
        revenue_arrivals=arrivals[2],
    )
    return _remember(params, state, columns, result), result


def _remember(params: MarketParams, state: MarketState, columns: PlanColumns, result: HourResult) -> MarketState:
    """Memory after the hour: models learned, creatives worn, audiences reached."""
    shown = np.bincount(columns.creative, weights=result.impressions, minlength=len(state.creative_impressions))
    begun = (state.creative_first_hour == NOT_YET) & (shown > 0)
    return replace(
        state,
        disturbance=state.disturbance * np.exp(-result.conversions / params.disturbance_conversions),
        recent_impressions=state.recent_impressions + result.impressions,
        creative_impressions=state.creative_impressions + shown,
        creative_first_hour=np.where(begun, result.hour, state.creative_first_hour),
    )


def expected_costs(
    params: MarketParams, state: MarketState, columns: PlanColumns, hour: int
) -> tuple[FloatArray, FloatArray]:
    """(yuan, conversions), float64[N] each: the true means of ``hour`` without luck, for hindsight limits.

    ``state`` is the memory before the hour, as ``step_hour`` takes it; nothing is remembered.
    """
    moved = advance(params, state, columns, hour)
    traits: Traits = draw_traits(params, columns)
    expected = expect_hour(
        params,
        moved,
        traits,
        columns,
        hour=hour,
        competition=price_levels(params, moved),
        conditions=Conditions.calm(len(columns)),
    )
    return expected.cost, expected.impressions * expected.click_rate * expected.conversion_rate
