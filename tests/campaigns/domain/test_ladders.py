"""Ladders of bids and budgets."""

import pytest

from campaigns.domain.ladders import even_ladder, parse_amounts, percent_ladder


def test_an_even_ladder_climbs_to_the_last_rung_that_a_step_reaches() -> None:
    assert even_ladder(3000, 4000, 500) == (3000, 3500, 4000)
    assert even_ladder(3000, 3999, 500) == (3000, 3500)
    assert even_ladder(3000, 3000, 1) == (3000,)


def test_a_percent_ladder_moves_the_middle_and_rounds_to_the_fen() -> None:
    assert percent_ladder(3333, (-10, 0, 10)) == (3000, 3333, 3666)
    assert percent_ladder(100, (0, 0)) == (100,)


@pytest.mark.parametrize(("first", "last", "step"), [(0, 10, 1), (10, 5, 1), (1, 10, 0), (1, 1000, 1)])
def test_an_even_ladder_refuses_what_does_not_climb_or_never_ends(first: int, last: int, step: int) -> None:
    with pytest.raises(ValueError, match="ladder"):
        even_ladder(first, last, step)


@pytest.mark.parametrize(("middle", "percents"), [(0, (0,)), (100, (-100,)), (100, tuple(range(51)))])
def test_a_percent_ladder_refuses_amounts_that_are_not_positive_and_too_many_rungs(
    middle: int, percents: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="ladder"):
        percent_ladder(middle, percents)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("35", (3500,)),
        ("35, 40.5，35", (3500, 4050)),
        ("30-40/5 60", (3000, 3500, 4000, 6000)),
        ("40±10%", (3600, 4000, 4400)),
        ("40±5%10%", (3600, 3800, 4000, 4200, 4400)),
    ],
)
def test_a_line_of_amounts_is_read_in_its_order(text: str, expected: tuple[int, ...]) -> None:
    assert parse_amounts(text) == expected


@pytest.mark.parametrize("piece", ["abc", "-5", "0", "1.234", "50-30/5", "30-40/0", "40±100%", "1-100/1"])
def test_the_piece_that_cannot_be_read_is_named(piece: str) -> None:
    with pytest.raises(ValueError, match="^" + piece.replace(".", r"\.") + "$"):
        parse_amounts(f"35 {piece}")
