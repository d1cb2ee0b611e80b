"""The market behind the mock media: pure, seeded, vectorised; N plans × 1 hour in one call.

    state = MarketState.empty()
    state, result = step_hour(params, state, columns, hour, caps)

``hour`` counts whole hours since the epoch (UTC); days and their shapes are China's (UTC+8).
"""

from .columns import PlanColumns, SharedCap
from .lags import Arrivals, lag_pmf
from .params import (
    DOUYIN,
    GOAL_ACTIVATION,
    GOAL_LEAD_FORM,
    GOAL_PAYMENT,
    GOAL_VALID_LEAD,
    KUAISHOU,
    MEDIUM_NAMES,
    TOUTIAO,
    GoalParams,
    MarketParams,
    MediumParams,
)
from .state import MarketState
from .step import HourResult, expected_costs, step_hour

__all__ = [
    "DOUYIN",
    "GOAL_ACTIVATION",
    "GOAL_LEAD_FORM",
    "GOAL_PAYMENT",
    "GOAL_VALID_LEAD",
    "KUAISHOU",
    "MEDIUM_NAMES",
    "TOUTIAO",
    "Arrivals",
    "GoalParams",
    "HourResult",
    "MarketParams",
    "MarketState",
    "MediumParams",
    "PlanColumns",
    "SharedCap",
    "expected_costs",
    "lag_pmf",
    "step_hour",
]
