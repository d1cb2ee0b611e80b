"""Numbers by the hour: whole, in our units, callback and billing time apart, restated when the media restates."""

from datetime import timedelta

import pytest

from media_connectors.contracts import Vendor
from media_connectors.platforms.oceanengine import connector as oceanengine
from tests.media_connectors.fakes import flat


@pytest.fixture
def delivered(media):
    """A plan that delivered for a day and a half; its remote id and the days."""
    first_on = media.today()
    remote_id = media.plan(bid_fen=12_000, daily_budget_fen=500_000)
    for _ in range(3):
        media.advance(hours=12)
    return remote_id, first_on, media.today()


def rows_of(media, first_on, last_on):
    return flat(media.connector.read_hourly(media.access, first_on=first_on, last_on=last_on))


def test_hours_add_up_to_what_the_media_charged(media, delivered):
    remote_id, first_on, last_on = delivered
    rows = rows_of(media, first_on, last_on)
    assert {row.plan_remote_id for row in rows} == {remote_id}
    assert len({(row.stat_date, row.stat_hour) for row in rows}) == len(rows) > 12
    assert all(0 <= row.stat_hour <= 23 and first_on <= row.stat_date <= last_on for row in rows)
    (plan,) = media.plans()
    today = sum(row.cost_fen for row in rows if row.stat_date == last_on)
    assert today == pytest.approx(plan["spent_today_yuan"] * 100, abs=2)
    assert sum(row.cost_fen for row in rows) > 0


def test_rows_are_sensible(media, delivered):
    rows = rows_of(media, *delivered[1:])
    assert all(row.clicks <= row.impressions for row in rows)
    assert sum(row.impressions for row in rows) > sum(row.clicks for row in rows) > 0
    assert all(row.completed_plays <= row.plays_3s <= row.plays for row in rows)
    assert all(isinstance(value, int) for row in rows for value in row[2:])


def test_billed_conversions_run_ahead_of_those_called_back(media, delivered):
    rows = rows_of(media, *delivered[1:])
    conversions, billed = sum(row.conversions for row in rows), sum(row.billed_conversions for row in rows)
    assert conversions > 0
    assert billed > 0
    assert [row.conversions for row in rows] != [row.billed_conversions for row in rows]


def test_a_restated_day_is_read_as_restated(media, delivered):
    _, first_on, _ = delivered
    before = sum(row.cost_fen for row in rows_of(media, first_on, first_on))
    media.control("POST", "restate", account=media.access.account_remote_id, date=str(first_on), factor=2.0)
    after = sum(row.cost_fen for row in rows_of(media, first_on, first_on))
    assert after == pytest.approx(before * 2, rel=0.01)


def test_a_half_page_of_numbers_is_read_again(media, delivered):
    whole = rows_of(media, *delivered[1:])
    media.fault("half_page", "report", count=2)
    assert rows_of(media, *delivered[1:]) == whole


def test_days_without_delivery_are_empty(media):
    media.plan(is_enabled=False)
    assert rows_of(media, media.today(), media.today()) == []


def test_days_to_come_are_empty(media, delivered):
    tomorrow = media.today() + timedelta(days=1)
    assert rows_of(media, tomorrow, tomorrow) == []


def test_a_report_beyond_the_medias_rows_is_cut_into_hours_and_projects(media, delivered, monkeypatch):
    if media.vendor is not Vendor.OCEANENGINE:
        pytest.skip("only Ocean Engine ends its reports at 10,000 rows")
    _, first_on, _ = delivered
    campaign = media.campaign(name="zweite")
    media.plan("计划 2", campaign=campaign, bid_fen=12_000, daily_budget_fen=500_000)
    media.advance(hours=6)
    whole = rows_of(media, first_on, media.today())
    assert len({row.plan_remote_id for row in whole}) == 2
    monkeypatch.setattr(oceanengine, "REPORT_ROWS", 1)
    assert sorted(rows_of(media, first_on, media.today())) == sorted(whole)
