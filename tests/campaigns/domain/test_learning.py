from datetime import date

from campaigns.domain.learning import learning_progress
from campaigns.domain.periods import Period, earlier


def test_only_the_three_days_from_the_first_impression_count():
    days = [
        (date(2026, 11, 14), 5, 100),
        (date(2026, 11, 10), 0, 3),
        (date(2026, 11, 11), 9, 4),
        (date(2026, 11, 13), 9, 6),
    ]
    found = learning_progress("learning", days)
    assert (found.first_on, found.last_on, found.conversions) == (date(2026, 11, 11), date(2026, 11, 13), 10)


def test_a_plan_without_impressions_has_not_begun_to_learn():
    assert learning_progress("none", [(date(2026, 11, 10), 0, 0)]).first_on is None


def test_an_earlier_period_is_as_long_and_ends_before_or_lies_so_many_days_back():
    today = date(2026, 11, 22)
    week = Period("last_7_days")  # 15 to 21 November
    assert earlier(week, today) == Period("", date(2026, 11, 8), date(2026, 11, 14))
    assert earlier(week, today, days=1) == Period("", date(2026, 11, 14), date(2026, 11, 20))
    assert earlier(Period("today"), today) == Period("", date(2026, 11, 21), date(2026, 11, 21))
