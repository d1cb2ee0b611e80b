"""The worked example of docs/algorithms/market.md, number by number."""

from dataclasses import replace

import numpy as np
import pytest

from media_connectors.mockserver.market import MarketParams, MarketState, PlanColumns
from media_connectors.mockserver.market.curves import LOG_NORMAL, LOG_SIGMOID, POWER_WITH_CEILING, win_share
from media_connectors.mockserver.market.delivery import Conditions, expect_hour
from media_connectors.mockserver.market.step import advance
from media_connectors.mockserver.market.traits import Traits

PARAMS = MarketParams()
THURSDAY_NOON = 495_772
FAMILIES = np.array([LOG_NORMAL, LOG_SIGMOID, POWER_WITH_CEILING], dtype=np.int8)
ONES = np.ones(3)
TRAITS = Traits(
    family=FAMILIES,
    steepness=1.4 * ONES,
    price_level=29.0 * ONES,
    volume=ONES,
    click_rate=0.012 * ONES,
    conversion_rate=0.036 * ONES,
    calibration=0.0 * ONES,
    following=0.9 * ONES,
    segment=np.zeros(3, dtype=np.int32),
    play_quality=ONES,
    deep_rate=0.06 * ONES,
)


def expect(disturbance=0.0, budget_left=np.inf):
    columns = PlanColumns.uniform(3, target_cpa=100.0, budget_left=budget_left)
    state = advance(PARAMS, MarketState.empty(), columns, THURSDAY_NOON)
    state = replace(state, disturbance=disturbance * ONES, calibration=0.0 * ONES)
    return expect_hour(
        PARAMS,
        state,
        TRAITS,
        columns,
        hour=THURSDAY_NOON,
        competition=np.zeros(len(state.competition)),
        conditions=Conditions.calm(3),
    )


def test_shape_of_the_hour():
    assert PARAMS.demand_shape(THURSDAY_NOON)[0] == pytest.approx(1.5298, abs=5e-5)


def test_shares_won():
    shares = win_share(FAMILIES, np.log(43.2 / 29.0) * ONES, 1.4 * ONES)
    np.testing.assert_allclose(shares, [0.7116, 0.7208, 0.4410], atol=5e-5)


def test_price_impressions_and_cost():
    expected = expect()
    np.testing.assert_allclose(expected.price, 41.51, atol=0.005)
    np.testing.assert_allclose(expected.impressions, [3_991, 4_043, 2_473], atol=0.5)
    np.testing.assert_allclose(expected.cost, [165.69, 167.84, 102.67], atol=0.005)
    per_conversion = expected.price / 1000 / (expected.click_rate * expected.conversion_rate)
    np.testing.assert_allclose(per_conversion, 96.1, atol=0.05)


def test_a_budget_cuts_the_hour():
    expected = expect(budget_left=np.array([np.inf, np.inf, 20.0]))
    assert expected.cost[2] == 20.0
    assert expected.impressions[2] == pytest.approx(482, abs=0.5)
    assert expected.impressions[0] == pytest.approx(3_991, abs=0.5)


def test_a_disturbed_plan_gets_less_and_pays_more():
    expected = expect(disturbance=1.0)
    assert expected.impressions[0] == pytest.approx(2_729, abs=0.5)
    assert expected.price[0] == pytest.approx(47.75, abs=0.005)
