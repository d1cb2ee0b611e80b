"""Review, learning, money and schedules as the media show them."""

from .conftest import Ocean

PROMOTION = "/open_api/v3.0/promotion/"
NIGHT_ONLY = ("1" * 12 + "0" * 36) * 7


def test_a_review_passes_within_minutes_and_learning_begins(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project())
    ocean.advance(119)
    assert ocean.find(promotion)["status_second"] == ["AUDIT"]
    ocean.advance(241)
    row = ocean.find(promotion)
    assert (row["status_first"], row["status_second"], row["status"]) == ("PROMOTION_STATUS_ENABLE", [], "OK")
    assert row["learning_phase"] == "LEARNING"


def test_a_refused_review_says_why(strict_ocean: Ocean) -> None:
    promotion = strict_ocean.promotion(strict_ocean.project())
    strict_ocean.advance(600)
    row = strict_ocean.find(promotion)
    assert (row["status_first"], row["status_second"]) == ("PROMOTION_STATUS_DISABLE", ["AUDIT_DENY"])
    rejects = strict_ocean.get(PROMOTION + "reject_reason/get/", promotion_ids=[promotion])["list"]
    assert [reject["promotion_id"] for reject in rejects] == [promotion]
    reasons = rejects[0]["material_reject"]
    assert reasons[0]["item"] in ("v0001", "百万医疗险每月只需几元")
    assert len(reasons[0]["reject_reason"]) == 1
    report = strict_ocean.get("/open_api/2/ad/reject_reason/", ad_ids=[promotion])["list"]
    assert report[0]["ad_reject"]["ad_id"] == promotion


def test_a_refused_plan_spends_nothing(strict_ocean: Ocean) -> None:
    strict_ocean.promotion(strict_ocean.project())
    strict_ocean.advance(24 * 3600)
    assert int(strict_ocean.world.ledger.lifetime.sum()) == 0


def test_new_materials_are_reviewed_again(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project())
    ocean.advance(600)
    materials = {"video_material_list": [{"image_mode": "CREATIVE_IMAGE_MODE_VIDEO", "video_id": "v0002"}]}
    ocean.post(PROMOTION + "update/", promotion_id=promotion, name="单元", promotion_materials=materials)
    assert ocean.find(promotion)["status_second"] == ["REAUDIT"]


def test_twenty_conversions_in_three_days_teach_and_fewer_do_not(ocean: Ocean) -> None:
    project = ocean.project()
    rich, poor = ocean.promotion(project, "多", budget=50_000, cpa_bid=120), ocean.promotion(project, "少", cpa_bid=3)
    ocean.advance(80 * 3600)
    assert ocean.find(rich)["learning_phase"] == "LEARNED"
    assert ocean.find(poor)["learning_phase"] == "LEARN_FAILED"


def test_a_large_bid_change_throws_a_plan_back_into_learning(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project(), budget=50_000, cpa_bid=120)
    ocean.advance(80 * 3600)
    ocean.post(PROMOTION + "bid/update/", data=[{"promotion_id": promotion, "bid": 130}])
    assert ocean.find(promotion)["learning_phase"] == "LEARNED"
    ocean.post(PROMOTION + "bid/update/", data=[{"promotion_id": promotion, "bid": 60}])
    assert ocean.find(promotion)["learning_phase"] == "LEARNING"


def test_a_spent_budget_takes_the_plan_offline_until_midnight(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project(), budget=300, cpa_bid=150)
    ocean.advance(12 * 3600)
    assert ocean.find(promotion)["status_second"] == ["PROMOTION_OFFLINE_BUDGET"]
    ocean.advance(3 * 3600 + 60)
    assert ocean.find(promotion)["status_second"] == []


def test_project_budgets_and_account_budgets_stop_everything_below(ocean: Ocean) -> None:
    setting = {"budget_mode": "BUDGET_MODE_DAY", "budget": 300}
    tight = ocean.promotion(ocean.project("紧", delivery_setting=setting), "一", budget=20_000, cpa_bid=150)
    free = ocean.promotion(ocean.project("松"), "二", budget=20_000, cpa_bid=150)
    ocean.advance(12 * 3600)
    assert ocean.find(tight)["status_second"] == ["PROJECT_OFFLINE_BUDGET"]
    assert ocean.find(free)["status_second"] == []
    path = "/open_api/2/advertiser/update/budget/"
    ocean.post(path, budget_mode="BUDGET_MODE_DAY", budget=1000)
    assert ocean.find(free)["status_second"] == ["BALANCE_OFFLINE_BUDGET"]


def test_an_empty_balance_stops_the_account(ocean: Ocean) -> None:
    given = {"medium": "oceanengine", "cash_yuan": 400, "grant_yuan": 0}
    ocean.account = ocean.http.post("/control/api/accounts", json=given).json()["account_ids"][0]
    promotion = ocean.promotion(ocean.project(), budget=20_000, cpa_bid=150)
    ocean.advance(24 * 3600)
    assert ocean.get("/open_api/2/advertiser/fund/get/")["balance"] == 0.0
    assert "OFFLINE_BALANCE" in ocean.find(promotion)["status_second"]


def test_a_plan_outside_its_half_hours_does_not_deliver(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project(), schedule_time=NIGHT_ONLY)
    ocean.advance(10 * 3600)
    assert ocean.find(promotion)["status_second"] == ["NO_SCHEDULE"]
    assert int(ocean.world.ledger.lifetime.sum()) == 0
    ocean.advance(8 * 3600)
    assert ocean.find(promotion)["status_second"] == []
    assert int(ocean.world.ledger.lifetime.sum()) > 0


def test_dates_open_and_close_a_project(ocean: Ocean) -> None:
    setting = {"schedule_type": "SCHEDULE_START_END", "start_time": "2026-11-17", "end_time": "2026-11-17"}
    promotion = ocean.promotion(ocean.project(delivery_setting=setting))
    ocean.advance(600)
    assert ocean.find(promotion)["status_second"] == ["TIME_NO_REACH"]
    ocean.advance(16 * 3600)
    assert ocean.find(promotion)["status_first"] == "PROMOTION_STATUS_ENABLE"
    ocean.advance(24 * 3600)
    assert ocean.find(promotion)["status_first"] == "PROMOTION_STATUS_DONE"


def test_cost_protection_covers_asked_plans_of_the_account_only(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project())
    path = "/open_api/2/ad/cost_protect_status/get/"
    assert ocean.get(path, ad_ids=[promotion])["list"] == [{"ad_id": promotion, "status": "INVALID"}]
    ocean.world.store.plans[promotion].compensation = "in_effect"
    assert ocean.get(path, ad_ids=[promotion])["list"] == [{"ad_id": promotion, "status": "IN_EFFECT"}]
    assert ocean.refused("GET", path, ad_ids=[1])[0] == 40002


def test_an_overrun_while_learning_is_confirmed_and_paid_as_a_grant(ocean: Ocean) -> None:
    promotion = ocean.promotion(ocean.project(), budget=300)
    plan = ocean.world.store.plans[promotion]
    ocean.advance(600)
    # A plan that spends and hardly converts: bid for far less than a conversion costs.
    plan.bid_li = 100
    path = "/open_api/2/ad/cost_protect_status/get/"

    def status() -> str:
        return ocean.get(path, ad_ids=[promotion])["list"][0]["status"]

    def grant() -> int:
        return ocean.world.store.accounts[ocean.account].grant_li

    before = grant()
    ocean.advance(80 * 3600)
    assert ocean.find(promotion)["learning_phase"] == "LEARN_FAILED"
    assert status() == "IN_EFFECT"
    ocean.advance(72 * 3600)
    assert (status(), grant()) == ("CONFIRMING", before)
    ocean.advance(24 * 3600)
    assert status() == "PAID"
    assert grant() > before
    given = {"start_date": "2026-11-16", "end_date": "2026-11-30", "transaction_type": "TRANSFER"}
    moves = ocean.get("/open_api/2/advertiser/fund/transaction/get/", **given)["list"]
    assert [round(move["grant"] * 1000) for move in moves] == [grant() - before]
