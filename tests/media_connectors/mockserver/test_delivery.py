"""The driver between store and market: within the hour, across restarts, under budgets."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from media_connectors.mockserver.app import create_app
from media_connectors.mockserver.columns import GOALS
from media_connectors.mockserver.driver import MARKET_GOALS
from media_connectors.mockserver.ledger import COLUMN, COST, METRICS, Ledger, day_of_hour, first_hour
from media_connectors.mockserver.market import GOAL_ACTIVATION, GOAL_LEAD_FORM, GOAL_PAYMENT, GOAL_VALID_LEAD
from media_connectors.mockserver.model import Material

from .kuaishou.conftest import Media
from .oceanengine.conftest import CONFIG, Ocean

HOUR = 480_000
SHOWN, CALLED, BILLED = COLUMN["impressions"], COLUMN["conversions"], COLUMN["billed_conversions"]


@pytest.fixture
def ocean() -> Iterator[Ocean]:
    client = Ocean(create_app(CONFIG))
    yield client
    client.http.close()
    client.app.close()


@pytest.fixture
def media() -> Media:
    return Media()


def table(*shown: int) -> np.ndarray:
    found = np.zeros((len(shown), len(METRICS)), dtype=np.int32)
    found[:, SHOWN] = shown
    return found


# -- ledger -----------------------------------------------------------------------------------------------------------


def test_the_running_hour_becomes_visible_evenly_and_ends_exactly() -> None:
    ledger = Ledger()
    ledger.open(HOUR, table(100, 7), table(0, 4))
    assert ledger.visible(0.0)[:, SHOWN].tolist() == [0, 0]
    assert ledger.visible(0.5)[:, SHOWN].tolist() == [50, 5]
    assert ledger.visible(1.0)[:, SHOWN].tolist() == [100, 11]


def test_a_revision_keeps_what_was_shown_and_admits_new_rows() -> None:
    ledger = Ledger()
    ledger.open(HOUR, table(100), table(0))
    ledger.revise(np.array([0, 2]), 0.5, table(0, 60))
    assert ledger.visible(0.5)[:, SHOWN].tolist() == [50, 0, 0]
    assert ledger.visible(0.75)[:, SHOWN].tolist() == [50, 0, 30]
    _, final = ledger.close()
    assert final[:, SHOWN].tolist() == [50, 0, 60]


def test_late_events_and_restatements_keep_hours_and_days_equal() -> None:
    ledger = Ledger()
    day = day_of_hour(HOUR)
    start = first_hour(day)
    for hour in (start, start + 1):
        ledger.open(hour, table(10, 20), table(0, 0))
        ledger.close()
    ledger.add(start, "billed_conversions", np.array([1, 1]), np.array([2, 3]))
    ledger.restate(day, np.array([0]), 0.5)
    rows = np.array([0, 1])
    hours = ledger.read_hours(rows, start, start + 24, 0.0)
    days = ledger.read_days(rows, day, day + 1, 0.0)
    assert (hours.sum(axis=0) == days[0]).all()
    assert days[0, :, SHOWN].tolist() == [10, 40]
    assert days[0, :, BILLED].tolist() == [0, 5]
    assert (ledger.lifetime == days[0]).all()


def test_days_change_at_shanghais_midnight() -> None:
    midnight = 24 * 20_000 - 8
    assert day_of_hour(midnight) == 20_000
    assert day_of_hour(midnight - 1) == 19_999
    assert first_hour(20_000) == midnight


def test_a_saved_ledger_reads_the_same() -> None:
    ledger = Ledger()
    ledger.open(HOUR, table(10), table(1))
    ledger.close()
    ledger.open(HOUR + 1, table(10), table(1))
    copy = Ledger()
    copy.load(ledger.to_arrays())
    rows = np.array([0])
    for at in (0.0, 0.4):
        assert (copy.read_hours(rows, HOUR, HOUR + 2, at) == ledger.read_hours(rows, HOUR, HOUR + 2, at)).all()


# -- driver -----------------------------------------------------------------------------------------------------------


def shown(ocean: Ocean, promotion: int) -> int:
    plan = ocean.world.store.plans[promotion]
    now = ocean.world.clock.now()
    return int(ocean.world.reports.by_day([plan], now - 3 * 86400, now).metric("impressions").sum())


def test_a_plan_paused_within_the_hour_stops_within_the_hour(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project(), budget=50_000, cpa_bid=120)
    ocean.advance(2 * 3600 + 1800)
    running = shown(ocean, promotion)
    assert running > 0
    ocean.post("/open_api/v3.0/promotion/status/update/", data=[{"promotion_id": promotion, "opt_status": "DISABLE"}])
    ocean.advance(60)
    paused = shown(ocean, promotion)
    assert paused >= running
    ocean.advance(1500)
    assert shown(ocean, promotion) == paused
    ocean.advance(3600)
    assert shown(ocean, promotion) == paused


def test_a_plan_created_within_the_hour_delivers_within_the_hour(ocean: Ocean) -> None:
    ocean.advance(600)
    promotion = ocean.promotion(ocean.project(), budget=50_000, cpa_bid=120)
    ocean.advance(1800)  # the review has passed: it begins now
    assert shown(ocean, promotion) == 0
    ocean.advance(900)
    assert shown(ocean, promotion) > 0


def test_no_plan_project_or_account_spends_far_beyond_its_budget(ocean: Ocean) -> None:
    setting = {"budget_mode": "BUDGET_MODE_DAY", "budget": 900}
    project = ocean.project(delivery_setting=setting)
    plans = [ocean.promotion(project, str(number), budget=400 + 100 * number, cpa_bid=150) for number in range(4)]
    ocean.advance(15 * 3600 - 60)
    rows = np.array([ocean.world.store.plans[promotion].index for promotion in plans])
    now = ocean.world.clock.now()
    cost = ocean.world.ledger.read_days(rows, day_of_hour(int(now // 3600)), day_of_hour(int(now // 3600)) + 1, 1.0)
    cost = cost[0, :, COST] / 100
    overshoot = 1 + ocean.world.driver.params.budget_overshoot
    assert 850 < cost.sum() <= 900 * overshoot
    assert (cost <= np.array([400, 500, 600, 700]) * overshoot).all()


def test_a_higher_bid_gets_more(ocean: Ocean) -> None:
    project = ocean.project()
    low = [ocean.promotion(project, f"低{number}", budget=90_000, cpa_bid=40) for number in range(10)]
    high = [ocean.promotion(project, f"高{number}", budget=90_000, cpa_bid=160) for number in range(10)]
    ocean.advance(24 * 3600)
    assert sum(shown(ocean, each) for each in high) > 2 * sum(shown(ocean, each) for each in low) > 0


def test_two_runs_with_one_seed_agree_and_another_seed_differs() -> None:
    def run(seed: int) -> list:
        client = Ocean(create_app(replace(CONFIG, seed=seed)))
        client.promotion(client.project(), budget=20_000)
        client.advance(5 * 3600)
        found = client.world.ledger.lifetime.tolist()
        client.app.close()
        return found

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_late_conversions_arrive_after_a_restart_too(tmp_path: Path) -> None:
    config = replace(CONFIG, state_dir=tmp_path)
    first = Ocean(create_app(config))
    promotion = first.promotion(first.project(), budget=50_000, cpa_bid=120)
    first.advance(20 * 3600)
    first.post("/open_api/v3.0/promotion/status/update/", data=[{"promotion_id": promotion, "opt_status": "DISABLE"}])
    first.advance(3600)
    first.app.close()
    second = Ocean(create_app(config))
    before = second.world.ledger.lifetime[0].copy()
    for ocean in (first, second):
        ocean.world.clock.advance(16 * 24 * 3600)
        ocean.world.tick()
    after = second.world.ledger.lifetime[0]
    assert after[CALLED] > before[CALLED]
    assert after[CALLED] == after[BILLED]
    assert after[SHOWN] == before[SHOWN]
    assert (after == first.world.ledger.lifetime[0]).all()


def test_a_killed_worlds_clock_is_never_before_its_numbers(tmp_path: Path) -> None:
    wall = [1_000_000.0]
    config = replace(CONFIG, state_dir=tmp_path, clock=None)
    clocks = {"wall": lambda: wall[0], "monotonic": lambda: wall[0]}
    first = create_app(config, **clocks)
    first.world.clock.set_mode("x60")
    for _ in range(70):
        wall[0] += 1
        first.world.tick()
    first.world.store.flush()
    seen = first.world.clock.now()
    second = create_app(config, **clocks)
    assert second.world.clock.mode == "x60"
    assert second.world.ledger.hour == int(second.world.clock.now() // 3600)
    assert 0 <= seen - second.world.clock.now() <= 6 * 60


# -- what the market is told -------------------------------------------------------------------------------------------


def test_plans_tire_their_material_together_and_plans_without_one_alone(ocean: Ocean) -> None:
    world, project = ocean.world, ocean.project()
    now, first = world.clock.now(), world.store.new_id()
    facts = ("oceanengine", "video", "v-first", "md5", "clip.mp4", "mp4", 1000, 720, 1280)
    world.store.save(Material(first, ocean.account, *facts, created_at=now), now)
    shown = {"video_material_list": [{"image_mode": "CREATIVE_IMAGE_MODE_VIDEO", "video_id": "v-first"}]}
    unknown = {"video_material_list": [{"image_mode": "CREATIVE_IMAGE_MODE_VIDEO", "video_id": "v-elsewhere"}]}
    for name, materials in (("a", shown), ("b", shown), ("c", unknown), ("d", unknown)):
        ocean.promotion(project, name, promotion_materials=materials)
    ocean.advance(6 * 3600)
    seen = world.driver.to_arrays()["state:creative_impressions"]
    by_plan = world.ledger.lifetime[:, SHOWN]
    assert (by_plan > 0).all()
    assert sorted(seen[seen > 0]) == sorted([by_plan[0] + by_plan[1], by_plan[2], by_plan[3]])


def test_the_goal_of_a_kuaishou_unit_is_the_markets_goal(media: Media) -> None:
    campaign = media.campaign()
    wanted = {53: "form", 348: "valid_lead", 190: "payment", 180: "activation", 715: "form"}
    for action_type in wanted:
        media.unit(campaign, f"单元-{action_type}", ocpx_action_type=action_type)
    told = [GOALS[goal] for goal in media.world.store.columns.goal]
    assert told == list(wanted.values())
    assert [int(MARKET_GOALS[GOALS.index(goal)]) for goal in ("form", "valid_lead", "payment", "activation")] == [
        GOAL_LEAD_FORM,
        GOAL_VALID_LEAD,
        GOAL_PAYMENT,
        GOAL_ACTIVATION,
    ]


def test_a_unit_for_payments_converts_less_than_one_for_forms(media: Media) -> None:
    campaign = media.campaign()
    video = media.video()
    for action_type in (53, 190):
        unit = media.unit(campaign, f"单元-{action_type}", ocpx_action_type=action_type, day_budget=50_000_000)
        media.creative(unit, photo_id=video)
    media.advance(days=1)
    conversions = media.world.ledger.lifetime[:, BILLED] / media.world.ledger.lifetime[:, SHOWN]
    assert conversions[1] < conversions[0] / 2


def test_a_deep_bid_makes_a_valid_lead_of_a_promotion(ocean: Ocean) -> None:
    project = ocean.project()
    ocean.promotion(project, "表单")
    ocean.promotion(project, "深度", deep_cpabid=200.0)
    assert [GOALS[goal] for goal in ocean.world.store.columns.goal] == ["form", "valid_lead"]
