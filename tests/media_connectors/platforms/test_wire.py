"""Units and noise: exact money, forgiving scalars, weeks of hours and half hours."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_connectors.contracts import MEDIA_TIMEZONE
from media_connectors.errors import Malformed, Rejected
from media_connectors.platforms import wire
from media_connectors.platforms.changes import full_schedule
from media_connectors.platforms.fields import field_of
from media_connectors.platforms.kuaishou.drafts import schedule_text

BIG = 7301234567890123456  # beyond 2**53


@pytest.mark.parametrize(
    ("value", "fen"),
    [
        ("12.34", 1234),
        (12.34, 1234),
        (0.1, 10),
        ("1e2", 10000),
        (None, 0),
        ("", 0),
        (0, 0),
        ("0.005", 1),
        (19.99, 1999),
    ],
)
def test_yuan_become_fen_exactly(value, fen):
    assert wire.fen_from_yuan(value) == fen


@given(st.integers(0, 10**11))
def test_fen_survive_the_way_to_yuan_and_back(fen):
    assert wire.fen_from_yuan(wire.yuan_from_fen(fen)) == fen


@given(st.integers(0, 10**11))
def test_fen_survive_the_way_to_li_and_back(fen):
    assert wire.fen_from_li(wire.li_from_fen(fen)) == fen


@pytest.mark.parametrize("value", ["abc", "nan", "inf", {}])
def test_what_is_no_amount_is_malformed(value):
    with pytest.raises(Malformed):
        wire.fen_from_yuan(value)


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), ("3", 3), ("3.0", 3), (None, 0), ([], 0), ("", 0), (7301234567890123456, 7301234567890123456)],
)
def test_integers_come_in_all_shapes(value, number):
    assert wire.as_int(value) == number


@pytest.mark.parametrize(
    ("value", "remote_id"), [(7301234567890123456, "7301234567890123456"), ("7", "7"), (0, ""), (None, ""), ([], "")]
)
def test_ids_are_text_and_zero_is_none(value, remote_id):
    assert wire.as_id(value) == remote_id


@pytest.mark.parametrize("value", [None, "", [], "0" * 336, "1" * 336, "0" * 168, "1" * 168])
def test_absent_all_zero_and_all_one_schedules_mean_always(value):
    assert wire.schedule_from_wire(value) == ""


@given(st.text("01", min_size=168, max_size=168).filter(lambda hours: "0" in hours and "1" in hours))
def test_hours_survive_the_way_through_half_hours(hours):
    assert schedule_text(wire.schedule_from_wire(hours)) == hours


def test_half_an_hour_cannot_be_said_in_hours():
    with pytest.raises(Rejected) as raised:
        schedule_text("10" + "1" * 334)
    assert raised.value.field == "schedule"


def test_a_week_without_an_hour_is_refused_because_media_read_it_as_always():
    with pytest.raises(Rejected):
        full_schedule("0" * 336)


def test_a_schedule_of_another_length_is_malformed():
    with pytest.raises(Malformed):
        wire.schedule_from_wire("01" * 10)


def test_instants_are_china_time():
    assert wire.as_instant("2026-05-01 13:00:00") == datetime(2026, 5, 1, 13, tzinfo=MEDIA_TIMEZONE)
    assert wire.as_instant(None) is None
    assert wire.as_instant("0000-00-00") is None


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("budget: Missing data for required field.", "daily_budget_fen"),
        ("day_budget 不能低于 100000", "daily_budget_fen"),
        ("出价不能高于预算", "bid_fen"),
        ("audience is not valid", "targeting"),
        ("promotion_materials.title_material_list[0].title: too long", "titles"),
        ("广告名称重复", "name"),
        ("schedule_time must lie within the project's", "schedule"),
        ("系统开小差了", ""),
    ],
)
def test_a_refusal_points_at_our_field(message, field):
    assert field_of(message) == field
