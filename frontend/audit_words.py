"""How audit events are spoken of: actions, fields, values, and what verifying the chain found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns.choices import Status
from frontend import formats
from xmagnet.accounts.roles import Role

#: groups of actions for the filter: prefix → label
ACTION_GROUPS: dict[str, Any] = {
    "plan.": gettext_lazy("Plans"),
    "job.": gettext_lazy("Jobs"),
    "template.": gettext_lazy("Templates"),
    "audience.": gettext_lazy("Audience packs"),
    "member.": gettext_lazy("Members"),
    "token.": gettext_lazy("API tokens"),
    "agency.": gettext_lazy("Agencies"),
    "account.": gettext_lazy("Media accounts"),
    "application.": gettext_lazy("Developer applications"),
    "credential.": gettext_lazy("Logins at the media"),
    "webhook.": gettext_lazy("Webhooks"),
    "channel.": gettext_lazy("Chat channels"),
    "target.": gettext_lazy("Targets"),
}

#: every action that a service records; tests/frontend reads the sources and misses none
ACTIONS: dict[str, Any] = {
    "plan.created": gettext_lazy("Plan created"),
    "plan.changed": gettext_lazy("Plan changed"),
    "plan.undone": gettext_lazy("Change of a plan undone"),
    "plan.drifted": gettext_lazy("Plan changed at the media"),
    "plan.discovered": gettext_lazy("Plan found at the media"),
    "plan.annotated": gettext_lazy("Label or note of a plan changed"),
    "plan.change_queued": gettext_lazy("Change of a plan queued for later"),
    "plan.change_cancelled": gettext_lazy("Queued change of a plan cancelled"),
    "plan.change_skipped": gettext_lazy("Queued change of a plan skipped"),
    "job.cancelled": gettext_lazy("Job cancelled"),
    "template.saved": gettext_lazy("Template saved"),
    "template.shared": gettext_lazy("Sharing of a template changed"),
    "template.deleted": gettext_lazy("Template deleted"),
    "audience.saved": gettext_lazy("Audience pack saved"),
    "audience.deleted": gettext_lazy("Audience pack deleted"),
    "member.invited": gettext_lazy("Member invited"),
    "member.invitation_renewed": gettext_lazy("Invitation renewed"),
    "member.invitation_revoked": gettext_lazy("Invitation revoked"),
    "member.joined": gettext_lazy("Member joined"),
    "member.changed": gettext_lazy("Role or sight of a member changed"),
    "member.suspended": gettext_lazy("Member suspended"),
    "member.restored": gettext_lazy("Member let back in"),
    "member.unlocked": gettext_lazy("Lock of a member taken off"),
    "member.second_step_reset": gettext_lazy("Second step of a member reset"),
    "token.created": gettext_lazy("API token made"),
    "token.revoked": gettext_lazy("API token revoked"),
    "agency.created": gettext_lazy("Agency added"),
    "agency.changed": gettext_lazy("Agency changed"),
    "account.connected": gettext_lazy("Media account connected"),
    "account.authorized": gettext_lazy("Media account authorized again"),
    "account.refreshed": gettext_lazy("Login of a media account refreshed"),
    "account.paused": gettext_lazy("Media account paused"),
    "account.resumed": gettext_lazy("Media account resumed"),
    "account.agency_changed": gettext_lazy("Media account given to another agency"),
    "account.alarm_changed": gettext_lazy("Low-balance alarm changed"),
    "application.registered": gettext_lazy("Developer application registered"),
    "application.secret_changed": gettext_lazy("Secret of a developer application changed"),
    "credential.authorized": gettext_lazy("Login at the media authorized"),
    "webhook.created": gettext_lazy("Webhook added"),
    "webhook.changed": gettext_lazy("Webhook changed"),
    "webhook.rotated": gettext_lazy("Webhook secret renewed"),
    "webhook.deleted": gettext_lazy("Webhook removed"),
    "channel.created": gettext_lazy("Chat channel added"),
    "channel.changed": gettext_lazy("Chat channel changed"),
    "channel.switched_on": gettext_lazy("Chat channel switched on"),
    "channel.switched_off": gettext_lazy("Chat channel switched off"),
    "channel.deleted": gettext_lazy("Chat channel removed"),
    "target.changed": gettext_lazy("Targets changed"),
}

VIA_LABELS: dict[str, Any] = {
    "web": gettext_lazy("Web"),
    "api": gettext_lazy("API"),
    "job": gettext_lazy("Job"),
    "media": pgettext_lazy("via", "Media"),
    "command": gettext_lazy("Command line"),
    "system": gettext_lazy("System"),
}

#: fields of ``before`` and ``after``; what is missing here shows its own name
FIELDS: dict[str, Any] = {
    "account_ids": gettext_lazy("Only these media accounts"),
    "agency_id": gettext_lazy("Agency"),
    "bid_fen": gettext_lazy("Bid"),
    "client_ref": gettext_lazy("Reference"),
    "cpa_fen": gettext_lazy("Target CPA"),
    "daily_budget_fen": gettext_lazy("Daily budget"),
    "daily_cost_fen": gettext_lazy("Cost a day"),
    "events": gettext_lazy("Events"),
    "is_active": gettext_lazy("Active"),
    "is_shared": gettext_lazy("Shared"),
    "kind": gettext_lazy("Kind"),
    "labels": gettext_lazy("Labels"),
    "low_balance_fen": gettext_lazy("Low-balance alarm"),
    "name": gettext_lazy("Name"),
    "note": gettext_lazy("Note"),
    "prefix": gettext_lazy("Begins with"),
    "remote_id": gettext_lazy("Id at the media"),
    "roi": gettext_lazy("Target ROI"),
    "role": gettext_lazy("Role"),
    "schedule": gettext_lazy("Schedule"),
    "scopes": gettext_lazy("Scopes"),
    "status": gettext_lazy("Status"),
    "url": gettext_lazy("Address"),
    "version": gettext_lazy("Version"),
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after."""

    name: str
    before: str
    after: str


def action_label(action: str) -> str:
    """The action in the reader's language; an action of a newer version shows its code."""
    return str(ACTIONS.get(action, action))


def changes(before: dict[str, Any] | None, after: dict[str, Any] | None) -> tuple[FieldChange, ...]:
    """The fields that differ, by name; an absent side is empty."""
    old, new = before or {}, after or {}
    return tuple(
        FieldChange(str(FIELDS.get(name, name)), _text(name, old.get(name)), _text(name, new.get(name)))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


def verification_words(result: Mapping[str, Any] | None) -> tuple[str, str]:
    """What verifying the chain found, and its tone; empty while there is no result."""
    if not result:
        return "", ""
    if result.get("broken_seal_id") is not None:
        number = {"seal": result["broken_seal_id"], "events": result.get("events", 0)}
        return _("The chain breaks at seal %(seal)s: after %(events)s events something was changed.") % number, "bad"
    counts = {"events": result.get("events", 0), "seals": result.get("seals", 0), "open": result.get("unsealed", 0)}
    words = _("The chain holds: %(events)s events under %(seals)s seals are unchanged; %(open)s are not sealed yet.")
    return words % counts, "good"


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name.endswith("_fen") and isinstance(value, int):
        return formats.money(value)
    if name == "role" and value in Role.values:
        return str(Role(value).label)
    if name == "status" and value in Status.values:
        return str(Status(value).label)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
