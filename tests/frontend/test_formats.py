from decimal import Decimal

import pytest

from frontend import formats


@pytest.mark.parametrize(
    ("fen", "expected"),
    [(0, "¥0.00"), (123456, "¥1,234.56"), (-5, "-¥0.05"), (None, "—"), (1234567890123, "¥12,345,678,901.23")],
)
def test_money_is_yuan_with_two_decimals(fen: int | None, expected: str) -> None:
    assert formats.money(fen) == expected


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        (999, "999", "999"),
        (1_000, "1,000", "1K"),
        (9_999, "9,999", "10K"),
        (9_999_996, "1,000万", "10M"),
        (12_345, "1.23万", "12.3K"),
        (999_950, "100万", "1M"),
        (123_456_789, "1.23亿", "123M"),
        (9_999_999_999, "100亿", "10B"),
        (-12_345, "-1.23万", "-12.3K"),
        (None, "—", "—"),
    ],
)
def test_compact_numbers_use_the_readers_units(value: int | None, chinese: str, english: str) -> None:
    assert formats.compact_count(value, "zh-hans") == chinese
    assert formats.compact_count(value, "en") == english


def test_compact_money_keeps_fen_while_small() -> None:
    assert formats.compact_money(98_76, "zh-hans") == "¥98.76"
    assert formats.compact_money(1_234_567_00, "zh-hans") == "¥123万"
    assert formats.compact_money(-1_234_567_00, "en") == "-¥1.23M"


@pytest.mark.parametrize(("numerator", "denominator"), [(5, 0), (5, None), (None, 5), (0, 0)])
def test_a_ratio_without_a_denominator_is_a_dash(numerator: int | None, denominator: int | None) -> None:
    assert formats.percent(formats.ratio(numerator, denominator)) == "—"
    assert formats.decimal(formats.ratio(numerator, denominator)) == "—"


def test_ratios_are_rounded_half_up() -> None:
    assert formats.percent(0.123450) == "12.35%"
    assert formats.decimal(float(Decimal("2.675"))) == "2.68"


@pytest.mark.parametrize(
    ("now", "before", "direction", "text"),
    [
        (110, 100, "up", "10.0%"),
        (90, 100, "down", "10.0%"),
        (100, 100, "flat", "0.0%"),
        (100, 0, "none", "—"),
        (None, 100, "none", "—"),
        (50, -100, "up", "150.0%"),
    ],
)
def test_a_change_says_its_direction(now: int | None, before: int, direction: str, text: str) -> None:
    assert formats.change(now, before) == formats.Change(direction, text)


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36", "Chrome · Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0", "Edge · Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.4 Safari/605.1.15", "Safari · macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) MicroMessenger/8.0.49", "WeChat · iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox · Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "—"),
    ],
)
def test_a_browser_is_named_in_words(user_agent: str, expected: str) -> None:
    assert formats.browser_name(user_agent) == expected
