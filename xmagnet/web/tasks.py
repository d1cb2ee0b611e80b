"""Housekeeping of the mouths' own bookkeeping."""

from __future__ import annotations

import time
from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from xmagnet.accounts.models import Organization
from xmagnet.core.scope import organization_scope
from xmagnet.web.models import IdempotencyRecord, RequestCounter

#: counters are kept for two days: the longest window is one day
COUNTER_LIFETIME_SECONDS = 2 * 86_400
#: as published at /limits
IDEMPOTENCY_LIFETIME = timedelta(days=30)


@shared_task(name="web.sweep")
def sweep() -> None:
    """Forget old request counters and idempotency records."""
    RequestCounter.objects.filter(window_start__lt=int(time.time()) - COUNTER_LIFETIME_SECONDS).delete()
    for organization_id in Organization.objects.values_list("id", flat=True):
        with organization_scope(organization_id), transaction.atomic():
            IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - IDEMPOTENCY_LIFETIME).delete()
