"""Makers of this app's rows for tests."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from media_connectors.contracts import (
    BidType,
    CampaignDraft,
    ConversionGoal,
    CreativeDraft,
    MaterialKind,
    MaterialRef,
    Objective,
    PlanDraft,
    Platform,
    Targeting,
)
from media_connectors.models import MediaAccount, MediaApplication, MediaCredential
from xmagnet.accounts.models import Organization
from xmagnet.core.crypto import encrypt
from xmagnet.core.scope import organization_scope


def make_credential(
    organization: Organization,
    *,
    vendor: str = "oceanengine",
    application_id: str = "42",
    access_token: str = "access-1",
    refresh_token: str = "refresh-1",
    expires_in: timedelta = timedelta(days=1),
    secret: str = "application-secret",
) -> MediaCredential:
    """A credential with its application."""
    with organization_scope(organization.pk), transaction.atomic():
        application, _ = MediaApplication.objects.get_or_create(
            vendor=vendor,
            application_id=application_id,
            defaults={"encrypted_secret": encrypt(secret), "organization": organization},
        )
        credential = MediaCredential(
            organization=organization,
            application=application,
            encrypted_access_token=encrypt(access_token),
            encrypted_refresh_token=encrypt(refresh_token),
            access_expires_at=timezone.now() + expires_in,
            refresh_expires_at=timezone.now() + timedelta(days=30),
        )
        credential.save()
        return credential


def make_media_account(
    organization: Organization,
    *,
    platform: str = Platform.DOUYIN,
    remote_id: str = "1700000000000000007",
    credential: MediaCredential | None = None,
    **fields: Any,
) -> MediaAccount:
    """A media account of the organization; without a credential it is not authorised."""
    with organization_scope(organization.pk), transaction.atomic():
        account = MediaAccount(
            organization=organization,
            platform=platform,
            remote_id=remote_id,
            credential=credential,
            name=fields.pop("name", f"Account {remote_id[-4:]}"),
            **fields,
        )
        account.save()
        return account


def campaign_draft(name: str = "春季", **fields: Any) -> CampaignDraft:
    values: dict[str, Any] = {
        "objective": Objective.LEADS,
        "goal": ConversionGoal.FORM,
        "bid_type": BidType.TARGET_CPA,
        "targeting": Targeting(),
        "landing_url": "https://example.com/form",
    }
    return CampaignDraft(name=name, **{**values, **fields})


def plan_draft(name: str = "计划 #k7f3q", campaign_remote_id: str = "7300000000000000001", **fields: Any) -> PlanDraft:
    values: dict[str, Any] = {
        "objective": Objective.LEADS,
        "goal": ConversionGoal.FORM,
        "bid_type": BidType.TARGET_CPA,
        "bid_fen": 8_050,
        "daily_budget_fen": 50_000,
        "schedule": "",
        "start_on": date(2026, 11, 22),
        "end_on": None,
        "targeting": Targeting(),
        "landing_url": "https://example.com/form",
        "titles": ("三分钟了解保障",),
        "materials": (MaterialRef(MaterialKind.VIDEO_VERTICAL, "v0001", "c0001"),),
        "brand_name": "安心保险",
        "call_to_action": "立即咨询",
    }
    return PlanDraft(campaign_remote_id=campaign_remote_id, name=name, **{**values, **fields})


def creative_draft(
    name: str = "创意 #k7f3q", plan_remote_id: str = "8300000000000000001", **fields: Any
) -> CreativeDraft:
    values: dict[str, Any] = {
        "titles": ("三分钟了解保障",),
        "materials": (MaterialRef(MaterialKind.VIDEO_VERTICAL, "5001", "token-1"),),
        "call_to_action": "立即咨询",
    }
    return CreativeDraft(plan_remote_id=plan_remote_id, name=name, **{**values, **fields})
