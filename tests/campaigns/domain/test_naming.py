"""Names from templates."""

from datetime import date

import pytest

from campaigns.domain.naming import NAME_RULES, Namer, NamingTemplate, TemplateProblem, template_problems

DAY = date(2026, 11, 22)


def _render(template: str, number: int = 7, **values: str) -> str:
    return NamingTemplate(template).render(values, on=DAY, number=number)


def test_tokens_are_replaced_by_the_values_of_the_row() -> None:
    assert _render("{media}-{audience}-{bid}", media="douyin", audience="年轻妈妈", bid="35.00") == (
        "douyin-年轻妈妈-35.00"
    )


def test_a_width_cuts_texts_and_pads_the_number() -> None:
    assert _render("{title:4}_{n:4}", title="百万医疗险首月一元") == "百万医疗_0007"


def test_dates_are_written_in_the_format_asked_for() -> None:
    assert _render("{date} {date:MMDD} {date:YYYY-MM-DD}") == "20261122 1122 2026-11-22"


def test_a_token_without_a_value_leaves_nothing_and_blanks_collapse() -> None:
    assert _render("A {creative} B") == "A B"


def test_doubled_braces_stand_for_themselves() -> None:
    assert _render("{{{n}}}") == "{7}"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("", (TemplateProblem("empty"),)),
        ("  ", (TemplateProblem("empty"),)),
        ("x" * 201, (TemplateProblem("too_long"),)),
        ("{media", (TemplateProblem("broken"),)),
        (
            "{colour}-{media.x}",
            (TemplateProblem("unknown_token", "colour"), TemplateProblem("unknown_token", "media.x")),
        ),
        ("{}", (TemplateProblem("unknown_token", ""),)),
        ("{n:x}", (TemplateProblem("bad_format", "n"),)),
        ("{n:9}", (TemplateProblem("bad_format", "n"),)),
        ("{title:0}", (TemplateProblem("bad_format", "title"),)),
        ("{date:DD}", (TemplateProblem("bad_format", "date"),)),
        ("{media!r}", (TemplateProblem("bad_format", "media"),)),
        ("{media}-{n:3}", ()),
    ],
)
def test_problems_of_a_template_are_all_told(template: str, expected: tuple[TemplateProblem, ...]) -> None:
    assert template_problems(template) == expected


def test_a_template_with_a_problem_cannot_be_rendered() -> None:
    with pytest.raises(ValueError, match="unknown_token colour"):
        NamingTemplate("{colour}")


def test_ocean_engine_counts_a_chinese_character_as_two_latin_ones_and_kuaishou_as_one() -> None:
    assert NAME_RULES["douyin"].units("保险ab") == 6
    assert NAME_RULES["kuaishou"].units("保险ab") == 4


def test_names_are_cut_to_the_limit_of_the_media_with_room_for_the_key() -> None:
    namer = Namer("{title}", on=DAY, reserved_units=7)
    long = {"title": "保" * 120}
    assert namer.take(long, scope="a", platform="toutiao", number=1) == "保" * 46
    assert namer.take(long, scope="b", platform="kuaishou", number=2) == "保" * 93


def test_equal_names_of_one_account_are_numbered_and_other_accounts_are_not() -> None:
    namer = Namer("{audience}", on=DAY)
    values = {"audience": "broad"}
    names = [namer.take(values, scope=scope, platform="douyin", number=1) for scope in ("a", "a", "b", "a")]
    assert names == ["broad", "broad-2", "broad", "broad-3"]


def test_a_numbered_name_never_takes_one_that_is_already_given() -> None:
    namer = Namer("{audience}", on=DAY)
    names = [
        namer.take({"audience": audience}, scope="a", platform="douyin", number=1)
        for audience in ("x-2", "x", "x", "x")
    ]
    assert names == ["x-2", "x", "x-3", "x-4"]


def test_the_stem_gives_way_to_the_number_at_the_limit() -> None:
    namer = Namer("{title}", on=DAY)
    long = {"title": "a" * 100}
    assert namer.take(long, scope="a", platform="douyin", number=1) == "a" * 100
    assert namer.take(long, scope="a", platform="douyin", number=2) == "a" * 98 + "-2"


@pytest.mark.parametrize(
    ("template", "values", "name"),
    [
        ("{audience}-{title}-{n:3}", {"title": "医疗险"}, "医疗险-007"),
        ("{audience}-{title}-{n:3}", {"audience": "年轻"}, "年轻-007"),
        ("{title}-{bid}", {"title": "医疗险"}, "医疗险"),
        ("{media}_{audience}_{bid}_{n}", {}, "7"),
        ("A-{audience}{bid}-{n}", {"bid": "40"}, "A-40-7"),
        ("{audience}计划-{n}", {}, "计划-7"),
    ],
)
def test_a_token_without_a_value_takes_its_separator_with_it(template: str, values: dict[str, str], name: str) -> None:
    assert NamingTemplate(template).render(values, on=date(2026, 11, 23), number=7) == name
