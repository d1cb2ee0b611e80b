"""Building plans from a setup: exactly how many, what they would be, what is wrong with them; then one bulk job."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from pydantic import TypeAdapter, ValidationError

from campaigns.domain import matrix as grid
from campaigns.domain.naming import TOKENS, template_problems
from campaigns.domain.rows.keys import SUFFIX_LENGTH
from campaigns.domain.rows.media_rules import RULES
from campaigns.domain.setup import (
    DIMENSIONS,
    UNLIMITED,
    AudiencePack,
    BuilderSetup,
    CreativePack,
    InterestPick,
    MaterialPick,
    MediaSettings,
    RowOverride,
    SchedulePack,
    TitleSet,
    corrected,
    corrections_of,
    matrix_of,
)
from campaigns.selectors.bulk.messages import sentence
from campaigns.services.builder_hints import AmountHint, amounts_of, effort_of, notes_of
from campaigns.services.bulk.accept import accept_rows
from campaigns.services.bulk.checking import PlanRowChecker
from campaigns.services.bulk.executors import CheckedRow, SourceRow
from campaigns.services.bulk.options import BulkOptions
from media_connectors.choices import PlatformChoice
from media_connectors.selectors.directory import AccountFacts, account_facts
from xmagnet.accounts.actor import Actor
from xmagnet.core.clock import media_today
from xmagnet.core.errors import FieldError, InvalidInput

__all__ = [
    "DIMENSIONS", "TOKENS", "UNLIMITED", "AudiencePack", "BuilderSetup", "CreativePack", "InterestPick", "MaterialPick",
    "MediaSettings", "RowOverride", "SchedulePack", "TitleSet", "content_of", "media_limits", "preview", "setup_of",
    "submit",
]  # fmt: skip

MAX_ROWS = 5_000
PAGE_ROWS = 25
#: up to so many rows are all checked while somebody still types (about 0.2 s); above it the shown page only
CHECKED_WHILE_TYPING = 300

_SETUP = TypeAdapter(BuilderSetup)


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row that would be sent. ``errors`` and ``warnings``: sentences by field, "" for the whole row."""

    number: int
    account: str
    media: str
    labels: dict[str, str]  # by dimension
    row: dict[str, Any]
    errors: dict[str, list[str]]
    warnings: dict[str, list[str]]
    exclusion: str  # the rule that names exactly this row, as JSON
    edited: frozenset[str] = frozenset()  # fields corrected by hand


@dataclass(frozen=True, slots=True)
class BuilderPreview:
    """What the setup comes to. ``problems`` are (step of the page, sentence)."""

    total: int = 0
    creating_count: int = 0  # rows that would become plans; the invalid ones count only when every row was checked
    by_account: tuple[tuple[str, int, int], ...] = ()  # name, rows, invalid rows
    problems: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()  # legal, and probably not meant
    amounts: tuple[AmountHint, ...] = ()
    rows: tuple[PreviewRow, ...] = ()
    page: int = 1
    page_count: int = 1
    checked_count: int = 0
    invalid_count: int = 0
    duplicate_count: int = 0
    edited_count: int = 0
    call_count: int = 0
    is_call_count_exact: bool = False
    seconds: float | None = None  # None: no limit is known
    excluded_count: int = 0
    is_sendable: bool = False


@dataclass(slots=True)
class _Plan:
    """The matrix and the accounts behind it, or why there is none."""

    matrix: grid.Matrix | None = None
    accounts: dict[str, AccountFacts] = field(default_factory=dict)  # by the media's id
    problems: list[tuple[str, str]] = field(default_factory=list)

    @property
    def media(self) -> tuple[str, ...]:
        """The media of the chosen accounts, each once."""
        return tuple(dict.fromkeys(account.platform for account in self.accounts.values()))


def content_of(setup: BuilderSetup) -> dict[str, Any]:
    """The JSON-able form in which templates and drafts keep a setup."""
    return asdict(setup)


def setup_of(content: Any) -> BuilderSetup:
    """A kept setup; fields that are gone or new are as they are by default."""
    try:
        return _SETUP.validate_python(content)
    except ValidationError:
        return BuilderSetup()


def media_limits(platform: str, goal: str) -> dict[str, int]:
    """What the media allows, for people who type: fen and characters."""
    rules = RULES[platform]
    bid = rules.bid_fen.get(goal) or next(iter(rules.bid_fen.values()))
    return {
        "least_bid_fen": bid.least,
        "most_bid_fen": bid.most,
        "least_budget_fen": rules.budget_fen.least,
        "most_titles": rules.title_count.most,
        "least_title": rules.title_length.least,
        "most_title": rules.title_length.most,
        "latin_percent": round(rules.latin_weight * 100),  # what a narrow character counts of a wide one
    }


def preview(actor: Actor, setup: BuilderSetup, *, page: int = 1, is_whole: bool = False) -> BuilderPreview:
    """Exactly how many plans, one page of them checked as the bulk API checks, and what they cost in calls and time.

    ``is_whole``: check every row, however many; otherwise above ``CHECKED_WHILE_TYPING`` only the shown page.
    """
    actor.require("plans:write")
    plan = _planned(actor, setup)
    if plan.matrix is None:
        return BuilderPreview(problems=tuple(plan.problems), amounts=amounts_of(setup, plan.media))
    counts = grid.counts_by_account(plan.matrix)
    total = sum(counts.values())
    if total > MAX_ROWS:
        plan.problems.append(
            ("rows", _("%(total)d plans are too many for one job; at most %(most)d.")
             % {"total": total, "most": MAX_ROWS})
        )  # fmt: skip
    page_count = max(1, -(-total // PAGE_ROWS))
    page = max(1, min(page, page_count))
    first = (page - 1) * PAGE_ROWS
    rows: list[PreviewRow] = []
    checked: list[CheckedRow] = []
    edited_count = 0
    can_name = not any(step == "naming" for step, _sentence in plan.problems)
    if total and can_name and total <= MAX_ROWS:
        is_whole = is_whole or total <= CHECKED_WHILE_TYPING
        numbered = enumerate(_rows(setup, plan.matrix), start=1)
        wanted = list(numbered) if is_whole else list(islice(numbered, first, first + PAGE_ROWS))
        checked = PlanRowChecker(actor).check([SourceRow(number - 1, number, made.row) for number, made in wanted])
        edited_count = sum(bool(made.edited) for _number, made in wanted)
        shown = slice(first, first + PAGE_ROWS) if is_whole else slice(None)
        rows = [
            _preview_row(number, made, result, plan.accounts)
            for (number, made), result in zip(wanted[shown], checked[shown], strict=True)
        ]
    invalid = sum(bool(result.problems) for result in checked)
    is_checked = bool(total) and len(checked) == total
    effort = effort_of(plan.matrix, counts, setup, checked if is_checked else [])
    creating = total - invalid if is_checked else total
    is_aborting = setup.on_error == "abort" and invalid > 0
    if is_aborting:
        plan.problems.append(
            ("rows", _("None is created while a row is invalid: that is how you set it under “Names”."))
        )
    return BuilderPreview(
        total=total,
        creating_count=0 if is_aborting else creating,
        by_account=_by_account(plan, counts, checked if is_checked else []),
        problems=tuple(plan.problems),
        notes=notes_of(setup, plan.media),
        amounts=amounts_of(setup, plan.media),
        rows=tuple(rows),
        page=page,
        page_count=page_count,
        checked_count=len(checked),
        invalid_count=invalid,
        duplicate_count=sum(bool(result.warnings) for result in checked),
        edited_count=edited_count,
        call_count=effort.calls,
        is_call_count_exact=effort.is_exact,
        seconds=effort.seconds,
        excluded_count=len(setup.exclusions),
        is_sendable=0 < total <= MAX_ROWS and can_name and not is_aborting and (not checked or invalid < len(checked)),
    )


def submit(actor: Actor, setup: BuilderSetup) -> str:
    """Hand every row to a bulk job and return its id; the same setup sent twice gives the same job.

    Raises ``InvalidInput`` when there is nothing to send, and what ``accept_rows`` raises; then nothing was written.
    """
    actor.require("plans:write")
    plan = _planned(actor, setup)
    total = grid.count_rows(plan.matrix) if plan.matrix else 0
    stopping = [text for step, text in plan.problems if step in ("naming", "money", "accounts") or not total]
    if total > MAX_ROWS:
        stopping.append(_("At most %(most)d plans in one job.") % {"most": MAX_ROWS})
    if plan.matrix is None or not total or stopping:
        detail = stopping[0] if stopping else _("There is no plan to create yet.")
        raise InvalidInput(detail, errors=tuple(FieldError("", "not_ready", text) for text in stopping))
    rows = [made.row for made in _rows(setup, plan.matrix)]
    options = BulkOptions(on_error=setup.on_error, initial_status=setup.initial_status)  # type: ignore[arg-type]
    key = sha256(json.dumps(content_of(setup), sort_keys=True).encode()).hexdigest()
    accepted = accept_rows(actor, rows, options=options, idempotency_key=f"builder-{key}")
    return accepted.job.pk


def _planned(actor: Actor, setup: BuilderSetup) -> _Plan:
    facts = account_facts(actor)
    chosen = [facts[account_id] for account_id in setup.account_ids if account_id in facts]
    plan = _Plan(accounts={account.remote_id: account for account in chosen})
    plan.problems += [("naming", _naming_sentence(one.code, one.token)) for one in template_problems(setup.naming)]
    try:
        plan.matrix = matrix_of(
            setup,
            [grid.AccountOption(one.platform, one.remote_id, one.name, one.agency_name) for one in chosen],
        )
    except ValueError as piece:
        text = _("“%(piece)s” is no amount; write 35, 30-50/5 or 40±10%%.") % {"piece": str(piece)}
        plan.problems.append(("money", text))
        return plan
    for problem in grid.problems(plan.matrix):
        account = plan.accounts.get(problem.account_id)
        plan.problems.append(_matrix_sentence(problem, _called(account) if account else ""))
    plan.problems = list(dict.fromkeys(plan.problems))
    return plan


@dataclass(frozen=True, slots=True)
class _Made:
    """A row of the matrix, as it would be sent."""

    combination: grid.Combination
    row: dict[str, Any]
    rule: dict[str, str]  # names this row and no other
    edited: frozenset[str]


def _rows(setup: BuilderSetup, matrix: grid.Matrix) -> Iterator[_Made]:
    corrections = corrections_of(setup)
    rows = grid.expand_rows(
        matrix,
        naming=setup.naming,
        on=media_today(),
        client_ref_prefix=setup.client_ref_prefix,
        reserved_units=SUFFIX_LENGTH,
    )
    for (account, combination), row in zip(grid.expand(matrix), rows, strict=True):
        rule = {grid.ACCOUNT: account.account_id} | {name: option.key for name, option in combination}
        changes = corrections.get(frozenset(rule.items()), {})
        yield _Made(combination, corrected(row, changes) if changes else row, rule, frozenset(changes))


def _preview_row(number: int, made: _Made, result: CheckedRow, accounts: dict[str, AccountFacts]) -> PreviewRow:
    errors: dict[str, list[str]] = {}
    for problem in result.problems:
        errors.setdefault(problem.field, []).append(sentence(problem.code, problem.params))
    warnings: dict[str, list[str]] = {}
    for problem in result.warnings:
        warnings.setdefault(problem.field, []).append(sentence(problem.code, problem.params))
    return PreviewRow(
        number=number,
        account=accounts[made.row["account_id"]].name,
        media=made.row["media"],
        labels={name: option.label for name, option in made.combination},
        row=made.row,
        errors=errors,
        warnings=warnings,
        exclusion=json.dumps(made.rule, sort_keys=True),
        edited=made.edited,
    )


def _by_account(plan: _Plan, counts: dict[str, int], checked: Sequence[CheckedRow]) -> tuple[tuple[str, int, int], ...]:
    """(media and account, rows, invalid rows); without checked rows nothing is known to be invalid."""
    invalid = Counter(result.account_id for result in checked if result.problems)
    return tuple(
        (_called(plan.accounts[remote_id]), count, invalid[plan.accounts[remote_id].id])
        for remote_id, count in counts.items()
        if count
    )


def _called(account: AccountFacts) -> str:
    """The media and the name: accounts of two media are often named alike."""
    return f"{PlatformChoice(account.platform).label} · {account.name}"


def _naming_sentence(code: str, token: str) -> str:
    if code == "unknown_token":
        return _("There is no token {%(token)s}. Tokens: %(tokens)s") % {
            "token": token, "tokens": " ".join(f"{{{name}}}" for name in TOKENS),
        }  # fmt: skip
    return {
        "empty": _("The naming template is empty."),
        "too_long": _("The naming template is too long."),
        "broken": _("A brace in the naming template is not closed."),
        "bad_format": _("What follows the colon in {%(token)s} is not understood.") % {"token": token},
    }[code]


def _matrix_sentence(problem: grid.MatrixProblem, account: str) -> tuple[str, str]:
    if problem.code == "no_accounts":
        return "accounts", _("Choose at least one media account.")
    if problem.code == "no_option":
        text = {
            "creative": _("Account %(account)s has no creative: add files of its library."),
            "title": _("Account %(account)s has no titles."),
            "bid": _("Account %(account)s has no bid."),
            "budget": _("Account %(account)s has no budget."),
            "audience": _("Account %(account)s has no audience that is meant for its media."),
            "schedule": _("Account %(account)s has no schedule."),
        }[problem.dimension]
        return problem.dimension, text % {"account": account}
    if problem.code == "unequal_zip":
        text = _("Side by side, the lists of account %(account)s must be equally long.") % {"account": account}
        return "naming", text
    return "naming", _("The same list cannot be walked side by side twice.")
