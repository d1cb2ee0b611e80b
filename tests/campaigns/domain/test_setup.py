"""From what was filled in to the matrix."""

import pytest

from campaigns.domain.matrix import AccountOption, MatrixProblem, count_rows, expand, problems
from campaigns.domain.setup import (
    AudiencePack,
    BuilderSetup,
    CreativePack,
    MaterialPick,
    MediaSettings,
    SchedulePack,
    TitleSet,
    matrix_of,
)

DOUYIN = AccountOption("douyin", "179001", "Life A")
KUAISHOU = AccountOption("kuaishou", "88001", "Life K")
CREATIVE = CreativePack(
    "c1",
    "Doctor",
    (MaterialPick(id="v1", account_id="179001", cover_id="i1"), MaterialPick(id="k1", account_id="88001")),
)
TITLES = TitleSet("t1", "", ("百万医疗险首月一元", ""))


def _fields(setup: BuilderSetup, *accounts: AccountOption) -> list[dict[str, object]]:
    rows = []
    for _, combination in expand(matrix_of(setup, accounts)):
        row: dict[str, object] = {}
        for _, option in combination:
            row |= option.fields
        rows.append(row)
    return rows


def test_every_account_takes_its_own_files_of_a_creative() -> None:
    rows = _fields(BuilderSetup(creatives=(CREATIVE,), titles=(TITLES,)), DOUYIN, KUAISHOU)
    assert [row["materials"] for row in rows] == [
        [{"kind": "video_vertical", "id": "v1", "cover_id": "i1"}],
        [{"kind": "video_vertical", "id": "k1"}],
    ]
    assert [row["titles"] for row in rows] == [["百万医疗险首月一元"]] * 2


def test_a_media_may_have_bids_and_budgets_of_its_own() -> None:
    setup = BuilderSetup(
        creatives=(CREATIVE,), titles=(TITLES,), bids="30-40/5", budgets="500",
        per_media={"kuaishou": MediaSettings(bids="42.5", budgets="unlimited 800", brand_name="Sun")},
    )  # fmt: skip
    rows = _fields(setup, DOUYIN, KUAISHOU)
    assert [(row["bid"], row["budget"]) for row in rows] == [
        ("30", "500"), ("35", "500"), ("40", "500"), ("42.5", "800"), ("42.5", "unlimited"),
    ]  # fmt: skip
    assert matrix_of(setup, (DOUYIN,)).per_media["kuaishou"] == {"brand_name": "Sun"}


def test_without_target_cost_there_is_no_bid() -> None:
    setup = BuilderSetup(creatives=(CREATIVE,), titles=(TITLES,), bids="30 40", bid_type="max_conversion")
    assert "bid" not in _fields(setup, DOUYIN)[0]
    assert count_rows(matrix_of(setup, (DOUYIN,))) == 1


def test_audiences_and_schedules_multiply() -> None:
    setup = BuilderSetup(
        creatives=(CREATIVE,), titles=(TITLES,),
        audiences=(AudiencePack("a1", "Young", ages=("18-23",)), AudiencePack("a2", "KS", media=("kuaishou",))),
        schedules=(SchedulePack("s1", "Always"), SchedulePack("s2", "Day", "1" * 336)),
    )  # fmt: skip
    matrix = matrix_of(setup, (DOUYIN, KUAISHOU))
    assert count_rows(matrix) == 2 + 4
    assert _fields(setup, DOUYIN)[0]["ages"] == ["18-23"]


def test_missing_creatives_and_titles_are_missed() -> None:
    matrix = matrix_of(BuilderSetup(bids="30"), (DOUYIN,))
    assert count_rows(matrix) == 0
    assert problems(matrix) == (
        MatrixProblem("no_option", "creative", "179001"),
        MatrixProblem("no_option", "title", "179001"),
    )


def test_rules_about_dimensions_that_are_empty_now_are_left_out() -> None:
    setup = BuilderSetup(
        creatives=(CREATIVE,), titles=(TITLES,),
        zipped=(("bid", "budget"), ("creative", "title")),
        exclusions=({"account": "179001", "schedule": "s1"}, {"account": "179001", "title": "t1"}),
    )  # fmt: skip
    matrix = matrix_of(setup, (DOUYIN,))
    assert matrix.zipped == (("creative", "title"),)
    assert count_rows(matrix) == 0


def test_an_amount_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match=r"^3x$"):
        matrix_of(BuilderSetup(bids="30 3x"), (DOUYIN,))
