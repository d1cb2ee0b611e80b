"""Two insurers, two agencies in each, and one of everything in each agency, marked with canary names.

Every name of an object holds ``CANARY-<organization>-<agency>``; an answer that shows a canary of somebody else leaks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns.models import (
    BulkRow,
    Campaign,
    DeliveryTarget,
    Plan,
    QueuedChange,
    SavedAudience,
    SavedView,
    SettingTemplate,
)
from campaigns.services.materials import keep_materials
from media_connectors.models import MediaAccount, MediaApplication, MediaCredential
from tests.factories import OrganizationFactory, make_agency, make_member
from xmagnet.accounts.models import AccountGrant, Agency, ApiToken, Invitation, Membership, Organization, User
from xmagnet.accounts.roles import AGENCY_ROLES, Role
from xmagnet.audit.models import AuditEvent
from xmagnet.core.clock import media_today
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job
from xmagnet.notices.models import ChatChannel, Notice, NoticeDelivery, NoticeRead, NoticeSettings
from xmagnet.webhooks.models import WebhookDelivery, WebhookEndpoint


@dataclass
class Side:
    """What one agency of one organization owns: ids by kind of object."""

    organization: Organization
    agency: Agency
    canary: str
    ids: dict[str, Any] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)


@dataclass
class World:
    """``own`` and ``sibling`` are agencies of one organization, ``foreign`` belongs to another."""

    own: Side
    sibling: Side
    foreign: Side
    headquarters: dict[str, User]

    def actors(self) -> list[tuple[str, User, bool]]:
        """(role, user, is narrowed to the own agency)."""
        people = [(role, user, False) for role, user in self.headquarters.items()]
        return people + [(role, user, True) for role, user in self.own.users.items()]


def make_world() -> World:
    """Everything, in three inserts an object."""
    first, second = OrganizationFactory(slug="canary-one"), OrganizationFactory(slug="canary-two")
    own, sibling = make_side(first, "ONE-A"), make_side(first, "ONE-B")
    foreign = make_side(second, "TWO-A")
    headquarters = {str(role): make_member(first, role) for role in Role}
    return World(own, sibling, foreign, headquarters)


def make_side(organization: Organization, mark: str) -> Side:
    """One of everything that an agency can own."""
    canary = f"CANARY-{mark}"
    side = Side(organization, make_agency(organization, canary), canary)
    side.users = {str(role): make_member(organization, role, agency=side.agency) for role in sorted(AGENCY_ROLES)}
    with organization_scope(organization.pk), transaction.atomic():
        _fill(side)
    return side


def _fill(side: Side) -> None:
    canary, agency = side.canary, side.agency
    owner = side.users[Role.OPTIMIZER]
    application = MediaApplication.objects.create(
        vendor="kuaishou", application_id=f"6{agency.pk}", encrypted_secret=b"x"
    )
    # Withdrawn, so that no page that uses it asks the media.
    credential = MediaCredential.objects.create(
        application=application, encrypted_access_token=b"x", encrypted_refresh_token=b"x", is_revoked=True,
        access_expires_at=timezone.now(), refresh_expires_at=timezone.now(),
    )  # fmt: skip
    account = MediaAccount.objects.create(agency=agency, platform="kuaishou", remote_id=f"9{agency.pk:06}", name=canary)
    campaign = Campaign.objects.create(account=account, platform="kuaishou", remote_id=f"8{agency.pk}", name=canary)
    job = Job(
        kind="plans.create",
        state="partially_succeeded",
        is_row_driven=True,
        agency_id=agency.pk,
        permission="plans:write",
        user_id=owner.pk,
        user_name=canary,
        source={"format": "json", "filename": canary},
        counts={"succeeded": 1},
        total_count=1,
        finished_at=timezone.now(),
    )
    job.save(force_insert=True)
    plan = Plan.objects.create(
        account=account,
        campaign=campaign,
        platform="kuaishou",
        agency_id=agency.pk,
        remote_id=f"7{agency.pk}",
        client_ref=canary,
        name=canary,
        bid_fen=5000,
        daily_budget_fen=50000,
        job_id=job.pk,
        titles=[canary],
        materials=[{"kind": "video", "remote_id": f"v{canary}", "cover_remote_id": ""}],
    )
    keep_materials([plan.pk])
    row = BulkRow.objects.create(
        job=job, row_index=0, line=1, client_ref=canary, account=account, plan=plan, state="succeeded",
        outcome="created", source={"name": canary}, spec={},
    )  # fmt: skip
    template = SettingTemplate.objects.create(
        name=canary, content={"name": canary}, is_shared=True, agency_id=agency.pk, created_by_id=owner.pk
    )
    audience = SavedAudience.objects.create(name=canary, content={"name": canary}, agency_id=agency.pk)
    invitation = Invitation.objects.create(
        email=f"{canary.lower()}@example.com", role=Role.OPTIMIZER, agency=agency, secret_sha256=canary,
        expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    token = ApiToken.objects.create(
        user=owner, name=canary, prefix=f"{agency.pk:08}", token_sha256=canary, scopes=["plans:read"],
        expires_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    DeliveryTarget.objects.get_or_create(platform="", defaults={"cpa_fen": 5000})  # siblings share their organization's
    view = SavedView.objects.create(
        table="plans", name=canary, is_shared=True, owner_id=owner.pk, owner_name=canary, agency_id=agency.pk
    )
    event = AuditEvent.objects.create(
        action="plan.changed", object_type="plan", object_id=str(plan.pk), object_name=canary, via="web",
        account_id=account.pk, agency_id=agency.pk, before={"bid_fen": 4000}, after={"bid_fen": 5000}, job_id=job.pk,
    )  # fmt: skip
    waiting = QueuedChange.objects.create(
        account=account, plan=plan, field="bid", before=4000, after=5000, run_on=media_today() + timedelta(days=1),
        reason=canary, job_id=job.pk, user_id=owner.pk, user_name=canary,
    )  # fmt: skip
    endpoint = WebhookEndpoint.objects.create(
        agency_id=agency.pk, url="https://receiver.test/hook", description=canary, encrypted_secret=b"x"
    )
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint, event="job.completed", payload={"data": {"mark": canary}}, state="delivered"
    )
    notice = Notice.objects.create(event="job.finished", object_id=job.pk, data={"kind": canary}, agency_id=agency.pk)
    channel = ChatChannel.objects.create(
        user_id=owner.pk, kind="wecom", name=canary, encrypted_url=b"x", address_hint=canary
    )
    side.ids = {
        "notice": notice.pk,
        "channel": channel.pk,
        "endpoint": endpoint.pk,
        "delivery": delivery.pk,
        "application": application.pk,
        "credential": credential.pk,
        "account": account.pk,
        "campaign": campaign.pk,
        "plan": plan.pk,
        "job": job.pk,
        "row": row.pk,
        "template": template.pk,
        "audience": audience.pk,
        "invitation": invitation.pk,
        "token": token.pk,
        "view": view.pk,
        "event": event.pk,
        "waiting": waiting.pk,
        "agency": agency.pk,
        "membership": Membership.objects.get(user=owner).pk,
    }


def fingerprint(side: Side) -> dict[str, Any]:
    """Counts and newest states of the side's organization: equal before and after a denied call."""
    with organization_scope(side.organization.pk), transaction.atomic():
        return {
            "plans": list(Plan.objects.order_by("id").values("id", "status", "bid_fen", "daily_budget_fen", "name")),
            "jobs": list(Job.objects.order_by("id").values("id", "state", "cancel_requested_at")),
            "rows": BulkRow.objects.count(),
            "waiting": list(QueuedChange.objects.order_by("id").values("id", "state")),
            "accounts": list(MediaAccount.objects.order_by("id").values("id", "name", "is_active", "agency_id")),
            "templates": SettingTemplate.objects.count(),
            "audiences": SavedAudience.objects.count(),
            "targets": list(
                DeliveryTarget.objects.order_by("id").values("platform", "daily_cost_fen", "cpa_fen", "roi")
            ),
            "members": list(Membership.objects.order_by("id").values("id", "role", "is_active", "agency_id")),
            "grants": AccountGrant.objects.count(),
            "invitations": list(Invitation.objects.order_by("id").values("id", "revoked_at")),
            "tokens": list(ApiToken.objects.order_by("id").values("id", "revoked_at")),
            "agencies": list(Agency.objects.order_by("id").values("id", "name", "is_active")),
            "views": SavedView.objects.count(),
            "endpoints": list(WebhookEndpoint.objects.order_by("id").values("id", "url", "is_active")),
            "notices": Notice.objects.count(),
            "read": NoticeRead.objects.count(),
            "wishes": list(NoticeSettings.objects.order_by("id").values("user_id", "channels", "read_up_to")),
            "channels": list(ChatChannel.objects.order_by("id").values("id", "name", "is_active")),
            "messages": NoticeDelivery.objects.count(),
            "deliveries": WebhookDelivery.objects.count(),
            "events": AuditEvent.objects.count(),
        }
