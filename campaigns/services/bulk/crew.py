"""One worker process sends for several accounts at a time, a thread each.

Under a media's limits a drain mostly waits. If each occupied a process alone, two processes would keep two accounts
busy and all others idle, whatever the application is still allowed. So the account whose doorbell rang gets company:
accounts of the same organization that are due and that nobody else took within a second. All end together. A process
whose calls wait for no limit takes no company: it is as busy as it can be, and another process is quicker.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import structlog
from django.db import connections

from campaigns.services.bulk.draining import drain_account
from campaigns.services.bulk.leases import due_accounts
from campaigns.services.bulk.policy import EnginePolicy
from media_connectors.services.pace import is_held_up
from xmagnet.core.scope import organization_scope

logger = structlog.get_logger(__name__)


def drain_accounts(organization_id: int, account_id: int, policy: EnginePolicy) -> None:
    """Drain the account, and others that are due beside it, for at most ``drain_seconds``."""
    ends_at = time.monotonic() + policy.drain_seconds
    done = threading.Event()
    company = threading.Thread(
        target=_keep_company, args=(organization_id, account_id, policy, ends_at, done), name="crew", daemon=True
    )
    company.start()
    try:
        drain_account(organization_id, account_id, policy)
    finally:
        done.set()
        company.join()


def _keep_company(
    organization_id: int, account_id: int, policy: EnginePolicy, ends_at: float, done: threading.Event
) -> None:
    """Until the first drain is done: a thread for each account that is due and idle, as far as there is room."""
    members: dict[int, threading.Thread] = {}
    try:
        while not done.wait(policy.crew_seconds) and time.monotonic() < ends_at:
            members = {key: thread for key, thread in members.items() if thread.is_alive()}
            room = policy.crew - 1 - len(members)
            if room <= 0 or not is_held_up():
                continue
            with organization_scope(organization_id):
                idle = [key for key in due_accounts() if key != account_id and key not in members]
            for key in idle[:room]:
                left = max(ends_at - time.monotonic(), 0.0)
                its = replace(policy, drain_seconds=left, parallel_sends=policy.crew_sends)
                members[key] = threading.Thread(target=_drain, args=(organization_id, key, its), name=f"drain-{key}")
                members[key].start()
    finally:
        for thread in members.values():
            thread.join()
        connections.close_all()


def _drain(organization_id: int, account_id: int, policy: EnginePolicy) -> None:
    try:
        drain_account(organization_id, account_id, policy)
    except Exception:  # a thread has nobody to raise to; the rows' leases bring them back
        logger.exception("bulk.drain_errored", account_id=account_id)
    finally:
        connections.close_all()
