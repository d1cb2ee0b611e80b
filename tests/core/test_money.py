"""Amounts as people type them: what is clear is read, what could be another amount is refused."""

import pytest

from xmagnet.core.money import fen_from_text, fen_from_yuan


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("35", 35_00), (" 35.50 ", 35_50), ("¥1,234.5", 1234_50), ("￥１，２３４．５", 1234_50), ("88元", 88_00),
        ("88 元", 88_00), ("¥\u00a088", 88_00), ("-5", -5_00), ("−5", -5_00), ("＋5", 5_00), ("1e3", 1000_00),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_type_and_paste_them(text, fen):
    assert fen_from_text(text) == fen


@pytest.mark.parametrize(
    "text", ["", "abc", "1,2,3", "12,5", "1_000", "0.001", "1e400", "1e999999", "NaN", "8..8", "5%", "1.234,50", "٣٣"]
)
def test_what_could_be_another_amount_is_none(text):
    with pytest.raises(ValueError, match=r"amount|decimals"):
        fen_from_text(text)


@pytest.mark.parametrize("huge", ["1e999999999", "9" * 300, 1e30, 10**13, -(10**13)])
def test_more_than_all_the_money_there_is_is_no_amount(huge):
    with pytest.raises(ValueError, match="not a number"):
        fen_from_yuan(huge)
