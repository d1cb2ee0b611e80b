"""Plans with numbers for the pages' tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns.domain.metrics import MEASURES
from campaigns.services.ingest import ingest_hours
from media_connectors.contracts import MetricRow
from tests.factories import make_account, make_plan
from xmagnet.accounts.models import Organization
from xmagnet.core.clock import media_today
from xmagnet.core.scope import organization_scope


def make_delivery(organization: Organization, *, plan_count: int = 3, days: int = 2) -> list[Any]:
    """Plans on a Douyin and a Kuaishou account, with an hour of numbers on each of the last days."""
    with transaction.atomic():
        accounts, made = _settings(organization, plan_count)
    for account in accounts:
        rows = [
            _hour(plan.remote_id, ago, 1000 * (index + 1))
            for index, (owner, plan) in enumerate(made)
            if owner is account
            for ago in range(days)
        ]
        with organization_scope(organization.pk):
            ingest_hours(
                account_id=account.pk, pages=[rows], first_on=media_today() - timedelta(days=7),
                last_on=media_today(), now=timezone.now(), save_cursor=None,
            )  # fmt: skip
    return [plan for _account, plan in made]


def _settings(organization: Organization, plan_count: int) -> tuple[list[Any], list[tuple[Any, Any]]]:
    accounts = [
        make_account(organization, platform="douyin", name="太阳人寿 抖音 01"),
        make_account(organization, platform="kuaishou", name="太阳人寿 快手 01"),
    ]
    made = []
    for number in range(plan_count):
        account = accounts[number % 2]
        learning = ("learning", "learned", "failed", "none")[number % 4]
        plan = make_plan(
            account, name=f"百万医疗险 首月1元 {number:03d}", learning_state=learning, bid_fen=3_500 + 100 * number,
            labels=["双十一"] if number % 2 else [], status="paused" if number % 5 == 4 else "enabled",
        )  # fmt: skip
        made.append((account, plan))
    return accounts, made


def _hour(remote_id: str, days_ago: int, size: int) -> MetricRow:
    numbers = dict.fromkeys(MEASURES, 0) | {
        "impressions": size * 20, "clicks": size // 5, "cost_fen": size * 12, "conversions": size // 400,
        "billed_conversions": size // 400, "revenue_fen": size * 15, "plays": size * 15, "plays_3s": size * 6,
        "completed_plays": size, "watched_ms": size * 30_000,
    }  # fmt: skip
    return MetricRow(remote_id, media_today() - timedelta(days=days_ago), 0, *numbers.values())
