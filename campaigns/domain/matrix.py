"""The matrix of bulk creation: accounts × audiences × creatives × titles × bids × schedules → rows.

A dimension is a list of options; an option brings fields of the bulk row. Options may be meant for some media or some
accounts only, dimensions may be walked side by side (zip) in place of every combination (cross), and single
combinations may be excluded. The count is exact and needs no expansion.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

from campaigns.domain.naming import Namer

#: the name under which exclusions speak of the account
ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class AccountOption:
    """A media account that rows are made for; ``account_id`` is the media's id of it."""

    media: str
    account_id: str
    label: str
    agency: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a dimension. No ``media`` and no ``account_ids`` means: for all of them."""

    key: str
    label: str
    fields: Mapping[str, Any]
    media: frozenset[str] = frozenset()
    account_ids: frozenset[str] = frozenset()

    def applies_to(self, account: AccountOption) -> bool:
        """Whether rows of the account may take this option."""
        return (not self.media or account.media in self.media) and (
            not self.account_ids or account.account_id in self.account_ids
        )


@dataclass(frozen=True, slots=True)
class Dimension:
    """A list of options under a name: ``audience``, ``creative``, ``title``, ``bid``, ``budget``, ``schedule``."""

    name: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class MatrixProblem:
    """Why the matrix makes no or wrong rows.

    ``code``: ``no_accounts``; ``no_option`` (the dimension has nothing for the account); ``unequal_zip`` (dimensions
    walked side by side differ in length for the account); ``unknown_dimension`` (in a zip or an exclusion);
    ``zipped_twice``.
    """

    code: str
    dimension: str = ""
    account_id: str = ""


@dataclass(frozen=True)
class Matrix:
    """What is to be combined. ``common`` goes into every row, ``per_media`` into the rows of a media.

    ``zipped``: groups of dimension names walked side by side. ``exclusions``: conjunctions such as
    ``{"account": "179…", "audience": "young"}``, by account id and option keys; matching rows are not made.
    """

    accounts: tuple[AccountOption, ...]
    dimensions: tuple[Dimension, ...]
    zipped: tuple[tuple[str, ...], ...] = ()
    exclusions: tuple[Mapping[str, str], ...] = ()
    common: Mapping[str, Any] = field(default_factory=dict)
    per_media: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @cached_property
    def _groups(self) -> tuple[tuple[Dimension, ...], ...]:
        """Dimensions in their order, those walked side by side together at the place of their first."""
        by_name = {dimension.name: dimension for dimension in self.dimensions}
        partners = {name: group for group in self.zipped for name in group}
        groups: list[tuple[Dimension, ...]] = []
        seen: set[str] = set()
        for dimension in self.dimensions:
            if dimension.name not in seen:
                names = partners.get(dimension.name, (dimension.name,))
                seen.update(names)
                groups.append(tuple(by_name[name] for name in names if name in by_name))
        return tuple(groups)


Combination = tuple[tuple[str, Option], ...]


def problems(matrix: Matrix) -> tuple[MatrixProblem, ...]:
    """Everything that keeps the matrix from making the rows it promises."""
    found: list[MatrixProblem] = []
    if not matrix.accounts:
        found.append(MatrixProblem("no_accounts"))
    names = {dimension.name for dimension in matrix.dimensions}
    zipped = [name for group in matrix.zipped for name in group]
    mentioned = [*zipped, *(name for rule in matrix.exclusions for name in rule if name != ACCOUNT)]
    found.extend(MatrixProblem("unknown_dimension", name) for name in dict.fromkeys(mentioned) if name not in names)
    found.extend(MatrixProblem("zipped_twice", name) for name in dict.fromkeys(zipped) if zipped.count(name) > 1)
    if any(problem.code in ("unknown_dimension", "zipped_twice") for problem in found):
        return tuple(found)
    for account in matrix.accounts:
        for group in matrix._groups:
            lengths = [sum(option.applies_to(account) for option in dimension.options) for dimension in group]
            for dimension, length in zip(group, lengths, strict=True):
                if not length:
                    found.append(MatrixProblem("no_option", dimension.name, account.account_id))
            if all(lengths) and len(set(lengths)) > 1:
                found.append(MatrixProblem("unequal_zip", group[-1].name, account.account_id))
    return tuple(found)


def count_rows(matrix: Matrix) -> int:
    """How many rows ``expand`` makes, exactly, without making them."""
    return sum(counts_by_account(matrix).values())


def counts_by_account(matrix: Matrix) -> dict[str, int]:
    """The number of rows by account id, exactly, without making them."""
    return {account.account_id: _count(matrix, account) for account in matrix.accounts}


def expand(matrix: Matrix) -> Iterator[tuple[AccountOption, Combination]]:
    """Every combination, accounts outermost, in the order of accounts, dimensions and options."""
    for account in matrix.accounts:
        rules = _rules_for(matrix, account)
        for parts in product(*_steps(matrix, account)):
            combination = tuple(pair for part in parts for pair in part)
            keys = {name: option.key for name, option in combination}
            if not any(all(keys.get(name) == key for name, key in rule.items()) for rule in rules):
                yield account, combination


def expand_rows(
    matrix: Matrix, *, naming: str, on: date, client_ref_prefix: str, reserved_units: int = 0
) -> Iterator[dict[str, Any]]:
    """The rows of a bulk job: common fields, then those of the media, then of each option, with name and client_ref.

    An option's label is the value of its dimension's naming token. ``client_ref`` is the prefix and the row's number,
    so that the same matrix sent twice matches its own plans. Raises ``ValueError`` for a template that cannot be used.
    """
    namer = Namer(naming, on=on, reserved_units=reserved_units)
    for number, (account, combination) in enumerate(expand(matrix), start=1):
        row: dict[str, Any] = {**matrix.common, **matrix.per_media.get(account.media, {})}
        values = {
            "media": account.media,
            "account": account.label,
            "account_id": account.account_id,
            "agency": account.agency,
        }
        for name, option in combination:
            row |= option.fields
            values[name] = option.label
        values.setdefault("campaign", str(row.get("campaign", "")))
        values.setdefault("goal", str(row.get("goal", "")))
        name = namer.take(values, scope=account.account_id, platform=account.media, number=number)
        yield {
            "client_ref": f"{client_ref_prefix}-{number:05d}",
            "media": account.media,
            "account_id": account.account_id,
            **row,
            "name": name,
        }


def _steps(matrix: Matrix, account: AccountOption) -> list[list[Combination]]:
    """Per group of dimensions: its steps, each one option of every dimension in the group."""
    steps = []
    for group in matrix._groups:
        columns = [
            [(dimension.name, option) for option in dimension.options if option.applies_to(account)]
            for dimension in group
        ]
        steps.append(list(zip(*columns, strict=False)))
    return steps


def _rules_for(matrix: Matrix, account: AccountOption) -> list[dict[str, str]]:
    """The exclusions that can match rows of the account, without the account itself. An empty rule excludes nothing."""
    return [
        {name: key for name, key in rule.items() if name != ACCOUNT}
        for rule in matrix.exclusions
        if rule and rule.get(ACCOUNT, account.account_id) == account.account_id
    ]


def _count(matrix: Matrix, account: AccountOption) -> int:
    steps = _steps(matrix, account)
    return prod(len(step) for step in steps) - _count_excluded(steps, _rules_for(matrix, account))


def _count_excluded(steps: Sequence[list[Combination]], rules: list[dict[str, str]]) -> int:
    """How many combinations at least one rule matches. Options that no rule can tell apart are counted together."""
    if any(not rule for rule in rules):
        return prod(len(step) for step in steps)  # a rule without any condition left takes everything
    if not rules or not steps:
        return 0
    first, rest = steps[0], steps[1:]
    outcomes: dict[tuple[tuple[int, frozenset[str]], ...], int] = {}
    for step in first:
        keys = {name: option.key for name, option in step}
        alive = tuple(
            (position, frozenset(rule.keys() - keys.keys()))
            for position, rule in enumerate(rules)
            if all(rule[name] == key for name, key in keys.items() if name in rule)
        )
        outcomes[alive] = outcomes.get(alive, 0) + 1
    return sum(
        weight * _count_excluded(rest, [{name: rules[position][name] for name in left} for position, left in alive])
        for alive, weight in outcomes.items()
    )
