"""How audit events are spoken of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

#: groups of actions for the filter: prefix → label
ACTION_GROUPS: dict[str, Any] = {
    "plan.": _("Plans"),
    "job.": _("Jobs"),
    "member.": _("Members"),
    "token.": _("API tokens"),
    "agency.": _("Agencies"),
    "account.": _("Media accounts"),
    "webhook.": _("Webhooks"),
}

VIA_LABELS: dict[str, Any] = {
    "web": _("Web"),
    "api": _("API"),
    "job": _("Job"),
    "command": _("Command line"),
    "system": _("System"),
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after."""

    name: str
    before: str
    after: str


def changes(before: dict[str, Any] | None, after: dict[str, Any] | None) -> tuple[FieldChange, ...]:
    """The fields that differ, by name; an absent side is empty."""
    old, new = before or {}, after or {}
    return tuple(
        FieldChange(name, _text(old.get(name)), _text(new.get(name)))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
