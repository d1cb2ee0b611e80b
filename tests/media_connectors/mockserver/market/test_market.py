"""Hours of the market: believable, monotone, conserved, reproducible."""

from dataclasses import fields, replace

import numpy as np
import pytest

from media_connectors.mockserver.market import (
    KUAISHOU,
    Arrivals,
    HourResult,
    MarketParams,
    MarketState,
    PlanColumns,
    SharedCap,
    expected_costs,
    lag_pmf,
    step_hour,
)

PARAMS = MarketParams(seed=11)
# What must hold in every market, not only in one that was looked at.
SEEDS = (1, 11, 2026)
NOON = 495_772  # 2026-07-23 12:00 in China, a Thursday


def run(columns, hours=24, params=PARAMS, state=None, start=NOON - 12, caps=()):
    """(state, list of results) of consecutive hours."""
    state = state or MarketState.empty()
    results = []
    for hour in range(start, start + hours):
        state, result = step_hour(params, state, columns, hour, caps)
        results.append(result)
    return state, results


def total(results, name):
    return sum(getattr(result, name) for result in results)


def equal(left, right):
    """Whether two results agree in every array."""
    for field in fields(HourResult):
        one, two = getattr(left, field.name), getattr(right, field.name)
        pairs = [(one, two)]
        if isinstance(one, Arrivals):
            pairs = [(getattr(one, part.name), getattr(two, part.name)) for part in fields(Arrivals)]
        if not all(np.array_equal(a, b) for a, b in pairs):
            return False
    return True


def test_same_seed_gives_the_same_day_and_another_seed_another():
    columns = PlanColumns.uniform(300)
    one, two = run(columns)[1], run(columns)[1]
    other = run(columns, params=replace(PARAMS, seed=12))[1]
    assert all(equal(a, b) for a, b in zip(one, two, strict=True))
    assert not equal(one[12], other[12])


def test_a_plan_does_not_notice_that_others_were_added():
    few, many = PlanColumns.uniform(50), PlanColumns.uniform(400)
    small, large = run(few)[1], run(many)[1]
    np.testing.assert_array_equal(total(small, "cost"), total(large, "cost")[:50])


def test_plans_can_join_between_hours():
    state, _ = run(PlanColumns.uniform(10), hours=3, start=NOON)
    state, result = step_hour(PARAMS, state, PlanColumns.uniform(25), NOON + 3)
    assert len(state.disturbance) == 25
    assert result.cost.shape == (25,)
    assert result.impressions[10:].sum() > 0


def test_hours_must_rise():
    state, _ = run(PlanColumns.uniform(3), hours=2, start=NOON)
    with pytest.raises(ValueError, match="is not after"):
        step_hour(PARAMS, state, PlanColumns.uniform(3), NOON + 1)


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="target_cpa has shape"):
        replace(PlanColumns.uniform(4), target_cpa=np.ones(3))


def test_a_plan_without_creative_row_is_refused():
    with pytest.raises(ValueError, match="creative row"):
        PlanColumns.uniform(3, creative=-1)


def test_state_survives_a_file(tmp_path):
    columns = PlanColumns.uniform(40)
    state, _ = run(columns, hours=5)
    state.save(tmp_path / "market.npz")
    loaded = MarketState.load(tmp_path / "market.npz")
    following = NOON - 12 + 5
    assert equal(step_hour(PARAMS, state, columns, following)[1], step_hour(PARAMS, loaded, columns, following)[1])


def test_step_changes_nothing_in_place():
    columns = PlanColumns.uniform(30)
    state, _ = run(columns, hours=2)
    before = {name: array.copy() for name, array in state.arrays().items()}
    step_hour(PARAMS, state, columns, NOON + 50)
    for name, array in state.arrays().items():
        np.testing.assert_array_equal(array, before[name])


def test_numbers_are_of_the_size_of_insurance_leads():
    random = np.random.default_rng(5)
    count = 6_000
    columns = PlanColumns.uniform(
        count,
        medium=random.integers(0, 3, count),
        target_cpa=random.uniform(40, 150, count),
        audience_size=random.lognormal(13.3, 0.6, count),
    )
    _, results = run(columns)
    shown, clicked, cost, converted = (
        total(results, name).astype(float) for name in ("impressions", "clicks", "cost", "conversions")
    )
    price = 1000 * cost.sum() / shown.sum()
    assert 25 < price < 60
    assert 0.008 < clicked.sum() / shown.sum() < 0.03
    assert 0.02 < converted.sum() / clicked.sum() < 0.10
    assert 200 < np.median(cost) < 5_000
    middle = np.quantile(1000 * cost / np.maximum(shown, 1), [0.1, 0.9])
    assert middle[0] > 10
    assert middle[1] < 100


def test_cost_per_conversion_follows_the_bid():
    bids = np.repeat([60.0, 90.0, 135.0], 1_000)
    columns = PlanColumns.uniform(3_000, target_cpa=bids, key=np.tile(np.arange(1, 1_001), 3))
    state, _ = run(columns, hours=72)
    _, results = run(columns, hours=48, state=state, start=NOON + 60)
    cost = total(results, "cost").reshape(3, -1).sum(axis=1)
    converted = total(results, "conversions").reshape(3, -1).sum(axis=1)
    ratio = cost / converted / np.array([60.0, 90.0, 135.0])
    np.testing.assert_allclose(ratio, 1.0, atol=0.15)
    # The price paid follows the bid a little less than one to one.
    assert ratio[0] > ratio[1] > ratio[2]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("column", "values"), [("target_cpa", (50, 80, 120)), ("quality", (0.7, 1.0, 1.4)), ("affinity", (0.7, 1.0, 1.4))]
)
def test_volume_rises_with_bid_quality_and_affinity(column, values, seed):
    params = MarketParams(seed=seed)
    low, middle, high = (
        step_hour(params, MarketState.empty(), PlanColumns.uniform(2_000, **{column: value}), NOON)[1]
        for value in values
    )
    for name in ("impressions", "cost"):
        assert np.all(getattr(low, name) <= getattr(middle, name))
        assert np.all(getattr(middle, name) <= getattr(high, name))
    assert low.impressions.sum() < middle.impressions.sum() < high.impressions.sum()


@pytest.mark.parametrize("seed", SEEDS)
def test_more_budget_is_never_less_delivery(seed):
    previous, params = None, MarketParams(seed=seed)
    for budget in (0.0, 5.0, 20.0, 80.0, np.inf):
        _, result = step_hour(params, MarketState.empty(), PlanColumns.uniform(2_000, budget_left=budget), NOON)
        if previous is not None:
            assert np.all(result.impressions >= previous.impressions)
            assert result.conversions.sum() >= previous.conversions.sum()
        previous = result


def test_cost_stays_within_budget_and_its_overshoot():
    columns = PlanColumns.uniform(2_000, budget_left=15.0)
    _, result = step_hour(PARAMS, MarketState.empty(), columns, NOON)
    assert result.cost.max() <= 15.0 * 1.02
    assert result.cost.max() > 14.0
    np.testing.assert_allclose(result.cost * 100, np.round(result.cost * 100), atol=1e-6)


def test_plans_of_a_pool_share_what_is_left():
    columns = PlanColumns.uniform(600)
    index = np.where(np.arange(600) < 400, np.arange(600) % 2, -1).astype(np.int32)
    free = step_hour(PARAMS, MarketState.empty(), columns, NOON)[1]
    capped = step_hour(PARAMS, MarketState.empty(), columns, NOON, (SharedCap(index, np.array([500.0, np.inf])),))[1]
    assert free.cost[index == 0].sum() > 2_000
    assert 450 < capped.cost[index == 0].sum() <= 500 * 1.02
    np.testing.assert_array_equal(capped.cost[index != 0], free.cost[index != 0])


@pytest.mark.parametrize(
    "stopped", [{"live_share": 0.0}, {"budget_left": 0.0}, {"budget_left": -3.0}, {"target_cpa": 0.0}]
)
def test_a_stopped_plan_gets_exactly_nothing(stopped):
    state, results = run(PlanColumns.uniform(200, **stopped), hours=6)
    for field in fields(HourResult):
        for result in results:
            value = getattr(result, field.name)
            if isinstance(value, Arrivals):
                assert len(value.plan) == 0
            elif field.name != "hour":
                assert not value.any()
    assert not state.creative_impressions.any()
    assert np.all(state.creative_first_hour == -1)


def test_half_an_hour_live_is_half_the_volume():
    full = step_hour(PARAMS, MarketState.empty(), PlanColumns.uniform(3_000), NOON)[1]
    half = step_hour(PARAMS, MarketState.empty(), PlanColumns.uniform(3_000, live_share=0.5), NOON)[1]
    assert half.impressions.sum() / full.impressions.sum() == pytest.approx(0.5, abs=0.01)


def test_every_billed_conversion_arrives_within_a_week():
    columns = PlanColumns.uniform(500, goal=np.arange(500) % 4)
    _, results = run(columns)
    for result in results:
        arrivals = result.conversion_arrivals
        np.testing.assert_array_equal(arrivals.by_plan(500), result.conversions)
        assert arrivals.hours_later.min() >= 0
        assert arrivals.hours_later.max() < 168
        cells = arrivals.plan * 1_000 + arrivals.hours_later
        assert np.all(np.diff(cells) > 0)


def test_policies_follow_conversions_and_premium_follows_policies():
    columns = PlanColumns.uniform(800, goal=2)
    _, results = run(columns)
    for result in results:
        assert np.all(result.deep_arrivals.by_plan(800) <= result.conversions)
        paid = result.revenue_arrivals.by_plan(800)
        assert np.all((paid > 0) == (result.deep_arrivals.by_plan(800) > 0))
    shallow = np.concatenate([r.conversion_arrivals.hours_later for r in results]).mean()
    deep = np.concatenate([r.deep_arrivals.hours_later for r in results]).mean()
    premium = np.concatenate([r.revenue_arrivals.hours_later for r in results]).mean()
    assert shallow + 5 < deep < premium
    share = sum(r.deep_arrivals.amount.sum() for r in results) / total(results, "conversions").sum()
    assert 0.25 < share < 0.5


def test_slow_goals_arrive_later_than_forms():
    same_hour = []
    for goal in (0, 3, 1, 2):
        arrivals = step_hour(PARAMS, MarketState.empty(), PlanColumns.uniform(3_000, goal=goal), NOON)[
            1
        ].conversion_arrivals
        same_hour.append(arrivals.amount[arrivals.hours_later == 0].sum() / arrivals.amount.sum())
    assert same_hour[0] > 0.6
    assert same_hour[0] > same_hour[1] > same_hour[3] > 0.1
    assert same_hour[2] < 0.3


def test_lag_distributions_sum_to_one():
    for goal in PARAMS.goals:
        pmf = lag_pmf(goal.lag_hours, 168)
        assert pmf.sum() == pytest.approx(1.0, abs=1e-12)
        assert np.all(pmf >= 0)
        assert np.all(np.diff(pmf) <= 0)


def test_evening_beats_the_small_hours():
    _, results = run(PlanColumns.uniform(2_000, medium=KUAISHOU))
    by_hour = np.array([result.impressions.sum() for result in results])
    assert by_hour.argmax() in (19, 20, 21)
    assert by_hour.argmin() in (2, 3, 4)
    assert by_hour.max() > 6 * by_hour.min()


def test_shapes_have_mean_one_and_know_the_weekday():
    monday = 3 * 24 + 24 - 8 + 12  # 1970-01-05 12:00 in China
    week = np.array([PARAMS.demand_shape(monday + hour) for hour in range(168)])
    np.testing.assert_allclose(week.mean(axis=0), 1.0, atol=1e-12)
    saturday, tuesday = PARAMS.demand_shape(monday + 5 * 24), PARAMS.demand_shape(monday + 24)
    assert saturday[0] > tuesday[0]  # Douyin lives at the weekend
    assert saturday[1] < tuesday[1]  # Toutiao does not


@pytest.mark.parametrize("seed", SEEDS)
def test_creatives_tire(seed):
    columns = PlanColumns.uniform(1_000, audience_size=3e7)
    calm = replace(PARAMS, seed=seed, competition_spread=0.0, day_jump_spread=0.0, calibration_spread=0.0)
    state, first = run(columns, hours=24, params=calm)
    for day in range(1, 20):
        state, last = run(columns, hours=24, params=calm, state=state, start=NOON - 12 + 24 * day)
    fresh = total(first, "clicks").sum() / total(first, "impressions").sum()
    tired = total(last, "clicks").sum() / total(last, "impressions").sum()
    assert tired < 0.75 * fresh


def test_a_creative_tires_for_all_plans_that_show_it():
    shared = PlanColumns.uniform(400, creative=0)
    state, _ = run(shared, hours=3)
    assert state.creative_impressions.shape == (1,)
    own, _ = run(PlanColumns.uniform(400), hours=3)
    assert own.creative_impressions.shape == (400,)
    # Hardly fewer impressions, all of them on one creative: what it wears in three hours costs a little reach.
    assert state.creative_impressions[0] == pytest.approx(own.creative_impressions.sum(), rel=0.25)
    assert state.creative_impressions[0] < own.creative_impressions.sum()


def test_an_audience_that_has_seen_much_gives_less():
    columns = PlanColumns.uniform(500, audience_size=50_000.0)
    state, _ = run(columns, hours=2, start=NOON - 2)
    seen_often = replace(state, recent_impressions=np.full(500, 150_000.0))  # three times each
    fresh = step_hour(PARAMS, state, columns, NOON)[1].impressions.sum()
    tired = step_hour(PARAMS, seen_often, columns, NOON)[1].impressions.sum()
    assert tired / fresh == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("seed", SEEDS)
def test_learning_settles_with_conversions_and_a_large_edit_disturbs_it(seed):
    columns, params = PlanColumns.uniform(500), MarketParams(seed=seed)
    state, _ = run(columns, hours=72, params=params)
    assert state.disturbance.mean() < 0.45
    following = NOON + 60
    kept = step_hour(params, state, columns, following)
    nudged = step_hour(params, state, replace(columns, target_cpa=columns.target_cpa * 1.03), following)
    jumped = step_hour(params, state, replace(columns, target_cpa=columns.target_cpa * 1.4), following)
    retargeted = step_hour(params, state, replace(columns, targeting=columns.targeting + 1), following)
    means = [outcome[0].disturbance.mean() for outcome in (kept, nudged, jumped, retargeted)]
    assert means[0] < means[1] < means[2]
    assert means[3] > means[0] + 0.4
    assert retargeted[1].impressions.sum() < kept[1].impressions.sum()


def test_no_number_is_missing_under_extreme_inputs():
    columns = PlanColumns.uniform(
        8,
        target_cpa=[1e-6, 1e6, 80, 80, 80, 80, 80, 80],
        quality=[1, 1, 0, 50, 1, 1, 1, 1],
        affinity=[1, 1, 1, 1, 0, 50, 1, 1],
        audience_size=[1e6, 1e6, 1e6, 1e6, 1e6, 1e6, 0, 1e9],
    )
    state, results = run(columns, hours=30)
    for result in results:
        for name in ("cost", "watch_seconds"):
            assert np.isfinite(getattr(result, name)).all()
        assert np.all(result.clicks <= result.impressions)
        assert np.all(result.conversions <= result.clicks)
        assert np.all(result.completions <= result.plays_3s)
        assert np.all(result.plays_3s <= result.plays)
        assert np.all(result.plays <= result.impressions)
    for array in state.arrays().values():
        assert np.isfinite(array).all()


def test_true_means_match_what_is_drawn():
    columns = PlanColumns.uniform(20_000)
    cost, converted = expected_costs(PARAMS, MarketState.empty(), columns, NOON)
    _, result = step_hour(PARAMS, MarketState.empty(), columns, NOON)
    assert result.cost.sum() == pytest.approx(cost.sum(), rel=0.02)
    assert result.conversions.sum() == pytest.approx(converted.sum(), rel=0.04)


def test_a_hundred_thousand_plans_are_one_call():
    _, result = step_hour(PARAMS, MarketState.empty(), PlanColumns.uniform(100_000), NOON)
    assert result.cost.shape == (100_000,)
    assert result.impressions.sum() > 10_000_000
