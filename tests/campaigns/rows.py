"""Metric rows for tests, and the way in."""

from datetime import timedelta

from django.utils import timezone

from campaigns.domain.metrics import MEASURES
from campaigns.services.ingest import ingest_hours
from media_connectors.contracts import MetricRow
from tests.campaigns.conftest import TODAY
from xmagnet.core.scope import organization_scope


def hour(plan, days_ago=0, at=9, **numbers):
    """One hour of one plan; what is not named is 0."""
    values = dict.fromkeys(MEASURES, 0) | numbers
    return MetricRow(plan.remote_id, TODAY - timedelta(days=days_ago), at, *values.values())


def ingest(account, *rows, days=7, save_cursor=None):
    """Read the last ``days`` days and today of the account."""
    with organization_scope(account.organization_id):
        return ingest_hours(
            account_id=account.pk,
            pages=[rows],
            first_on=TODAY - timedelta(days=days),
            last_on=TODAY,
            now=timezone.now(),
            save_cursor=save_cursor,
        )
