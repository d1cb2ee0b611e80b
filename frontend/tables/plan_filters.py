"""How filters are spoken of: fields, operators, what may be chosen."""

from __future__ import annotations

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
    operators = tuple((one, str(OPERATOR_WORDS[one])) for one in operators_for(key))
    unit = ""
    if key in METRICS:
        unit = {"money": "¥", "percent": "%", "seconds": "s"}.get(METRICS[key].unit, "")
        kind = "number"
    elif key in ("bid", "budget"):
        kind, unit = "number", "¥"
    else:
        kind = "date" if key in _DAY_FIELDS else "text"
    return FilterField(key, field_label(key), operators, choices.get(key, ()), kind, unit)


def chips(state: TableState, choices: Mapping[str, tuple[tuple[str, str], ...]]) -> tuple[Chip, ...]:
    """The filters in force."""
    return tuple(
        Chip(
            _in_words(condition, dict(choices.get(condition.field, ()))),
            encode_condition(condition),
            state.encoded(conditions=state.conditions[:index] + state.conditions[index + 1 :], page=1),
        )
        for index, condition in enumerate(state.conditions)
    )


def with_condition(state: TableState, condition: Condition) -> TableState:
    """The state with one more filter, on its first page; the same filter is not added twice."""
    if condition in state.conditions:
        return state
    return replace(state, conditions=(*state.conditions, condition), page=1)


def _in_words(condition: Condition, names: Mapping[str, str]) -> str:
    percent = condition.field in METRICS and METRICS[condition.field].unit == "percent"
    values = [_percent(value) if percent else names.get(value, value) for value in condition.values]
    joined = " – ".join(values) if condition.operator == "between" else ", ".join(values)
    return f"{field_label(condition.field)} {OPERATOR_WORDS[condition.operator]} {joined}".rstrip()


def _percent(fraction: str) -> str:
    try:
        return f"{float(fraction) * 100:g}%"
    except ValueError:
        return fraction
