"""THE table of routes: who may call what, on whose objects. A route that is not here fails the build."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Route:
    """One URL name.

    ``permissions``: what each method needs; ``None`` as permission means any member. ``objects``: which ids of a
    ``Side`` its arguments are, so that other tenants' and other agencies' can be put there. ``kind``: public (anybody),
    personal (signed in), org (a member of the organization in the URL).
    """

    permissions: dict[str, str | None] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    kind: str = "org"
    extra: dict[str, object] = field(default_factory=dict)  # further arguments
    own_only: bool = False  # the object belongs to a person: even colleagues get 404


READ_JOBS = {"GET": "jobs:read"}
READ_OVERVIEW = {"GET": "overview:read"}  # every role has it


def both(permission: str) -> dict[str, str | None]:
    """A page with a form: the same permission to see and to send it."""
    return {"GET": permission, "POST": permission}


ROUTES: dict[str, Route] = {
    "healthz": Route(kind="public"),
    "readyz": Route(kind="public"),
    "metrics": Route(kind="public"),
    "api-schema": Route(kind="public"),
    "api-docs": Route(kind="public"),
    "frontend:home": Route(kind="personal"),
    "frontend:set-language": Route({"POST": None}, kind="public"),
    "account_login": Route(kind="public"),
    "account_logout": Route(kind="personal"),
    "account_inactive": Route(kind="public"),
    "account_reauthenticate": Route(kind="personal"),
    "account_change_password": Route(kind="personal"),
    "account_reset_password": Route(kind="public"),
    "account_reset_password_done": Route(kind="public"),
    "account_reset_password_from_key": Route(kind="public"),
    "account_reset_password_from_key_done": Route(kind="public"),
    "frontend:session-end": Route(kind="personal", extra={"session_id": 1}),
    "mfa_index": Route(kind="personal"),
    "mfa_authenticate": Route(kind="public"),
    "mfa_reauthenticate": Route(kind="personal"),
    "mfa_activate_totp": Route(kind="personal"),
    "mfa_deactivate_totp": Route(kind="personal"),
    "mfa_view_recovery_codes": Route(kind="personal"),
    "mfa_generate_recovery_codes": Route(kind="personal"),
    "mfa_download_recovery_codes": Route(kind="personal"),
    "usersessions_list": Route(kind="personal"),
    "api:plans": Route({"GET": "plans:read"}),
    "api:plan": Route({"GET": "plans:read", "PATCH": "plans:write"}, {"plan_id": "plan"}),
    "api:plan-metrics": Route({"GET": "plans:read"}, {"plan_id": "plan"}),
    "api:plans-bulk-update": Route({"POST": "plans:write"}),
    "api:plans-undo": Route({"POST": "plans:write"}),
    "api:plans-labels": Route({"POST": "plans:write"}),
    "api:accounts": Route({"GET": "accounts:read"}),
    "api:campaigns": Route({"GET": "plans:read"}),
    "api:materials": Route({"GET": "plans:read"}),
    "api:me": Route(READ_JOBS),
    "api:limits": Route(READ_JOBS),
    "api:webhooks": Route(both("webhooks:manage")),
    "api:webhook": Route(
        {"GET": "webhooks:manage", "PATCH": "webhooks:manage", "DELETE": "webhooks:manage"}, {"endpoint_id": "endpoint"}
    ),
    "api:webhook-rotate": Route({"POST": "webhooks:manage"}, {"endpoint_id": "endpoint"}),
    "api:webhook-test": Route({"POST": "webhooks:manage"}, {"endpoint_id": "endpoint"}),
    "api:webhook-deliveries": Route({"GET": "webhooks:manage"}, {"endpoint_id": "endpoint"}),
    "api:webhook-redeliver": Route({"POST": "webhooks:manage"}, {"delivery_id": "delivery"}),
    "api:plans-bulk": Route({"POST": "plans:write"}),
    "api:plans-bulk-template": Route({"GET": "plans:write"}),
    "api:jobs": Route(READ_JOBS),
    "api:job": Route(READ_JOBS, {"job_id": "job"}),
    "api:job-rows": Route(READ_JOBS, {"job_id": "job"}),
    "api:job-results": Route(READ_JOBS, {"job_id": "job"}),
    "api:job-cancel": Route({"POST": "jobs:write"}, {"job_id": "job"}),
    "api:job-retry": Route({"POST": "jobs:write"}, {"job_id": "job"}),
    "frontend:overview": Route({"GET": "overview:read"}),
    "frontend:search": Route({"GET": "overview:read"}),
    "frontend:search-suggestions": Route({"GET": "overview:read"}),
    "frontend:notifications": Route(READ_OVERVIEW),
    "frontend:notifications-bell": Route(READ_OVERVIEW),
    "frontend:notifications-unread": Route(READ_OVERVIEW),
    "frontend:notifications-read": Route({"POST": "overview:read"}),
    "frontend:notification": Route(READ_OVERVIEW, {"notice_id": "notice"}),
    "frontend:notification-settings": Route(both("overview:read")),
    "frontend:notification-email-test": Route({"POST": "overview:read"}),
    "frontend:own-channel-add": Route(both("overview:read")),
    "frontend:channels": Route({"GET": "organization:manage"}),
    "frontend:channel-add": Route(both("organization:manage")),
    "frontend:channel": Route(both("overview:read"), {"channel_id": "channel"}, own_only=True),
    "frontend:channel-action": Route({"POST": "overview:read"}, {"channel_id": "channel"}, own_only=True),
    "frontend:jobs": Route(READ_JOBS),
    "frontend:job": Route(READ_JOBS, {"job_id": "job"}),
    "frontend:job-progress": Route(READ_JOBS, {"job_id": "job"}),
    "frontend:job-cancel": Route({"POST": "jobs:write"}, {"job_id": "job"}),
    "frontend:accounts": Route({"GET": "accounts:read"}),
    "frontend:account-action": Route({"POST": "accounts:manage"}, {"account_id": "account"}),
    "frontend:account-alarm": Route(both("accounts:manage"), {"account_id": "account"}),
    "frontend:account-agency": Route(both("agencies:manage"), {"account_id": "account"}),
    "frontend:connect": Route(both("accounts:manage")),
    "frontend:connect-callback": Route({"GET": "accounts:manage"}),
    "frontend:connect-authorize": Route({"GET": "accounts:manage"}, {"application_id": "application"}),
    "frontend:connect-choose": Route(
        both("accounts:manage"), {"credential_id": "credential"}, extra={"vendor": "kuaishou"}
    ),
    "frontend:build": Route({"GET": "plans:write"}),
    "frontend:build-preview": Route({"POST": "plans:write"}),
    "frontend:build-draft": Route({"POST": "plans:write"}),
    "frontend:build-submit": Route({"POST": "plans:write"}),
    "frontend:build-materials": Route({"GET": "plans:write"}),
    "frontend:build-templates": Route(both("plans:write")),
    "frontend:build-picture": Route({"GET": "plans:read"}),
    "frontend:build-titles": Route({"GET": "plans:write"}),
    "frontend:build-regions": Route({"GET": "plans:write"}),
    "frontend:build-interests": Route({"GET": "plans:write"}),
    "frontend:build-audiences": Route({"GET": "plans:write"}),
    "frontend:build-audience-save": Route({"POST": "templates:write"}),
    "frontend:build-audience": Route({"GET": "plans:write"}, {"audience_id": "audience"}),
    "frontend:build-audience-delete": Route({"POST": "templates:write"}, {"audience_id": "audience"}),
    "frontend:plan": Route({"GET": "plans:read"}, {"plan_id": "plan"}),
    "frontend:plan-chart": Route({"GET": "plans:read"}, {"plan_id": "plan"}),
    "frontend:plan-edit": Route({"GET": "plans:write"}, {"plan_id": "plan"}, extra={"field": "bid"}),
    "frontend:plan-bulk": Route({"POST": "plans:write"}),
    "frontend:plan-change-preview": Route({"POST": "plans:write"}),
    "frontend:plan-change-apply": Route({"POST": "plans:write"}),
    "frontend:changes": Route({"GET": "plans:read"}),
    "frontend:undo-event": Route(both("plans:write"), {"event_id": "event"}),
    "frontend:undo-job": Route(both("plans:write"), {"job_id": "job"}),
    "frontend:plan-labels": Route({"POST": "plans:write"}),
    "frontend:plan-note": Route(both("plans:write"), {"plan_id": "plan"}),
    "frontend:plan-upload": Route(both("plans:write")),
    "frontend:upload-check": Route({"POST": "plans:write"}),
    "frontend:upload-failed": Route({"POST": "plans:write"}),
    "frontend:upload-template": Route({"GET": "plans:read"}, extra={"extension": "csv"}),
    "frontend:templates": Route({"GET": "plans:read"}),
    "frontend:template": Route({"GET": "plans:read"}, {"template_id": "template"}),
    "frontend:template-restore": Route({"POST": "templates:write"}, {"template_id": "template"}, own_only=True),
    "frontend:job-launch-form": Route({"GET": "plans:launch"}, {"job_id": "job"}),
    "frontend:job-launch": Route({"POST": "plans:launch"}, {"job_id": "job"}),
    "frontend:template-share": Route({"POST": "templates:write"}, {"template_id": "template"}, own_only=True),
    "frontend:template-delete": Route({"POST": "templates:write"}, {"template_id": "template"}, own_only=True),
    "frontend:plans": Route({"GET": "plans:read"}),
    "frontend:plan-filter": Route({"GET": "plans:read"}),
    "frontend:plan-columns": Route({"GET": "plans:read"}),
    "frontend:plan-export": Route({"GET": "plans:read"}, extra={"extension": "csv"}),
    "frontend:plan-view-save": Route(both("plans:read")),
    "frontend:plan-view-delete": Route({"POST": "plans:read"}, {"view_id": "view"}, own_only=True),
    "frontend:job-rows": Route(READ_JOBS, {"job_id": "job"}),
    "frontend:job-results": Route(READ_JOBS, {"job_id": "job"}, extra={"extension": "csv"}),
    "frontend:job-retry": Route({"POST": "jobs:write"}, {"job_id": "job"}),
    "frontend:webhooks": Route({"GET": "webhooks:manage"}),
    "frontend:webhook-add": Route(both("webhooks:manage")),
    "frontend:webhook": Route({"GET": "webhooks:manage"}, {"endpoint_id": "endpoint"}),
    "frontend:webhook-change": Route(both("webhooks:manage"), {"endpoint_id": "endpoint"}),
    "frontend:webhook-action": Route({"POST": "webhooks:manage"}, {"endpoint_id": "endpoint"}),
    "frontend:webhook-redeliver": Route({"POST": "webhooks:manage"}, {"delivery_id": "delivery"}),
    "frontend:agencies": Route({"GET": "agencies:read"}),
    "frontend:agency-add": Route(both("agencies:manage")),
    "frontend:agency": Route({"GET": "agencies:read"}, {"agency_id": "agency"}),
    "frontend:agency-accounts": Route({"POST": "agencies:manage"}, {"agency_id": "agency"}),
    "frontend:agency-change": Route(both("agencies:manage"), {"agency_id": "agency"}),
    "frontend:agency-switch": Route({"POST": "agencies:manage"}, {"agency_id": "agency"}),
    "frontend:members": Route({"GET": "members:read"}),
    "frontend:member-invite": Route(both("members:manage")),
    "frontend:member-change": Route(both("members:manage"), {"member_id": "membership"}),
    "frontend:member-suspend": Route({"POST": "members:manage"}, {"member_id": "membership"}),
    "frontend:invitation-renew": Route({"POST": "members:manage"}, {"invitation_id": "invitation"}),
    "frontend:invitation-revoke": Route({"POST": "members:manage"}, {"invitation_id": "invitation"}),
    "frontend:join": Route(kind="public"),
    "frontend:tokens": Route({"GET": "tokens:manage"}),
    "frontend:token-make": Route(both("tokens:manage")),
    "frontend:token-revoke": Route({"POST": "tokens:manage"}, {"token_id": "token"}, own_only=True),
    "frontend:audit": Route({"GET": "audit:read"}),
    "frontend:audit-export": Route({"GET": "audit:read"}),
    "frontend:audit-verify": Route({"POST": "audit:read"}),
    "frontend:profile": Route(both("overview:read")),
}
