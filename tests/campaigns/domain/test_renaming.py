from datetime import date

import pytest

from campaigns.domain.renaming import Renamer, RenameRule, rule_problems, split_key

DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("rule", "name", "expected"),
    [
        (RenameRule("replace", find="车险", replacement="寿险"), "车险 老客 车险#k3x9m2", "寿险 老客 寿险#k3x9m2"),
        (RenameRule("replace", find="abc", replacement=r"\1", is_case_sensitive=False), "ABC-1", r"\1-1"),
        (RenameRule("replace", find="abc", replacement="x"), "ABC-1", "ABC-1"),
        (RenameRule("replace", find=".", replacement="!"), "a.b", "a!b"),
        (RenameRule("affix", prefix="双11-", suffix="-A"), "车险#k3x9m2", "双11-车险-A#k3x9m2"),
        (RenameRule("template", template="{media}-{bid}-{date:MMDD}-{n:3}"), "x#k3x9m2", "抖音-35-1122-007#k3x9m2"),
    ],
)
def test_a_rule_works_on_what_stands_before_the_key(rule, name, expected):
    assert Renamer(rule, on=DAY).rename(name, {"media": "抖音", "bid": "35"}, number=7) == expected


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (RenameRule("replace", replacement="x"), "nothing"),
        (RenameRule("affix"), "nothing"),
        (RenameRule("template"), "empty"),
        (RenameRule("template", template="{audience}-{n}"), "unknown_token"),
        (RenameRule("template", template="{n"), "broken"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(rule, code):
    assert [one.code for one in rule_problems(rule)] == [code]
    with pytest.raises(ValueError, match=code):
        Renamer(rule, on=DAY)


def test_what_only_looks_like_a_key_is_part_of_the_name():
    assert split_key("车险 #1") == ("车险 #1", "")
    assert split_key("车险#k3x9mI") == ("车险#k3x9mI", "")
