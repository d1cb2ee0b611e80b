"""Formulas: sum first, divide last, and nothing for a zero denominator."""

import pytest

from campaigns.domain.maturity import DEFAULT_SHARES, Evidence, by_now, estimate_shares, matured, share_at
from campaigns.domain.metrics import COLUMNS, METRICS, columns_of, values_of

SUMS = {
    "impressions": 10_000, "clicks": 200, "cost_fen": 50_000, "conversions": 4, "billed_conversions": 5,
    "matured_conversions": 6.25, "deep_conversions": 1, "revenue_fen": 100_000, "plays": 8_000, "plays_3s": 2_000,
    "completed_plays": 400, "watched_ms": 40_000_000, "likes": 40, "comments": 20, "shares": 12, "follows": 8,
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("cpm", 5_000), ("ctr", 0.02), ("cpc", 250), ("cvr", 0.02), ("cpa", 12_500), ("billed_cpa", 10_000),
        ("matured_cpa", 8_000), ("deep_cvr", 0.25), ("deep_cpa", 50_000), ("roi", 2.0), ("play_rate_3s", 0.25),
        ("completion_rate", 0.05), ("mean_watch", 5.0), ("engagement_rate", 0.01), ("cost", 50_000), ("likes", 40),
    ],
)  # fmt: skip
def test_each_metric_follows_its_formula(key, expected):
    assert METRICS[key].value(SUMS) == pytest.approx(expected)


def test_a_ratio_without_denominator_is_undefined_and_a_sum_is_zero():
    empty = dict.fromkeys(COLUMNS, 0)
    assert {key for key, value in values_of(METRICS, empty).items() if value is None} == {
        key for key, metric in METRICS.items() if not metric.is_additive
    }
    assert METRICS["cost"].value(empty) == 0


def test_only_the_columns_that_are_needed_are_read():
    assert columns_of(["cpa", "cost"]) == ("cost_fen", "conversions")


def test_every_metric_is_worded_in_both_languages():
    for metric in METRICS.values():
        assert metric.label("en") and metric.formula("en")
        assert any(character > "一" for character in metric.label("zh-hans") + metric.formula("zh-hans"))


def test_maturity_without_readings_is_the_default_curve_and_ends_at_one():
    assert estimate_shares([]) == pytest.approx(DEFAULT_SHARES)
    assert share_at(0) == DEFAULT_SHARES[0]
    assert share_at(40) == 1.0


def test_maturity_learns_from_days_that_are_final():
    shares = estimate_shares([Evidence(0, 300, 1000)])
    assert shares[0] == pytest.approx((300 + 200 * 0.754) / 1200)
    assert shares[1] == pytest.approx(DEFAULT_SHARES[1])


def test_maturity_never_falls_with_age():
    shares = estimate_shares([Evidence(2, 100, 10_000)])
    assert list(shares) == sorted(shares)


@pytest.mark.parametrize(
    ("hour", "minute", "share"), [(0, 0, 0.456), (0, 59, 0.456), (14, 30, 0.680), (15, 0, 0.688), (23, 60, 0.754)]
)
def test_a_young_day_has_less_in_than_a_whole_one(hour, minute, share):
    shares = by_now(DEFAULT_SHARES, hour=hour, minute=minute)
    assert shares == (pytest.approx(share), *DEFAULT_SHARES[1:])


def test_the_organizations_own_evidence_scales_the_hours_of_today():
    assert by_now((0.377, *DEFAULT_SHARES[1:]), hour=14, minute=30)[0] == pytest.approx(0.340)
    assert by_now((1.0, *DEFAULT_SHARES[1:]), hour=23, minute=59)[0] <= 1.0


def test_a_days_conversions_are_grown_by_what_has_not_arrived():
    assert matured(377, 0, DEFAULT_SHARES) == pytest.approx(500)
    assert matured(377, 9, DEFAULT_SHARES) == 377
