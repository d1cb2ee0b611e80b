"""How filters are spoken of: fields, operators, what may be chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.choices import Delivery, Learning, Review, Status
from campaigns.contracts import METRICS, Condition
from campaigns.selectors.filters import operators_for
from frontend.tables.plan_state import TableState, encode_condition
from media_connectors.choices import PlatformChoice

OPERATOR_WORDS: dict[str, Any] = {
    "is": pgettext_lazy("operator", "is"),
    "is_not": pgettext_lazy("operator", "is not"),
    "any_of": pgettext_lazy("operator", "is any of"),
    "none_of": pgettext_lazy("operator", "is none of"),
    "contains": pgettext_lazy("operator", "contains"),
    "not_contains": pgettext_lazy("operator", "does not contain"),
    "starts_with": pgettext_lazy("operator", "starts with"),
    "gt": ">",
    "gte": "≥",
    "lt": "<",
    "lte": "≤",
    "between": pgettext_lazy("operator", "between"),
    "has_any": pgettext_lazy("operator", "has any of"),
    "has_all": pgettext_lazy("operator", "has all of"),
    "has_none": pgettext_lazy("operator", "has none of"),
    "is_set": pgettext_lazy("operator", "is set"),
    "is_not_set": pgettext_lazy("operator", "is not set"),
}

FIELD_WORDS: dict[str, Any] = {
    "media": _("Media"),
    "account": _("Media account"),
    "agency": _("Agency"),
    "status": _("Status"),
    "delivery": _("Delivery"),
    "learning": _("Learning phase"),
    "review": _("Review"),
    "name": _("Name"),
    "labels": _("Labels"),
    "bid": _("Bid"),
    "budget": _("Daily budget"),
    "created_on": _("Created on"),
    "remote_id": _("Id at the media"),
    "client_ref": _("Reference"),
    "note": _("Note"),
    "creative": _("Creative (title or file)"),
    "campaign": _("Campaign (id)"),
    "job": _("Job (id)"),
    "id": _("Plan (id)"),
}
_CHOICES = {
    "media": PlatformChoice,
    "status": Status,
    "delivery": Delivery,
    "learning": Learning,
    "review": Review,
}
_DAY_FIELDS = frozenset({"created_on"})
#: free input that takes several values at once, parted by commas
LISTED_FIELDS = frozenset({"name", "remote_id", "client_ref", "note", "campaign", "job", "id"})
SEPARATORS = re.compile(r"[,，;；\n]+")
#: what an operator is called where the common word would be odd
_WORDS_OF_KIND: dict[str, dict[str, Any]] = {
    "number": {"is": "=", "is_not": "≠"},
    "text": {"is_set": pgettext_lazy("operator", "is not empty"), "is_not_set": pgettext_lazy("operator", "is empty")},
    "date": {
        "is": pgettext_lazy("operator", "on"),
        "gt": pgettext_lazy("operator", "after"),
        "gte": pgettext_lazy("operator", "on or after"),
        "lt": pgettext_lazy("operator", "before"),
        "lte": pgettext_lazy("operator", "on or before"),
    },
}


@dataclass(frozen=True, slots=True)
class FilterField:
    """A field that can be filtered by; ``choices`` is empty for free input of ``input_type``."""

    key: str
    label: str
    operators: tuple[tuple[str, str], ...]
    choices: tuple[tuple[str, str], ...]
    input_type: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force, in words, and the address without it."""

    text: str
    encoded: str
    without: str
    field: str


def known_choices(accounts: Mapping[int, Any], labels: tuple[str, ...]) -> dict[str, tuple[tuple[str, str], ...]]:
    """What may be chosen per field: accounts and agencies that the reader sees, labels in use."""
    found = {key: tuple((value, str(label)) for value, label in choices.choices) for key, choices in _CHOICES.items()}
    found["account"] = tuple((str(one.id), f"{one.name} · {one.remote_id}") for one in accounts.values())
    agencies = {str(one.agency_id): one.agency_name for one in accounts.values() if one.agency_id}
    found["agency"] = (*agencies.items(), ("none", str(_("The advertiser itself"))))
    found["labels"] = tuple((label, label) for label in labels)
    return found


def field_label(key: str) -> str:
    """What a field or metric is called; an unknown one by its key."""
    if key in METRICS:
        return METRICS[key].label(get_language() or "en")
    return str(FIELD_WORDS.get(key, key))


def filter_field(key: str, choices: Mapping[str, tuple[tuple[str, str], ...]]) -> FilterField:
    """How the field is asked for; raises ``KeyError`` for an unknown one."""
    operators = tuple((one, operator_word(key, one)) for one in operators_for(key))
    unit = ""
    if key in METRICS:
        unit = {"money": "¥", "percent": "%", "seconds": "s"}.get(METRICS[key].unit, "")
        kind = "number"
    elif key in ("bid", "budget"):
        kind, unit = "number", "¥"
    else:
        kind = _kind(key)
    return FilterField(key, field_label(key), operators, choices.get(key, ()), kind, unit)


def chips(state: TableState, choices: Mapping[str, tuple[tuple[str, str], ...]]) -> tuple[Chip, ...]:
    """The filters in force."""
    return tuple(
        Chip(
            _in_words(condition, dict(choices.get(condition.field, ()))),
            encode_condition(condition),
            state.encoded(conditions=state.conditions[:index] + state.conditions[index + 1 :], page=1),
            condition.field,
        )
        for index, condition in enumerate(state.conditions)
    )


def operator_word(key: str, operator: str) -> str:
    """What an operator is called on a field: numbers have signs, days come before and after."""
    return str(_WORDS_OF_KIND.get(_kind(key), {}).get(operator, OPERATOR_WORDS[operator]))


def shown_values(condition: Condition) -> tuple[str, ...]:
    """The values as they stand in the filter's form: fractions as percentages, lists with commas."""
    if condition.field in METRICS and METRICS[condition.field].unit == "percent":
        return tuple(_percent(value).removesuffix("%") for value in condition.values)
    if condition.field in LISTED_FIELDS and condition.operator in ("any_of", "none_of"):
        return (", ".join(condition.values),)
    return condition.values


def with_condition(state: TableState, condition: Condition, *, instead_of: Condition | None = None) -> TableState:
    """The state with one more filter, or another in the place of one, on its first page; none stands twice."""
    if instead_of in state.conditions:
        changed = (condition if one == instead_of else one for one in state.conditions)
        return replace(state, conditions=tuple(dict.fromkeys(changed)), page=1)
    if condition in state.conditions:
        return state
    return replace(state, conditions=(*state.conditions, condition), page=1)


def _in_words(condition: Condition, names: Mapping[str, str]) -> str:
    unit = METRICS[condition.field].unit if condition.field in METRICS else ""
    if unit == "money" or condition.field in ("bid", "budget"):
        values = [f"¥{value}" for value in condition.values]
    else:
        values = [_percent(value) if unit == "percent" else names.get(value, value) for value in condition.values]
    joined = " – ".join(values) if condition.operator == "between" else ", ".join(values)
    word = operator_word(condition.field, condition.operator)
    return f"{field_label(condition.field)} {word} {joined}".rstrip()


def _kind(key: str) -> str:
    if key in METRICS or key in ("bid", "budget"):
        return "number"
    return "date" if key in _DAY_FIELDS else "text"


def _percent(fraction: str) -> str:
    try:
        return f"{float(fraction) * 100:g}%"
    except ValueError:
        return fraction
