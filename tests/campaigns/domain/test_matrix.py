"""The matrix: counted without expansion, expanded in a known order."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.matrix import (
    AccountOption,
    Dimension,
    Matrix,
    MatrixProblem,
    Option,
    count_rows,
    counts_by_account,
    expand,
    expand_rows,
    problems,
)

DOUYIN = AccountOption("douyin", "179001", "Life A")
KUAISHOU = AccountOption("kuaishou", "88001", "Life K", agency="Blue")


def _dimension(name: str, *keys: str) -> Dimension:
    return Dimension(name, tuple(Option(key, key.title(), {name: key}) for key in keys))


def _keys(matrix: Matrix) -> list[tuple[str, ...]]:
    return [(account.account_id, *(option.key for _, option in combination)) for account, combination in expand(matrix)]


def test_every_combination_is_made_accounts_outermost() -> None:
    matrix = Matrix((DOUYIN, KUAISHOU), (_dimension("audience", "a", "b"), _dimension("bid", "1", "2")))
    assert count_rows(matrix) == 8
    assert _keys(matrix)[:5] == [
        ("179001", "a", "1"), ("179001", "a", "2"), ("179001", "b", "1"), ("179001", "b", "2"), ("88001", "a", "1"),
    ]  # fmt: skip


def test_zipped_dimensions_are_walked_side_by_side() -> None:
    matrix = Matrix(
        (DOUYIN,),
        (_dimension("creative", "x", "y"), _dimension("bid", "1", "2"), _dimension("title", "t", "u")),
        zipped=(("creative", "title"),),
    )
    assert count_rows(matrix) == 4
    assert _keys(matrix) == [
        ("179001", "x", "t", "1"), ("179001", "x", "t", "2"), ("179001", "y", "u", "1"), ("179001", "y", "u", "2"),
    ]  # fmt: skip


def test_options_may_be_meant_for_one_media_or_one_account() -> None:
    bids = Dimension(
        "bid",
        (
            Option("35", "35", {"bid": "35"}, media=frozenset({"douyin"})),
            Option("40", "40", {"bid": "40"}, media=frozenset({"kuaishou"})),
            Option("41", "41", {"bid": "41"}, account_ids=frozenset({"88001"})),
        ),
    )
    matrix = Matrix((DOUYIN, KUAISHOU), (bids,))
    assert counts_by_account(matrix) == {"179001": 1, "88001": 2}
    assert _keys(matrix) == [("179001", "35"), ("88001", "40"), ("88001", "41")]


def test_exclusions_take_their_combinations_out_once_even_when_they_overlap() -> None:
    matrix = Matrix(
        (DOUYIN, KUAISHOU),
        (_dimension("audience", "a", "b", "c"), _dimension("bid", "1", "2")),
        exclusions=({"audience": "a"}, {"audience": "a", "bid": "1"}, {"account": "88001", "bid": "2"}),
    )
    assert counts_by_account(matrix) == {"179001": 4, "88001": 2}
    assert ("88001", "b", "2") not in _keys(matrix)


def test_a_whole_account_may_be_excluded_and_an_empty_rule_excludes_nothing() -> None:
    matrix = Matrix((DOUYIN, KUAISHOU), (_dimension("bid", "1"),), exclusions=({"account": "88001"}, {}))
    assert counts_by_account(matrix) == {"179001": 1, "88001": 0}


def test_a_matrix_of_accounts_only_makes_one_row_each() -> None:
    assert count_rows(Matrix((DOUYIN, KUAISHOU), ())) == 2


def test_problems_are_told_per_account() -> None:
    only_douyin = Dimension("creative", (Option("x", "X", {}, media=frozenset({"douyin"})),))
    matrix = Matrix((DOUYIN, KUAISHOU), (only_douyin, _dimension("title", "t", "u")), zipped=(("creative", "title"),))
    assert problems(matrix) == (
        MatrixProblem("unequal_zip", "title", "179001"),
        MatrixProblem("no_option", "creative", "88001"),
    )


def test_unknown_and_doubly_zipped_dimensions_are_problems() -> None:
    matrix = Matrix(
        (),
        (_dimension("bid", "1"), _dimension("title", "t")),
        zipped=(("bid", "title"), ("title", "colour")),
        exclusions=({"shape": "round"},),
    )
    assert problems(matrix) == (
        MatrixProblem("no_accounts"),
        MatrixProblem("unknown_dimension", "colour"),
        MatrixProblem("unknown_dimension", "shape"),
        MatrixProblem("zipped_twice", "title"),
    )


def test_rows_carry_common_media_and_option_fields_and_a_stable_reference() -> None:
    matrix = Matrix(
        (DOUYIN, KUAISHOU),
        (_dimension("audience", "young"), Dimension("bid", (Option("35", "35.00", {"bid": "35.00"}),))),
        common={"goal": "form", "budget": "500"},
        per_media={"kuaishou": {"budget": "800"}},
    )
    rows = list(
        expand_rows(matrix, naming="{agency}{audience}-{bid}-{n:3}", on=date(2026, 11, 22), client_ref_prefix="d1")
    )
    assert rows == [
        {
            "client_ref": "d1-00001", "media": "douyin", "account_id": "179001", "goal": "form", "budget": "500",
            "audience": "young", "bid": "35.00", "name": "Young-35.00-001",
        },
        {
            "client_ref": "d1-00002", "media": "kuaishou", "account_id": "88001", "goal": "form", "budget": "800",
            "audience": "young", "bid": "35.00", "name": "BlueYoung-35.00-002",
        },
    ]  # fmt: skip


_names = ("audience", "bid", "title", "schedule")


@given(data=st.data())
def test_the_count_is_the_number_of_rows_for_any_matrix(data: st.DataObject) -> None:
    dimensions = tuple(
        Dimension(
            name,
            tuple(
                Option(
                    str(position),
                    str(position),
                    {},
                    media=data.draw(st.sampled_from([frozenset(), frozenset({"douyin"}), frozenset({"kuaishou"})])),
                )
                for position in range(data.draw(st.integers(0, 4)))
            ),
        )
        for name in _names
    )
    rule = st.dictionaries(st.sampled_from(_names), st.sampled_from("0123"), max_size=3)
    on_account = st.sampled_from([{}, {"account": "179001"}, {"account": "88001"}])
    exclusions = tuple(data.draw(on_account) | chosen for chosen in data.draw(st.lists(rule, max_size=5)))
    zipped = data.draw(st.sampled_from([(), (("audience", "title"),), (("bid", "schedule"), ("audience", "title"))]))
    matrix = Matrix((DOUYIN, KUAISHOU), dimensions, zipped=zipped, exclusions=exclusions)
    assert count_rows(matrix) == len(list(expand(matrix)))
