"""The curve that new organizations start with is the benchmark market's, not a guess."""

import numpy as np
import pytest

from campaigns.domain.maturity import DEFAULT_SHARES, FINAL_AGE, TODAY_SHARES
from media_connectors.mockserver.market import MarketParams, lag_pmf
from media_connectors.mockserver.market.params import GOAL_LEAD_FORM, GOAL_PAYMENT


def test_default_shares_are_those_of_the_benchmark_market():
    market = MarketParams()
    measured = [_arrived(market, age) for age in range(FINAL_AGE + 1)]
    assert measured == pytest.approx(DEFAULT_SHARES, abs=0.001)


def test_todays_shares_are_those_of_the_benchmark_market():
    market = MarketParams()
    measured = [_arrived(market, 0, until=hour) for hour in range(24)]
    assert measured == pytest.approx(TODAY_SHARES, abs=0.001)


def _arrived(market, age, until=23):
    """Share of a day's conversions, of charges up to the hour ``until``, that are in at that hour and age."""
    by_hour = np.mean([np.array(medium.hour_shape) / np.sum(medium.hour_shape) for medium in market.media], axis=0)
    by_hour = by_hour[: until + 1] / by_hour[: until + 1].sum()
    last_hour = np.minimum(24 * age + until - np.arange(until + 1), market.lag_limit_hours - 1)
    goals = [market.goals[goal] for goal in (GOAL_LEAD_FORM, GOAL_PAYMENT)]
    shares = [by_hour @ np.cumsum(lag_pmf(goal.lag_hours, market.lag_limit_hours))[last_hour] for goal in goals]
    return np.mean(shares)
