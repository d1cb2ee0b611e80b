"""The media's rules of live changes and the compensation guard."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.guardrails import LIMITS, PlanFacts, Wish, least_budget, media_length, propose, sentence

DOUYIN = PlanFacts("douyin", "enabled", "target_cpa", 50_00, 1_000_00, "", "Plan")
KUAISHOU = replace(DOUYIN, platform="kuaishou")


def codes(proposal):
    return [(note.severity, note.code) for note in proposal.notes]


def test_an_allowed_change_has_nothing_against_it():
    proposal = propose(DOUYIN, Wish("bid", "set", 60_00))
    assert (proposal.before, proposal.after, proposal.notes) == (50_00, 60_00, ())


@pytest.mark.parametrize(
    ("plan", "wish", "after"),
    [
        (DOUYIN, Wish("bid", "percent", 10), 55_00),
        (DOUYIN, Wish("bid", "percent", -10), 45_00),
        (DOUYIN, Wish("bid", "amount", -5_00), 45_00),
        (DOUYIN, Wish("bid", "percent", 50, most=60_00), 60_00),
        (DOUYIN, Wish("budget", "percent", 33.33), 1_333_00),
        (KUAISHOU, Wish("budget", "percent", 33.33), 133_330),
    ],
)
def test_relative_wishes_start_from_what_stands(plan, wish, after):
    assert propose(plan, wish).after == after


def test_an_exact_wish_outside_the_limits_is_refused_and_a_relative_one_clipped():
    assert codes(propose(DOUYIN, Wish("budget", "set", 299_99))) == [("refuse", "budget_out_of_range")]
    clipped = propose(DOUYIN, Wish("budget", "percent", -90))
    assert (clipped.after, codes(clipped)) == (300_00, [("clip", "budget_out_of_range")])


@pytest.mark.parametrize(
    ("plan", "spent", "least"),
    [
        (DOUYIN, 0, 300_00),
        (DOUYIN, 500_00, 600_00),  # 105 % is 525, rounded up to a hundred
        (DOUYIN, 571_43, 700_00),
        (KUAISHOU, 0, 100_00),
        (KUAISHOU, 500_00, 600_00),
        (KUAISHOU, 900_00, 1_000_00),  # never above what it has now
        (replace(DOUYIN, bid_type="max_conversion"), 0, 100_00),
    ],
)
def test_a_budget_may_not_fall_below_what_was_spent(plan, spent, least):
    assert least_budget(replace(plan, spent_today_fen=spent)) == least


def test_ocean_engine_wants_budget_steps_of_a_hundred_and_twenty_changes_a_day():
    assert codes(propose(DOUYIN, Wish("budget", "set", 1_099_99))) == [("refuse", "budget_step_too_small")]
    tired = replace(DOUYIN, budget_changes_today=20)
    assert codes(propose(tired, Wish("budget", "set", 2_000_00))) == [("refuse", "budget_changed_too_often")]
    assert codes(propose(replace(KUAISHOU, budget_changes_today=20), Wish("budget", "set", 1_050_00))) == []


def test_kuaishou_keeps_the_bid_below_the_budget():
    plan = replace(KUAISHOU, daily_budget_fen=120_00)
    assert codes(propose(plan, Wish("bid", "set", 121_00))) == [("refuse", "bid_out_of_range")]
    plan = replace(KUAISHOU, bid_fen=400_00)
    assert propose(plan, Wish("budget", "percent", -80)).after == 400_00


@pytest.mark.parametrize(
    ("edits", "expected"),
    [(0, []), (1, [("warn", "compensation_last_edit")]), (2, [("hold", "compensation_would_be_void")])],
)
def test_the_third_bid_edit_inside_the_window_is_held(edits, expected):
    plan = replace(DOUYIN, is_in_compensation_window=True, bid_edits_today=edits)
    assert codes(propose(plan, Wish("bid", "set", 60_00))) == expected
    assert codes(propose(replace(plan, is_in_compensation_window=False), Wish("bid", "set", 60_00))) == []
    assert codes(propose(plan, Wish("budget", "set", 2_000_00))) == []


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Wish("status", "set", "deleted"), "status_unknown"),
        (Wish("schedule", "set", "1" * 335), "schedule_unreadable"),
        (Wish("schedule", "set", "0" * 336), "schedule_empty"),
        (Wish("name", "set", "  "), "name_length"),
        (Wish("name", "set", "字" * 51), "name_length"),
        (Wish("name", "set", "a\tb"), "name_characters"),
        (Wish("bid", "set", None), "nothing_to_change"),
        (Wish("bid", "set", "12"), "nothing_to_change"),
    ],
)
def test_what_the_media_would_not_understand_is_refused(wish, code):
    proposal = propose(DOUYIN, wish)
    assert codes(proposal) == [("refuse", code)]
    assert proposal.after == proposal.before or wish.field == "bid"


def test_schedules_of_hours_are_widened_and_all_hours_mean_always():
    hours = "1" + "0" * 167
    assert propose(DOUYIN, Wish("schedule", "set", hours)).after == "11" + "0" * 334
    assert propose(replace(DOUYIN, schedule="1" + "0" * 335), Wish("schedule", "set", "1" * 336)).after == ""
    assert codes(propose(KUAISHOU, Wish("schedule", "set", "1" + "0" * 335))) == [("refuse", "whole_hours_only")]


def test_a_wish_that_stands_already_is_no_change():
    proposal = propose(DOUYIN, Wish("status", "set", "enabled"))
    assert (proposal.is_change, codes(proposal)) == (False, [("warn", "unchanged")])


def test_deleted_plans_and_paused_accounts_take_no_change():
    assert codes(propose(replace(DOUYIN, status="deleted"), Wish("bid", "set", 1_00))) == [("refuse", "plan_deleted")]
    closed = replace(DOUYIN, is_account_active=False)
    assert codes(propose(closed, Wish("status", "set", "paused"))) == [("refuse", "account_paused")]


def test_a_plan_without_a_number_cannot_be_changed_by_percent():
    unlimited = replace(DOUYIN, daily_budget_fen=None)
    assert codes(propose(unlimited, Wish("budget", "percent", 10))) == [("refuse", "budget_unlimited")]
    automatic = replace(DOUYIN, bid_type="max_conversion", bid_fen=None)
    assert codes(propose(automatic, Wish("bid", "set", 10_00))) == [("refuse", "bid_not_allowed")]


def test_names_are_counted_as_the_media_counts():
    assert media_length("重疾险ab", "douyin") == 4
    assert media_length("重疾险ab", "kuaishou") == 5


def test_notes_are_told_in_both_languages_with_yuan():
    (note,) = propose(DOUYIN, Wish("budget", "set", 100_00)).notes
    assert "¥300" in sentence(note, "en")
    assert "日预算" in sentence(note, "zh-hans")


@given(
    platform=st.sampled_from(sorted(LIMITS)),
    bid=st.integers(5_00, 3_000_00),
    budget=st.integers(300_00, 10_000_00),
    spent=st.integers(0, 10_000_00),
    edits=st.integers(0, 3),
    is_covered=st.booleans(),
    field=st.sampled_from(["bid", "budget"]),
    kind=st.sampled_from(["set", "percent", "amount"]),
    value=st.integers(-200_000, 2_000_000),
)
def test_what_may_be_sent_is_always_inside_the_medias_limits(
    platform, bid, budget, spent, edits, is_covered, field, kind, value
):
    plan = PlanFacts(platform, "enabled", "target_cpa", bid, budget, "", "Plan", spent, edits, 0, is_covered)
    proposal = propose(plan, Wish(field, kind, value / 1000 if kind == "percent" else value))
    if proposal.is_refused or not proposal.is_change:
        return
    limits = LIMITS[platform]
    if field == "bid":
        assert limits.least_bid_fen <= proposal.after <= limits.most_bid_fen
        assert not limits.is_bid_capped_by_budget or proposal.after <= budget
        assert proposal.is_held == (is_covered and edits >= 2)
    else:
        assert least_budget(plan) <= proposal.after <= limits.most_budget_fen
        assert platform == "kuaishou" or abs(proposal.after - budget) >= 100_00
