"""The constants of the market: one seed and the habits of each medium.

Figures are set to the order of magnitude of insurance lead advertising in mainland China: target
CPA 40-200 yuan, CPM 15-60 yuan, CTR 0.8-3 %, CVR 2-10 %. They are a benchmark's convention, not
measurements of the media.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .draws import FloatArray

DOUYIN, TOUTIAO, KUAISHOU = 0, 1, 2
MEDIUM_NAMES = ("douyin", "toutiao", "kuaishou")

# What a plan optimises for; decides conversion rate and lag.
GOAL_LEAD_FORM, GOAL_VALID_LEAD, GOAL_PAYMENT, GOAL_ACTIVATION = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class MediumParams:
    """How one medium behaves.

    ``hour_shape`` 24 relative demand weights by hour of the day (China time), ``week_shape`` 7 by
    weekday, Monday first; both are normalised to mean 1. ``price_level`` is the median competing
    price in yuan per 1,000 impressions; ``click_rate`` the median CTR; ``reach_rate`` the share of
    an audience that can be shown an ad in an average hour.
    """

    hour_shape: tuple[float, ...]
    week_shape: tuple[float, ...]
    price_level: float
    click_rate: float
    reach_rate: float


@dataclass(frozen=True, slots=True)
class GoalParams:
    """A conversion goal: median CVR, share that becomes a paid policy, and the lag's mixture.

    ``lag_hours`` are (weight, mean hours) of a mixture of geometric distributions, cut at 7 days.
    """

    conversion_rate: float
    deep_rate: float
    lag_hours: tuple[tuple[float, float], ...]


def _default_media() -> tuple[MediumParams, ...]:
    return (
        MediumParams(  # Douyin: lunch and a long evening
            (30, 18, 11, 8, 7, 10, 22, 40, 55, 62, 66, 78, 104, 96, 74, 70, 72, 82, 100, 122, 140, 146, 118, 68),
            (0.97, 0.96, 0.97, 0.98, 1.00, 1.06, 1.06),
            price_level=29.0,
            click_rate=0.0118,
            reach_rate=0.0055,
        ),
        MediumParams(  # Toutiao: commuters, working hours, older readers who sleep early
            (20, 12, 8, 7, 9, 22, 56, 92, 98, 90, 86, 88, 104, 94, 82, 80, 80, 84, 96, 106, 108, 96, 66, 36),
            (1.03, 1.03, 1.02, 1.02, 1.01, 0.95, 0.94),
            price_level=24.0,
            click_rate=0.0135,
            reach_rate=0.0045,
        ),
        MediumParams(  # Kuaishou: early risers and an early evening peak
            (26, 16, 10, 9, 12, 28, 52, 66, 68, 68, 70, 84, 102, 92, 76, 74, 78, 92, 118, 140, 142, 124, 88, 50),
            (0.98, 0.97, 0.97, 0.98, 1.00, 1.05, 1.05),
            price_level=21.0,
            click_rate=0.0130,
            reach_rate=0.0048,
        ),
    )


def _default_goals() -> tuple[GoalParams, ...]:
    return (
        GoalParams(0.036, 0.060, ((0.80, 0.25), (0.15, 3.0), (0.05, 22.0))),  # form on the landing page
        GoalParams(0.027, 0.110, ((0.30, 1.0), (0.50, 7.0), (0.20, 36.0))),  # the lead was reached by phone
        GoalParams(0.021, 0.350, ((0.35, 0.8), (0.35, 10.0), (0.30, 54.0))),  # money was paid
        GoalParams(0.060, 0.025, ((0.60, 0.5), (0.30, 6.0), (0.10, 30.0))),  # the app was opened
    )


@dataclass(frozen=True, slots=True)
class MarketParams:
    """Everything that is the same for all plans and all hours."""

    seed: int = 1
    media: tuple[MediumParams, ...] = field(default_factory=_default_media)
    goals: tuple[GoalParams, ...] = field(default_factory=_default_goals)

    segment_count: int = 24  # audience segments per medium that share their competition
    competition_memory: float = 0.965  # hourly AR(1) coefficient of a segment's log price level
    competition_spread: float = 0.10  # its stationary standard deviation
    day_jump_spread: float = 0.06  # log price jump of a segment at each China midnight
    demand_spread: float = 0.16  # log-normal noise of a plan's hourly demand
    rate_spread: float = 0.07  # log-normal noise of a plan's hourly CTR and CVR
    calibration_memory: float = 0.992  # hourly AR(1) coefficient of a plan's log calibration bias
    calibration_spread: float = 0.10  # its stationary standard deviation

    disturbance_new: float = 1.0  # of a plan that has never delivered
    disturbance_limit: float = 2.0
    disturbance_per_edit: float = 0.05  # any edit of bid or targeting
    disturbance_per_log_bid: float = 1.6  # times |log(new bid / old bid)|
    disturbance_per_retarget: float = 0.55
    disturbance_conversions: float = 9.0  # conversions that shrink it by e
    disturbance_hours: float = 90.0  # hours that shrink it by e even without conversions
    disturbance_volume: float = 0.38  # log volume lost per unit
    disturbance_price: float = 0.14  # log CPA gained per unit
    disturbance_noise: float = 1.2  # relative widening of the noise per unit

    fatigue_impressions: float = 1_500_000.0  # impressions after which a creative begins to tire
    fatigue_power: float = 0.22
    fatigue_days: float = 60.0  # e-folding age of a creative's click rate
    fatigue_floor: float = 0.25
    audience_served: float = 2_000_000.0  # people one plan is shown to at most, however broad its targeting
    saturation_frequency: float = 3.0  # recent impressions per person that halve the demand
    saturation_memory: float = 0.9904  # hourly; half forgotten in three days

    budget_overshoot: float = 0.02  # greatest relative excess over a budget left
    premium_median: float = 620.0  # yuan of first-year premium per paid policy
    premium_spread: float = 0.65
    deep_lag_hours: tuple[tuple[float, float], ...] = ((0.45, 5.0), (0.35, 30.0), (0.20, 72.0))
    revenue_lag_hours: tuple[tuple[float, float], ...] = ((0.70, 0.6), (0.30, 20.0))
    lag_limit_hours: int = 168

    def demand_shape(self, hour: int) -> FloatArray:
        """float64[media]: relative demand in the hour that starts ``hour`` hours after the epoch (UTC)."""
        local = hour + 8
        weekday = (local // 24 + 3) % 7  # 1970-01-01 was a Thursday
        return np.array(
            [
                medium.hour_shape[local % 24]
                / np.mean(medium.hour_shape)
                * (medium.week_shape[weekday] / np.mean(medium.week_shape))
                for medium in self.media
            ]
        )
