"""What Prometheus reads of bulk jobs."""

from __future__ import annotations

from dataclasses import asdict

from django.db import transaction
from prometheus_client.core import GaugeMetricFamily

from campaigns.selectors.bulk.invariants import Violations, bulk_violations
from xmagnet.accounts.models import Organization
from xmagnet.core.scope import organization_scope
from xmagnet.web.metrics import QUESTIONS


def violations() -> GaugeMetricFamily:
    """What must never be found of bulk jobs, over all organizations; anything above zero is an alarm."""
    family = GaugeMetricFamily("xmagnet_bulk_violations", "Broken promises of bulk jobs, by kind.", labels=["kind"])
    total = Violations()
    for organization_id in Organization.objects.filter(is_active=True).values_list("id", flat=True):
        with organization_scope(organization_id), transaction.atomic():
            total += bulk_violations()
    for kind, count in asdict(total).items():
        family.add_metric([kind], count)
    return family


def register() -> None:
    """Have it asked at each scrape."""
    QUESTIONS.append(violations)
