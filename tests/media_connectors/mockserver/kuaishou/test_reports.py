"""Reports: types, windows, sums, callback against billing time, pages, tasks."""

import csv
import io

import pytest

from .conftest import decodes

COUNTS = ("show", "aclick", "bclick", "conversion_num", "conversion_num_by_impression_7d", "like", "played_num")
SHAPE = {
    "stat_date": str,
    "stat_hour": int,
    "adScene": str,
    "ad_scene": str,
    "placement_type": str,
    "status": int,
    "campaign_id": int,
    "campaign_name": str,
    "unit_id": int,
    "unit_name": str,
    "charge": float,
    "show": int,
    "aclick": int,
    "bclick": int,
    "photo_click": int,
    "photo_click_ratio": float,
    "action_ratio": float,
    "action_cost": float,
    "impression_1k_cost": float,
    "click_1k_cost": float,
    "played_num": int,
    "played_three_seconds": int,
    "played_end": int,
    "play_3s_ratio": float,
    "play_end_ratio": float,
    "like": int,
    "comment": int,
    "share": int,
    "follow": int,
    "activation": int,
    "form_count": int,
    "form_cost": float,
    "submit": int,
    "conversion_num": int,
    "conversion_ratio": float,
    "conversion_cost": float,
    "conversion_num_by_impression_7d": int,
    "deep_conversion_num": int,
    "deep_conversion_num_by_impression_7d": int,
    "leads_submit_cnt": int,
    "leads_submit_cost": float,
    "event_pay": int,
    "event_pay_purchase_amount": float,
    "event_pay_weighted_purchase_amount": float,
}
TODAY = {"start_date": "2026-07-23", "end_date": "2026-07-23"}


def report(media, level, **body):
    return media.ok(f"v1/report/{level}_report", **({"page_size": 2000} | body))


def total(details, name):
    return sum(row[name] for row in details)


@pytest.fixture
def running(media):
    """Four units in one campaign with two creatives each, half a day into their life."""
    campaign_id = media.campaign()
    photos = [media.video(), media.video()]
    for number in range(4):
        scene = [5] if number == 3 else [6]
        unit_id = media.unit(campaign_id, f"u{number}", day_budget=0, cpa_bid=120_000, scene_id=scene)
        for photo_id in photos:
            media.creative(unit_id, photo_id, photo_id=photo_id)
    media.advance(hours=14)
    return media


def test_unit_report_has_the_documented_types(running):
    data = report(running, "unit", **TODAY)
    assert data["total_count"] == 4
    assert SHAPE.keys() <= data["details"][0].keys()
    decodes(data["details"], [SHAPE])
    assert all(type(row[name]) is float for row in data["details"] for name, kind in SHAPE.items() if kind is float)
    assert {row["stat_date"] for row in data["details"]} == {"2026-07-23"}


def test_every_level_adds_up_to_the_account(running):
    account = report(running, "account", **TODAY)["details"]
    assert len(account) == 1
    assert account[0]["charge"] > 200
    for level in ("campaign", "unit", "creative", "material"):
        details = report(running, level, **TODAY)["details"]
        assert total(details, "charge") == pytest.approx(account[0]["charge"], abs=0.005)
        for name in COUNTS:
            assert total(details, name) == account[0][name], (level, name)
    assert "unit_id" not in account[0]


def test_hours_add_up_to_the_day(running):
    day = report(running, "unit", **TODAY)["details"]
    hours = report(running, "unit", **TODAY, temporal_granularity="HOURLY")["details"]
    assert {row["stat_hour"] for row in hours} == set(range(9, 22))  # the review ended within hour 8
    for unit in day:
        mine = [row for row in hours if row["unit_id"] == unit["unit_id"]]
        assert total(mine, "charge") == pytest.approx(unit["charge"], abs=0.005)
        for name in COUNTS:
            assert total(mine, name) == unit[name]


def test_ratios_follow_from_their_parts(running):
    row = report(running, "account", **TODAY)["details"][0]
    assert row["action_ratio"] == row["bclick"] / row["aclick"]
    assert row["impression_1k_cost"] == pytest.approx(row["charge"] / row["show"] * 1000)
    assert row["conversion_ratio"] == row["conversion_num"] / row["bclick"]
    assert row["bclick"] != row["aclick"]
    # A goal of forms makes every conversion a form, and none an activation.
    assert row["form_count"] == row["conversion_num"]
    assert row["activation"] == 0
    assert row["conversion_cost"] == 0.0


def test_money_agrees_with_the_fund(running):
    account = running.world.store.accounts[running.account_id]
    opened = (account.cash_li + account.grant_li) / 1000
    charge = report(running, "account", **TODAY)["details"][0]["charge"]
    assert running.ok("v1/advertiser/fund/get")["balance"] == pytest.approx(opened - charge, abs=0.01)


def test_late_conversions_fill_the_past_day_by_billing_time_only(running):
    running.advance(hours=3)
    running.ok(
        "v1/campaign/update/status",
        campaign_id=running.world.store.campaigns_of(running.account_id)[0].id,
        put_status=2,
    )
    running.advance(minutes=61)
    before = report(running, "account", **TODAY)["details"][0]
    running.advance(days=3)
    after = report(running, "account", **TODAY)["details"][0]
    assert after["conversion_num"] == before["conversion_num"]
    assert after["conversion_num_by_impression_7d"] > before["conversion_num_by_impression_7d"]
    assert after["charge"] == before["charge"]
    # What was billed on the first day has called back on one of the days since.
    week = report(running, "account", start_date="2026-07-23", end_date="2026-07-27")["details"]
    assert total(week, "conversion_num") == total(week, "conversion_num_by_impression_7d")
    assert len(week) > 1


def test_minute_window_reads_the_hours_it_touches(running):
    window = {"start_date_min": "2026-07-23 10:00", "end_date_min": "2026-07-23 12:59"}
    hours = report(running, "account", **window, temporal_granularity="HOURLY")["details"]
    assert [row["stat_hour"] for row in hours] == [10, 11, 12]
    day = report(running, "account", **window)["details"]
    assert len(day) == 1
    assert day[0]["charge"] == pytest.approx(total(hours, "charge"), abs=0.005)


@pytest.mark.parametrize(
    "window",
    [
        {},
        {"start_date": "2026-07-23"},
        {"start_date": "2026-07-15", "end_date": "2026-07-16"},
        {"start_date": "2026-07-16", "end_date": "2026-07-23"},
        {"start_date": "2026-07-23", "end_date": "2026-07-22"},
        {"start_date": "23-07-2026", "end_date": "2026-07-23"},
        {"start_date_min": "2026-07-23", "end_date_min": "2026-07-23"},
        {"start_date_min": "2026-07-23 12:00", "end_date_min": "2026-07-23 11:00"},
        TODAY | {"temporal_granularity": "WEEKLY"},
        TODAY | {"page_size": 2001},
        TODAY | {"page": 0, "page_size": -1},
        TODAY | {"unit_ids": list(range(5001))},
        TODAY | {"report_dims": ["age"]},
    ],
)
def test_report_outside_the_rules_is_refused(media, window):
    assert media.refusal("v1/report/unit_report", **window)


def test_seven_days_may_be_read(media):
    assert report(media, "unit", start_date="2026-07-17", end_date="2026-07-23") == {"total_count": 0, "details": []}
    assert report(media, "unit", start_date="2026-07-16", end_date="2026-07-22") == {"total_count": 0, "details": []}


def test_pages_cut_the_rows_without_loss(running):
    whole = report(running, "unit", **TODAY, temporal_granularity="HOURLY")
    pages = [
        running.ok("v1/report/unit_report", **TODAY, temporal_granularity="HOURLY", page=page, page_size=9)
        for page in range(1, 8)
    ]
    assert {page["total_count"] for page in pages} == {whole["total_count"]}
    joined = [row for page in pages for row in page["details"]]
    assert joined == whole["details"]
    assert len(running.ok("v1/report/unit_report", **TODAY, temporal_granularity="HOURLY")["details"]) == 20


def test_filters_narrow_the_report(running):
    units = [unit.id for unit in running.world.store.plans_of(running.account_id)]
    assert [row["unit_id"] for row in report(running, "unit", **TODAY, unit_ids=[units[1]])["details"]] == [units[1]]
    assert report(running, "unit", **TODAY, campaign_ids=[5])["total_count"] == 0
    assert report(running, "unit", **TODAY, campaign_type=2)["total_count"] == 0
    photo = next(c.settings["photo_id"] for c in running.world.store.creatives_of(running.account_id))
    videos = report(running, "material", **TODAY, photo_ids=[photo], view_type=5)["details"]
    assert [row["photo_id"] for row in videos] == [int(photo)]


def test_dimensions_split_the_account(running):
    scenes = report(running, "account", **TODAY, report_dims=["adScene"])["details"]
    assert {row["ad_scene"] for row in scenes} == {"上下滑大屏广告", "联盟"}
    placements = report(running, "account", **TODAY, report_dims=["placementType"])["details"]
    assert {row["placement_type"] for row in placements} == {"快手", "联盟"}
    whole = report(running, "account", **TODAY)["details"][0]
    assert total(scenes, "show") == total(placements, "show") == whole["show"]
    assert whole["ad_scene"] == "全部"


def test_a_creative_gets_nothing_before_its_birth_and_after_its_end(running):
    unit = running.world.store.plans_of(running.account_id)[0]
    young = running.creative(unit.id, "jung", photo_id=running.video())
    old = running.world.store.creatives_of_plan(unit.id)[0].id
    running.ok("v1/creative/update/status", creative_id=old, put_status=3)
    running.advance(days=2)
    rows = report(running, "creative", start_date="2026-07-23", end_date="2026-07-25", temporal_granularity="HOURLY")
    when = {
        creative_id: {
            (row["stat_date"], row["stat_hour"]) for row in rows["details"] if row["creative_id"] == creative_id
        }
        for creative_id in (young, old)
    }
    assert min(when[young]) >= ("2026-07-23", 22)
    assert max(when[old]) <= ("2026-07-23", 22)
    decodes(rows["details"], [{"creative_id": int, "photo_id": int, "photo_url": str, "description": str}])


def test_program_combinations_are_reported_apart(media):
    unit_id = media.unit(media.campaign(), unit_type=7, day_budget=0, cpa_bid=120_000)
    photo_list = [{"photo_id": media.video(), "creative_material_type": 1} for _ in range(2)]
    media.ok(
        "gw/dsp/advanced_creative/create",
        unit_id=unit_id,
        package_name="p",
        captions=["eins", "zwei"],
        action_bar="投保",
        photo_list=photo_list,
    )
    media.advance(hours=14)
    rows = report(media, "program_creative", **TODAY)["details"]
    ids = {entry["creative_id"] for entry in media.ok("gw/dsp/advanced_creative/list")["details"][0]["creatives"]}
    assert {row["creative_id"] for row in rows} == ids
    unit = report(media, "unit", **TODAY)["details"][0]
    assert total(rows, "show") == unit["show"]
    assert report(media, "creative", **TODAY)["total_count"] == 0
    assert report(media, "material", **TODAY, view_type=5)["total_count"] == 2


def test_today_grows_minute_by_minute(running):
    charges = []
    for _ in range(4):
        running.advance(minutes=7)
        charges.append(report(running, "account", **TODAY)["details"][0]["charge"])
    assert charges == sorted(charges)
    assert charges[0] < charges[-1]


def test_reading_a_report_changes_nothing(running):
    assert report(running, "unit", **TODAY) == report(running, "unit", **TODAY)


def task(media, **params):
    asked = {"start_date": "2026-07-01", "end_date": "2026-07-23", "view_type": 3} | params
    return media.ok("v1/async_task/create", task_name=f"t{len(media.world.store.tasks)}", task_params=asked)["task_id"]


def test_task_is_ready_at_the_third_look_and_downloads_as_csv(running):
    task_id = task(running)
    looks = [running.ok("v1/async_task/list", task_ids=[task_id])["details"][0] for _ in range(3)]
    decodes(looks, [{"advertiser_id": int, "task_id": int, "task_name": str, "create_time": str, "file_size": int}])
    assert [look["task_status"] for look in looks] == [0, 1, 2]
    query = {"advertiser_id": running.account_id, "task_id": task_id}
    path = "/rest/openapi/v1/async_task/download"
    file = running.http.get(path, query_string=query, headers={"Access-Token": running.token})
    assert file.content_type == "text/csv; charset=utf-8"
    assert len(file.data) == looks[2]["file_size"]
    rows = list(csv.DictReader(io.StringIO(file.text)))
    shown = report(running, "unit", **TODAY)["details"]
    assert [(row["unit_id"], row["charge"]) for row in rows] == [(str(r["unit_id"]), str(r["charge"])) for r in shown]


def test_task_reaches_beyond_the_report_window(running):
    running.advance(days=12)
    assert running.refusal("v1/report/unit_report", **TODAY)
    task_id = task(running, start_date="2026-07-23", end_date="2026-07-23", view_type=1)
    for _ in range(3):
        running.ok("v1/async_task/list")
    query = {"advertiser_id": running.account_id, "task_id": task_id}
    path = "/rest/openapi/v1/async_task/download"
    file = running.http.get(path, query_string=query, headers={"Access-Token": running.token})
    assert float(next(csv.DictReader(io.StringIO(file.text)))["charge"]) > 200


@pytest.mark.parametrize(
    "params",
    [
        {"view_type": 6},
        {"view_type": None},
        {"start_date": None},
        {"start_date": "2025-12-31"},
        {"end_date": "2026-06-30"},
        {"temporal_granularity": "WEEKLY"},
    ],
)
def test_task_outside_the_rules_is_not_created(media, params):
    asked = {"start_date": "2026-07-01", "end_date": "2026-07-23", "view_type": 3} | params
    assert media.refusal("v1/async_task/create", task_name="t", task_params=asked)
    assert media.world.store.tasks == {}


def test_task_names_are_unique_and_files_wait_for_the_task(media):
    task_id = task(media)
    assert "已存在" in media.refusal(
        "v1/async_task/create",
        task_name="t0",
        task_params={"start_date": "2026-07-01", "end_date": "2026-07-02", "view_type": 1},
    )
    assert "尚未完成" in media.refusal("v1/async_task/download", task_id=task_id)
    assert media.refusal("v1/async_task/download", task_id=5)
    assert "10" in media.refusal("v1/async_task/list", task_ids=list(range(11)))
