"""Making the demo, step by step."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from django.db import transaction

from campaigns.services.sync import sync_account
from media_connectors.contracts import Platform, Vendor
from media_connectors.services.connecting import (
    AccountChoice,
    begin_authorization,
    complete_authorization,
    connect_accounts,
    register_application,
)
from media_connectors.services.lines import line_to
from xmagnet.accounts.actor import Actor
from xmagnet.accounts.guard import authorized
from xmagnet.accounts.models import Organization
from xmagnet.core.clock import media_now
from xmagnet.local.demo.media import APPLICATIONS, MockMedia
from xmagnet.local.demo.people import AGENCIES, SLUG, DemoAccess, keep_access, make_people, place_people
from xmagnet.local.demo.plans import make_plans
from xmagnet.people.agencies import create_agency
from xmagnet.people.api_tokens import create_token

WEEK = timedelta(days=7)  # Kuaishou's reports reach back seven days: history is read week by week
ACCOUNTS_PER_PLATFORM = 2
PLANS_IN_FIRST_WEEK, PLANS_IN_LATER_WEEKS = 12, 4
PLATFORMS = {
    Vendor.OCEANENGINE: (Platform.DOUYIN, Platform.TOUTIAO),
    Vendor.KUAISHOU: (Platform.KUAISHOU,),
}
TOKEN_SCOPES = ["plans:read", "plans:write", "plans:launch", "jobs:read", "jobs:write", "accounts:read"]
SEED = 20_261_122


def make_demo(*, media_url: str, public_url: str, var_directory: Path, tell: Callable[[str], None]) -> None:
    """Fill an empty database; does nothing when the demo's organization is there already."""
    if Organization.objects.filter(slug=SLUG).exists():
        tell("the demo is there already")
        return
    media = MockMedia(media_url)
    password = secrets.token_urlsafe(9)
    organization, admin = make_people(password)
    with authorized(admin, organization.pk, "organization:manage", via="command") as actor:
        with transaction.atomic():
            agency_ids = [create_agency(actor, name=name).pk for name in AGENCIES]
            place_people(agency_ids)
            token = create_token(actor, name="First steps", scopes=TOKEN_SCOPES, lifetime_days=90, environment="local")
        keep_access(var_directory, DemoAccess(password, token.text))
        accounts = _connect(actor, media, agency_ids, public_url)
        tell(f"{len(accounts)} media accounts connected")
        _live_through(organization.pk, accounts, media, tell)


def _connect(actor: Actor, media: MockMedia, agency_ids: Sequence[int], public_url: str) -> list[int]:
    """Through the consent pages: two accounts for each media, dealt out to the agencies."""
    connected: list[int] = []
    for vendor, (application_id, secret) in APPLICATIONS.items():
        own_id = register_application(actor, vendor=vendor, application_id=application_id, secret=secret)
        url = begin_authorization(actor, application_id=own_id, redirect_url=f"{public_url}/")
        answer = media.consent(url)
        granted = complete_authorization(actor, state=answer["state"], auth_code=answer["auth_code"])
        wanted = [platform for platform in PLATFORMS[vendor] for _number in range(ACCOUNTS_PER_PLATFORM)]
        for platform, account in zip(wanted, granted.accounts, strict=False):
            connected += connect_accounts(
                actor,
                credential_id=granted.credential_id,
                choices=[AccountChoice(platform, account.remote_id)],
                agency_id=agency_ids[len(connected) % len(agency_ids)],
            )
    return connected


def _live_through(organization_id: int, accounts: Sequence[int], media: MockMedia, tell: Callable[[str], None]) -> None:
    """The weeks until now: plans are made at the media, run, are joined by newer ones, and are read week by week."""
    lines = [line_to(account_id) for account_id in accounts]
    weeks = round((media_now() - media.now()) / WEEK)  # none, when the mock was there before the demo
    for week in range(max(1, weeks)):
        today = media.now().date()
        count = PLANS_IN_LATER_WEEKS if week else PLANS_IN_FIRST_WEEK
        with ThreadPoolExecutor(len(lines)) as pool:
            made = [pool.submit(make_plans, line, count=count, week=week, today=today, seed=SEED) for line in lines]
            plans = sum(future.result() for future in made)
        if week < weeks:
            media.advance(WEEK)
        for account_id in accounts:
            sync_account(organization_id, account_id, now=media.now())
        tell(f"week {week + 1}: {plans} new plans ran")
