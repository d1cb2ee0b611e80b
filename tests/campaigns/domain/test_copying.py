"""A plan as a row elsewhere: what is taken over, what is fitted, what is lost, each by name."""

from dataclasses import replace
from datetime import date, timedelta

from campaigns.domain.copying import CopySource, CopyTarget, copied_row, copy_name

TODAY = date(2026, 11, 22)
SOURCE = CopySource(
    plan_id=1,
    media="douyin",
    account_id="100",
    campaign="春季",
    name="车险#k3x9m2",
    objective="leads",
    goal="form",
    bid_type="target_cpa",
    bid_fen=45_50,
    budget_fen=500_00,
    schedule="",
    targeting={
        "gender": "male",
        "ages": ["18-23"],
        "interests": [7],
        "audiences_include": [9],
        "audiences_exclude": [],
    },
    landing_url="https://life.example/a",
    titles=("三分钟了解保障", "一二三四五"),
    materials=({"kind": "video", "id": "v1", "cover_id": "c1"},),
)


def codes(notes):
    return {note.code: note.is_lost for note in notes}


def test_inside_its_account_everything_is_taken_over():
    row, notes = copied_row(SOURCE, CopyTarget("douyin", "100"), name="x", today=TODAY)
    assert notes == ()
    assert (row["campaign"], row["bid"], row["budget"]) == ("春季", "45.5", "500")
    assert row["materials"] == [{"kind": "video", "id": "v1", "cover_id": "c1"}]
    assert (row["interests"], row["audiences_include"]) == ([7], [9])


def test_another_account_of_the_media_loses_files_and_audience_packs():
    row, notes = copied_row(SOURCE, CopyTarget("douyin", "200"), name="x", today=TODAY)
    assert codes(notes) == {"audiences": True, "files": True}
    assert "materials" not in row
    assert "campaign" not in row
    assert row["interests"] == [7]


def test_files_that_the_account_holds_stay_and_chosen_ones_stand_in_for_the_rest():
    files = ({"kind": "image", "id": "i9", "cover_id": ""}, {"kind": "video", "id": "v9", "cover_id": ""})
    row, notes = copied_row(SOURCE, CopyTarget("douyin", "200", files), name="x", today=TODAY)
    assert [one["id"] for one in row["materials"]] == ["v9"]  # a video for a video
    assert codes(notes)["files_replaced"] is False
    row, notes = copied_row(SOURCE, CopyTarget("douyin", "200", files, frozenset({"v1"})), name="x", today=TODAY)
    assert [one["id"] for one in row["materials"]] == ["v1"]
    assert codes(notes) == {"audiences": True}


def test_another_media_gets_its_own_hours_amounts_titles_and_no_interests():
    half = "01" + "0" * 334
    wide = replace(SOURCE, schedule=half, bid_fen=1_00, titles=("一", "二", "三", "四"), budget_fen=50_00)
    row, notes = copied_row(wide, CopyTarget("kuaishou", "300"), name="x", today=TODAY)
    assert row["schedule"][:4] == "1100"
    assert (row["bid"], row["budget"], row["titles"]) == ("5", "100", ["一", "二", "三"])
    assert codes(notes) == {
        "hours_rounded": False, "title_count": True, "bid_fitted": False, "budget_fitted": False, "interests": True,
        "audiences": True, "files": True,
    }  # fmt: skip
    back, notes = copied_row(replace(wide, media="kuaishou"), CopyTarget("douyin", "100"), name="x", today=TODAY)
    assert "titles" not in back  # Ocean Engine wants five characters
    assert [note.code for note in notes].count("title_length") == 4


def test_an_unlimited_budget_stays_unlimited_and_a_plan_without_a_bid_has_none():
    row, notes = copied_row(
        replace(SOURCE, bid_type="max_conversion", bid_fen=None, budget_fen=None),
        CopyTarget("douyin", "100"),
        name="x",
        today=TODAY,
    )
    assert "bid" not in row
    assert (row["budget"], notes) == ("unlimited", ())


def test_names_are_cut_to_the_media_and_numbered_only_when_there_are_several():
    assert copy_name("车险#k3x9m2", "douyin", prefix="A-", suffix="-副本", number=1, count=1) == "A-车险-副本"
    long = copy_name("字" * 60, "douyin", prefix="", suffix="-副本", number=12, count=12)
    assert long.endswith("字-副本-12")
    assert long.count("字") == 42  # 100 units, less 7 for the key and 8 for the end, two each


def test_brand_button_and_last_day_go_where_there_is_room_for_them():
    source = replace(SOURCE, brand_name="安心保险", call_to_action="立即咨询", end_on=TODAY)
    row, notes = copied_row(source, CopyTarget("toutiao", "100"), name="x", today=TODAY)
    assert (row["brand_name"], row["call_to_action"], row["end_date"]) == ("安心保险", "立即咨询", "2026-11-22")
    assert not codes(notes).keys() & {"brand_length", "action_length", "end_is_over"}
    row, notes = copied_row(source, CopyTarget("kuaishou", "300"), name="x", today=TODAY)
    assert (row.get("brand_name"), row["call_to_action"], row["end_date"]) == (None, "立即咨询", "2026-11-22")
    assert codes(notes)["brand_not_held"] is True


def test_what_does_not_fit_or_is_over_or_unknown_is_said():
    odd = replace(SOURCE, brand_name="一" * 11, call_to_action="马上了解更多吧", end_on=TODAY - timedelta(days=1))
    row, notes = copied_row(odd, CopyTarget("douyin", "100"), name="x", today=TODAY)
    assert not row.keys() & {"brand_name", "call_to_action", "end_date"}
    assert codes(notes) == {"brand_length": True, "action_length": True, "end_is_over": True}
    row, notes = copied_row(replace(SOURCE, call_to_action=None), CopyTarget("douyin", "100"), name="x", today=TODAY)
    assert codes(notes) == {"action_unknown": True}
