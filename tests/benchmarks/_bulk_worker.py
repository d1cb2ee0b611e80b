"""A worker process to be killed: what Celery's processes do for bulk jobs, without a broker between.

``python -m tests.benchmarks._bulk_worker``; database, media and engine come from the environment.
"""

from __future__ import annotations

import os
import random
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xmagnet.settings.test")


def main() -> None:
    """Sweep, prepare and drain until the process is killed."""
    django.setup()
    from django.conf import settings
    from django.db import transaction

    from campaigns.services.bulk.draining import drain_account
    from campaigns.services.bulk.leases import due_accounts
    from campaigns.services.bulk.policy import EnginePolicy
    from campaigns.services.bulk.preparing import prepare_job
    from campaigns.services.bulk.sweeping import sweep
    from xmagnet.accounts.models import Organization
    from xmagnet.core.scope import organization_scope
    from xmagnet.jobs.models import Job

    policy = EnginePolicy(**settings.BULK_ENGINE)
    while True:
        for organization_id in Organization.objects.values_list("id", flat=True):
            with organization_scope(organization_id):
                sweep(organization_id)
                with transaction.atomic():
                    waiting = list(Job.objects.filter(state__in=["queued", "validating"]).values_list("id", flat=True))
                accounts = due_accounts()
            for job_id in waiting:
                prepare_job(organization_id, job_id, policy)
            for account_id in random.sample(accounts, len(accounts)):
                drain_account(organization_id, account_id, policy)
        time.sleep(0.2)


if __name__ == "__main__":
    main()
