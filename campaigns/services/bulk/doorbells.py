"""Doorbells: messages that say "there may be something to do". Losing one costs a sweep (5 s), never work."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from celery import current_app
from django.db import transaction

PREPARE, DRAIN = "plans.prepare", "plans.drain"
QUEUE = "io"
logger = structlog.get_logger(__name__)


def ring_prepare(organization_id: int, job_id: str) -> None:
    """When the transaction commits: this job has rows to check."""
    _on_commit(lambda: send(PREPARE, organization_id, job_id))


def ring_drain(organization_id: int, account_id: int) -> None:
    """When the transaction commits: this account has rows to send."""
    _on_commit(lambda: send(DRAIN, organization_id, account_id))


def send(name: str, *args: int | str) -> None:
    """Send the message now. A broker that is down is logged: the sweeper will ring again."""
    try:
        current_app.send_task(name, args=list(args), queue=QUEUE, retry=False)
    except Exception:  # each broker has errors of its own, and the rows are committed: none may fail the request
        logger.warning("doorbell.failed", task=name, exc_info=True)


def _on_commit(ring: Callable[[], None]) -> None:
    transaction.on_commit(ring, robust=True)
