"""Reading one row: amounts, days, ids and texts as people, scripts and spreadsheets write them."""

from datetime import date

import pytest

from campaigns.domain.rows.reading import read_row

ROW = {
    "client_ref": "r-1",
    "media": "kuaishou",
    "account_id": "18500001",
    "bid": 60,
    "budget": 500,
    "landing_url": "https://www.anxin.example/quote",
    "titles": ["百万医疗险每月几元起步"],
    "materials": [{"kind": "video", "id": "v1"}],
}


def read(**changes):
    return read_row(ROW | changes, today=date(2026, 11, 22), name_suffix_length=7)


def codes(**changes):
    return [(problem.field, problem.code) for problem in read(**changes).problems]


@pytest.mark.parametrize(
    ("given", "fen"),
    [
        (500, 50000),
        ("500", 50000),
        (" ￥500.5 ", 50050),
        ("1,234.50", 123450),
        ("12,345,678", 1234567800),
        ("5e2", 50000),
    ],
)
def test_amounts_are_read_as_written(given, fen):
    assert read(budget=given).spec["budget_fen"] == fen


@pytest.mark.parametrize("given", ["150,5", "1,50", "1_000", "NaN", "1e999999", "５００", "500元", True, [5], 1e300])
def test_an_amount_that_could_be_another_is_refused(given):
    assert codes(budget=given) == [("budget", "not_an_amount")]


@pytest.mark.parametrize("given", ["2026-12-01", "2026/12/1", "2026.12.01", date(2026, 12, 1)])
def test_days_are_read_as_spreadsheets_rewrite_them(given):
    assert read(start_date=given).spec["start_date"] == "2026-12-01"


@pytest.mark.parametrize("given", [46000, "46000", 46000.5])
def test_a_spreadsheets_number_of_a_day_is_told_as_that(given):
    assert codes(start_date=given) == [("start_date", "date_number")]


@pytest.mark.parametrize("given", ["20261201", 20261201, "12/1/2026", "2026-13-01", "2026-12-01T08:00:00"])
def test_a_number_is_never_taken_for_a_day(given):
    assert codes(start_date=given) == [("start_date", "not_a_date")]


def test_ids_beyond_what_the_media_have_are_refused():
    assert codes(regions=[2**63]) == [("regions", "not_a_number")]
    assert codes(interests="-1") == [("interests", "not_a_number")]
    assert read(regions=[2**63 - 1]).spec["regions"] == [2**63 - 1]


@pytest.mark.parametrize("file_id", ["tos-cn-p-0051/cf87d8af", "market12.png", "web.image/201805", "@video-1"])
def test_files_are_named_by_the_ids_that_the_media_give(file_id):
    assert read(materials=[{"kind": "image", "id": file_id}]).spec["materials"][0]["id"] == file_id
    cell = read(materials=f"video:{file_id}:{file_id}")
    assert cell.spec["materials"] == [{"kind": "video", "id": file_id, "cover_id": file_id}]


@pytest.mark.parametrize("file_id", ["", "a b", "a:b", "a|b", "a\nb", "x" * 201])
def test_a_file_id_that_no_cell_could_hold_is_refused(file_id):
    assert codes(materials=[{"kind": "image", "id": file_id}]) == [("materials", "invalid")]


def test_control_characters_in_texts_are_refused_and_emoji_are_not():
    assert codes(name="a\nb", brand_name="安\tb") == [
        ("name", "control_character"),
        ("brand_name", "control_character"),
    ]
    assert codes(titles=["百万医疗险\x07每月"]) == [("titles", "control_character")]
    assert codes(name="👨‍👩‍👧 𠮷野家") == []
