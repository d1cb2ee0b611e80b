"""Numbers: texts or numbers, hours and days that agree, callbacks and back-fill."""

import csv
import io

import pytest

from .conftest import Ocean

CUSTOM = "/open_api/v3.0/report/custom/"
LEGACY = "/open_api/2/report/"
SUMMED = ["stat_cost", "show_cnt", "click_cnt", "convert_cnt", "attribution_convert_cnt", "total_play"]


def report(ocean: Ocean, dimensions: list[str], start: str = "2026-11-16", end: str = "2026-11-20", **given) -> list:
    given = {"metrics": SUMMED, "filters": [], "order_by": [], "page_size": 100, **given}
    times = {"start_time": f"{start} 00:00:00", "end_time": f"{end} 23:59:59"}
    return ocean.get(CUSTOM + "get/", dimensions=dimensions, **times, **given)["rows"]


@pytest.fixture
def busy(ocean: Ocean) -> Ocean:
    """Two projects, three plans, two and a half days of delivery."""
    first, second = ocean.project("一"), ocean.project("二")
    for number, project in enumerate((first, first, second)):
        ocean.promotion(project, f"计划{number}", budget=20_000, cpa_bid=90 + 20 * number)
    ocean.advance(60 * 3600 + 1800)
    return ocean


def test_every_value_of_the_custom_report_is_text(busy: Ocean) -> None:
    rows = report(busy, ["stat_time_day", "cdp_promotion_id", "cdp_promotion_name"])
    assert len(rows) == 9
    for row in rows:
        assert all(type(value) is str for value in (*row["dimensions"].values(), *row["metrics"].values()))
    assert rows[0]["dimensions"]["stat_time_day"] == "2026-11-16"
    assert rows[0]["metrics"]["stat_cost"].split(".")[1].isdigit()
    assert len(rows[0]["metrics"]["stat_cost"].split(".")[1]) == 2


def test_hours_sum_to_days_and_plans_to_projects_and_to_the_account(busy: Ocean) -> None:
    def totals(dimensions: list[str]) -> dict[str, float]:
        found = dict.fromkeys(SUMMED, 0.0)
        page, more = 1, True
        while more:
            rows = report(busy, dimensions, page=page)
            for row in rows:
                for name in SUMMED:
                    found[name] += float(row["metrics"][name])
            page, more = page + 1, len(rows) == 100
        return {name: round(value, 2) for name, value in found.items()}

    by_day = totals(["stat_time_day"])
    assert by_day["show_cnt"] > 10_000
    assert by_day["convert_cnt"] > 20
    assert totals(["stat_time_hour", "cdp_promotion_id"]) == by_day
    assert totals(["cdp_project_id"]) == by_day
    assert totals(["cdp_promotion_id"]) == by_day


def test_materials_share_what_their_plan_delivered(busy: Ocean) -> None:
    videos = [{"image_mode": "CREATIVE_IMAGE_MODE_VIDEO", "video_id": f"v{number}"} for number in range(3)]
    project = busy.project("三")
    promotion = busy.promotion(project, "多素材", budget=20_000, promotion_materials={"video_material_list": videos})
    busy.advance(6 * 3600)
    only = [{"field": "cdp_promotion_id", "type": 1, "operator": 10, "values": [str(promotion)]}]
    rows = report(busy, ["material_id"], filters=only, data_topic="MATERIAL_DATA")
    whole = report(busy, ["cdp_promotion_id"], filters=only)
    assert [row["dimensions"]["material_id"] for row in rows] == ["v0", "v1", "v2"]
    assert sum(int(row["metrics"]["show_cnt"]) for row in rows) == int(whole[0]["metrics"]["show_cnt"])
    times = {"start_time": "2026-11-16 00:00:00", "end_time": "2026-11-16 23:59:59"}
    refusal = busy.refused(
        "GET", CUSTOM + "get/", dimensions=["material_id"], metrics=SUMMED, filters=[], order_by=[], **times
    )
    assert refusal[0] == 40000


def test_late_conversions_fill_past_days_up_by_billing_time(ocean: Ocean) -> None:
    ocean.promotion(ocean.project(), budget=50_000, cpa_bid=120)
    ocean.advance(15 * 3600 + 1800)  # Tuesday 00:30

    def of_first_day() -> tuple[int, int]:
        metrics = report(ocean, ["stat_time_day"], end="2026-11-16")[0]["metrics"]
        return int(metrics["convert_cnt"]), int(metrics["attribution_convert_cnt"])

    callbacks, billed = of_first_day()
    ocean.advance(48 * 3600)
    assert of_first_day()[0] == callbacks
    assert of_first_day()[1] > billed


def test_in_the_end_every_callback_has_been_billed(busy: Ocean) -> None:
    for plan in busy.world.store.plan_at:
        plan.switch = "off"
        busy.world.store.save(plan, busy.world.clock.now())
    busy.advance(16 * 24 * 3600)
    rows = report(busy, ["advertiser_id"], end="2026-12-10")
    metrics = rows[0]["metrics"]
    assert metrics["convert_cnt"] == metrics["attribution_convert_cnt"] != "0"


def test_today_grows_minute_by_minute(busy: Ocean) -> None:
    def shown() -> int:
        return int(report(busy, ["stat_time_day"], start="2026-11-18")[0]["metrics"]["show_cnt"])

    seen = [shown()]
    for _ in range(3):
        busy.advance(300)
        seen.append(shown())
    assert seen == sorted(set(seen))


def test_reading_twice_gives_the_same_numbers(busy: Ocean) -> None:
    assert report(busy, ["stat_time_hour"]) == report(busy, ["stat_time_hour"])


def test_filters_order_and_pages_of_the_custom_report(busy: Ocean) -> None:
    dear = [{"field": "stat_cost", "type": 3, "operator": 4, "values": ["100"]}]
    rows = report(busy, ["cdp_promotion_name"], filters=dear, order_by=[{"field": "stat_cost", "type": "ASC"}])
    costs = [float(row["metrics"]["stat_cost"]) for row in rows]
    assert costs == sorted(costs)
    assert min(costs) > 100
    named = [{"field": "cdp_promotion_name", "type": 2, "operator": 7, "values": ["划1"]}]
    rows = report(busy, ["cdp_promotion_name"], filters=named)
    assert [row["dimensions"]["cdp_promotion_name"] for row in rows] == ["计划1"]
    times = {"start_time": "2026-11-16 00:00:00", "end_time": "2026-11-20 00:00:00"}
    given = {"metrics": SUMMED, "filters": [], "order_by": [], **times}
    data = busy.get(CUSTOM + "get/", dimensions=["stat_time_hour"], page_size=10, page=2, **given)
    assert data["page_info"]["page"] == 2
    assert len(data["rows"]) == 10
    for wrong in ({"page_size": 101}, {"page": 101, "page_size": 100}):
        assert busy.refused("GET", CUSTOM + "get/", dimensions=["stat_time_day"], **given, **wrong)[0] == 40000


@pytest.mark.parametrize(
    "wrong",
    [
        {"dimensions": ["moon"]},
        {"metrics": ["moon"]},
        {"order_by": [{"field": "moon", "type": "ASC"}]},
        {"start_time": "yesterday"},
        {"filters": [{"field": "moon", "type": 1, "values": ["1"]}]},
    ],
)
def test_unknown_names_in_a_report_are_refused(busy: Ocean, wrong: dict) -> None:
    given = {
        "dimensions": ["stat_time_day"],
        "metrics": SUMMED,
        "filters": [],
        "order_by": [],
        "start_time": "2026-11-16 00:00:00",
        "end_time": "2026-11-16 23:59:59",
    }
    assert busy.refused("GET", CUSTOM + "get/", **{**given, **wrong})[0] == 40000


def test_the_config_names_what_a_report_may_ask_for(ocean: Ocean) -> None:
    topics = ocean.get(CUSTOM + "config/get/", data_topics=["BASIC_DATA", "MATERIAL_DATA"])["list"]
    basic = {dimension["field"] for dimension in topics[0]["dimensions"]}
    assert "cdp_promotion_id" in basic
    assert "material_id" not in basic
    assert {metric["field"] for metric in topics[0]["metrics"]} >= set(SUMMED)


def test_an_asynchronous_report_is_created_executed_and_downloaded(busy: Ocean) -> None:
    task = busy.post(
        CUSTOM + "async_task/create/",
        task_name="日报",
        data_topic="BASIC_DATA",
        dimensions=["stat_time_day", "cdp_promotion_id"],
        metrics=["stat_cost", "show_cnt"],
        filters=[],
        order_by=[],
        start_time="2026-11-16 00:00:00",
        end_time="2026-11-17 23:59:59",
    )
    assert task["task_status"] == "ASYNC_TASK_STATUS_CREATED"
    path = CUSTOM + "async_task/download/"
    assert busy.refused("GET", path, task_id=task["task_id"])[0] == 40000
    busy.world.clock.advance(6)
    rows = busy.get(CUSTOM + "async_task/get/", filtering={"task_ids": [task["task_id"]]})["list"]
    assert rows[0]["task_status"] == "ASYNC_TASK_STATUS_COMPLETED"
    answer = busy.http.get(
        path,
        params={"advertiser_id": busy.account, "task_id": task["task_id"]},
        headers={"Access-Token": busy.token},
    )
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert lines[0] == ["stat_time_day", "cdp_promotion_id", "stat_cost", "show_cnt"]
    assert len(lines) == 7


def test_the_older_reports_have_numbers_and_agree_with_the_custom_one(busy: Ocean) -> None:
    given = {"start_date": "2026-11-16", "end_date": "2026-11-18", "page_size": 1000}
    sums = {}
    for level in ("advertiser", "campaign", "ad", "creative"):
        rows = busy.get(LEGACY + level + "/get/", **given)["list"]
        sums[level] = (round(sum(row["cost"] for row in rows), 2), sum(row["show"] for row in rows))
        assert rows[0]["stat_datetime"] == "2026-11-16 00:00:00"
    assert len(set(sums.values())) == 1
    custom = report(busy, ["advertiser_id"])[0]["metrics"]
    assert sums["ad"] == (float(custom["stat_cost"]), int(custom["show_cnt"]))
    hourly = busy.get(LEGACY + "ad/get/", **given, time_granularity="STAT_TIME_GRANULARITY_HOURLY")["list"]
    assert sum(row["show"] for row in hourly) == sums["ad"][1]
    assert busy.refused("GET", LEGACY + "ad/get/", **{**given, "page_size": 1001})[0] == 40000


def test_a_restated_day_changes_the_past_and_not_today(busy: Ocean) -> None:
    before = report(busy, ["stat_time_day"])
    answer = busy.http.post("/control/api/restate", json={"account": busy.account, "date": "2026-11-16", "factor": 0.5})
    assert answer.status_code == 200
    after = report(busy, ["stat_time_day"])
    assert float(after[0]["metrics"]["stat_cost"]) == pytest.approx(float(before[0]["metrics"]["stat_cost"]) / 2, abs=1)
    assert after[1:] == before[1:]
