"""Plan names from a template: tokens, the media's own way of counting length, and numbers against collisions.

A template is plain text with tokens in braces, ``{media}-{audience}-{title:8}-{date:MMDD}-{n:3}``. What follows the
colon is, for texts, the largest number of characters taken; for ``n``, the least number of digits; for ``date``, one
of ``DATE_FORMATS``. Doubled braces stand for themselves.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from string import Formatter

#: what a template may speak of; ``n`` counts the rows of the job from 1
TEXT_TOKENS = (
    "media", "account", "account_id", "agency", "campaign", "audience", "creative", "title", "bid", "budget",
    "schedule", "goal",
)  # fmt: skip
TOKENS = (*TEXT_TOKENS, "date", "n")

DATE_FORMATS = {"YYYYMMDD": "%Y%m%d", "YYMMDD": "%y%m%d", "MMDD": "%m%d", "YYYY-MM-DD": "%Y-%m-%d"}
DEFAULT_DATE_FORMAT = "YYYYMMDD"
MAX_TEMPLATE_LENGTH = 200
MAX_DIGITS = 8


@dataclass(frozen=True, slots=True)
class NameRule:
    """How a media counts a name: ``max_units`` for the whole, and what a wide (CJK) and a narrow character cost."""

    max_units: int
    wide_units: int
    narrow_units: int

    def units(self, text: str) -> int:
        """The length of the text as the media counts it."""
        return sum(self._cost(character) for character in text)

    def cut(self, text: str, max_units: int) -> str:
        """The longest beginning of the text that costs at most ``max_units``; no blank is left at its end."""
        used = 0
        for position, character in enumerate(text):
            used += self._cost(character)
            if used > max_units:
                return text[:position].rstrip()
        return text

    def _cost(self, character: str) -> int:
        return self.wide_units if unicodedata.east_asian_width(character) in "WFA" else self.narrow_units


_OCEAN_ENGINE_NAME = NameRule(max_units=100, wide_units=2, narrow_units=1)  # 1-50 characters, two latin ones are one
_KUAISHOU_NAME = NameRule(max_units=100, wide_units=1, narrow_units=1)  # 1-100 characters

#: by media
NAME_RULES: Mapping[str, NameRule] = {
    "douyin": _OCEAN_ENGINE_NAME,
    "toutiao": _OCEAN_ENGINE_NAME,
    "kuaishou": _KUAISHOU_NAME,
}


#: what stands between two tokens and would stand alone, or twice, where a token has no value
SEPARATORS = "-_·|/+~ —"


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """Why a template cannot be used. ``code`` is one of ``empty, too_long, broken, unknown_token, bad_format``."""

    code: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class _Piece:
    literal: str
    field: str
    width: int | None  # characters of a text, digits of ``n``
    date_format: str


class NamingTemplate:
    """A template that has been read once and is rendered many times."""

    def __init__(self, text: str) -> None:
        """Raises ``ValueError`` with the first problem's code when ``template_problems(text)`` finds any."""
        problems = template_problems(text)
        if problems:
            raise ValueError(f"{problems[0].code} {problems[0].token}".strip())
        self._pieces = tuple(_pieces(text))

    @property
    def tokens(self) -> frozenset[str]:
        """The tokens that the template speaks of."""
        return frozenset(piece.field for piece in self._pieces if piece.field)

    def render(self, values: Mapping[str, str], *, on: date, number: int) -> str:
        """The name for one row. A token without a value takes one separator with it; runs of blanks become one."""
        name, is_gap = "", False
        for piece in self._pieces:
            is_doubled = is_gap and (not name or name[-1] in SEPARATORS)
            name += piece.literal.lstrip(SEPARATORS) if is_doubled else piece.literal
            value = self._value(piece, values, on, number)
            is_gap = bool(piece.field) and not value
            name += value
        return " ".join((name.rstrip(SEPARATORS) if is_gap else name).split())

    @staticmethod
    def _value(piece: _Piece, values: Mapping[str, str], on: date, number: int) -> str:
        if piece.field == "n":
            return str(number).zfill(piece.width or 1)
        if piece.field == "date":
            return on.strftime(piece.date_format)
        return values.get(piece.field, "")[: piece.width] if piece.field else ""


def template_problems(text: str) -> tuple[TemplateProblem, ...]:
    """Everything that is wrong with a template, in reading order; empty when it can be used."""
    if not text.strip():
        return (TemplateProblem("empty"),)
    if len(text) > MAX_TEMPLATE_LENGTH:
        return (TemplateProblem("too_long"),)
    found: list[TemplateProblem] = []
    try:
        parsed = list(Formatter().parse(text))
    except ValueError:
        return (TemplateProblem("broken"),)
    for _, token, form, conversion in parsed:
        if token is None:
            continue
        if token not in TOKENS:
            found.append(TemplateProblem("unknown_token", token))
        elif conversion or not _is_form(token, form or ""):
            found.append(TemplateProblem("bad_format", token))
    return tuple(found)


class Namer:
    """Hands out names in the order of the rows, no two alike inside one scope (a media account).

    A second row with the same name gets ``-2``, the third ``-3``; the stem gives way when the media's limit is near.
    ``reserved_units`` is kept free for what is appended later (the row's key).
    """

    def __init__(self, template: str, *, on: date, reserved_units: int = 0) -> None:
        self._template = NamingTemplate(template)
        self._on = on
        self._reserved = reserved_units
        self._taken: set[tuple[Hashable, str]] = set()
        self._last: dict[tuple[Hashable, str], int] = {}

    def take(self, values: Mapping[str, str], *, scope: Hashable, platform: str, number: int) -> str:
        """The next name, cut to the media's limit; raises ``KeyError`` for a platform without a rule."""
        rule = NAME_RULES[platform]
        room = rule.max_units - self._reserved
        stem = rule.cut(self._template.render(values, on=self._on, number=number), room)
        name = stem
        count = self._last.get((scope, stem), 1)
        while (scope, name) in self._taken:
            count += 1
            suffix = f"-{count}"
            name = rule.cut(stem, room - rule.units(suffix)) + suffix
        self._last[scope, stem] = count
        self._taken.add((scope, name))
        return name


def _pieces(text: str) -> list[_Piece]:
    pieces = []
    for literal, field, form, _ in Formatter().parse(text):
        width = int(form) if form and field != "date" else None
        date_format = DATE_FORMATS[form or DEFAULT_DATE_FORMAT] if field == "date" else ""
        pieces.append(_Piece(literal, field or "", width, date_format))
    return pieces


def _is_form(field: str, form: str) -> bool:
    if not form:
        return True
    if field == "date":
        return form in DATE_FORMATS
    largest = MAX_DIGITS if field == "n" else MAX_TEMPLATE_LENGTH
    return form.isascii() and form.isdigit() and 1 <= int(form) <= largest
