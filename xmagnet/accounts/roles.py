"""THE role table: which role may do what. API token scopes are the same words.

A permission is ``noun:verb``. A token can never do more than the person who made it.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    ADMIN = "admin", _("Administrator")
    OPTIMIZER = "optimizer", _("Optimizer")
    AGENCY_MANAGER = "agency_manager", _("Agency manager")
    AGENCY_LEAD = "agency_lead", _("Agency lead")
    CREATIVE = "creative", _("Creative producer")
    REVIEWER = "reviewer", _("Creative reviewer")
    ANALYST = "analyst", _("Analyst")
    FINANCE = "finance", _("Finance")


PERMISSIONS: dict[str, object] = {
    "overview:read": _("See the overview"),
    "plans:read": _("See plans and their metrics"),
    "plans:write": _("Create plans (paused) and change bids, budgets, names and schedules"),
    "plans:launch": _("Start and pause delivery"),
    "templates:write": _("Save and share setting templates"),
    "accounts:read": _("See media accounts"),
    "accounts:manage": _("Connect, refresh and pause media accounts"),
    "jobs:read": _("See jobs and their results"),
    "jobs:write": _("Cancel and retry jobs"),
    "agencies:read": _("See agencies"),
    "agencies:manage": _("Add agencies and assign their accounts"),
    "members:read": _("See members and roles"),
    "members:manage": _("Invite members and change roles"),
    "tokens:manage": _("Make and revoke one's own API tokens"),
    "webhooks:manage": _("Configure webhooks"),
    "audit:read": _("Read the audit log"),
    "organization:manage": _("Change the organization's settings"),
}

_EVERYONE = {"overview:read", "tokens:manage", "jobs:read"}
_DELIVERY_READ = {"plans:read", "accounts:read"}
_DELIVERY_WRITE = _DELIVERY_READ | {"plans:write", "plans:launch", "templates:write", "jobs:write"}

ROLE_PERMISSIONS: dict[str, frozenset[str]] = {
    Role.ADMIN: frozenset(PERMISSIONS),
    Role.OPTIMIZER: frozenset(_EVERYONE | _DELIVERY_WRITE | {"webhooks:manage"}),
    Role.AGENCY_MANAGER: frozenset(_EVERYONE | _DELIVERY_READ | {"agencies:read", "agencies:manage", "members:read"}),
    Role.AGENCY_LEAD: frozenset(_EVERYONE | _DELIVERY_READ | {"agencies:read"}),
    Role.CREATIVE: frozenset(_EVERYONE),
    Role.REVIEWER: frozenset(_EVERYONE),
    Role.ANALYST: frozenset(_EVERYONE | _DELIVERY_READ | {"agencies:read"}),
    Role.FINANCE: frozenset(_EVERYONE | {"accounts:read", "agencies:read"}),
}

#: roles that a user of an agency may hold; the others see the whole organization by nature
AGENCY_ROLES = frozenset({Role.OPTIMIZER, Role.AGENCY_LEAD, Role.CREATIVE})


def permissions_of(role: str) -> frozenset[str]:
    """What the role may do; an unknown role may do nothing."""
    return ROLE_PERMISSIONS.get(role, frozenset())
