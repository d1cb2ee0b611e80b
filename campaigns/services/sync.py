"""Reading an account from its media: campaigns, plans and their states, rejections, funds, hourly numbers.

Each part has its own cursor and fails by itself; a dead login or a refused account stops them all. Nothing is read
inside a transaction; what was read is written with its cursor in one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from django.db import transaction

from campaigns.choices import Review, Status
from campaigns.models import Plan
from campaigns.services.contents import describe_new_plans
from campaigns.services.discovery import REFUSED, mark_deleted, upsert_campaigns, upsert_plans
from campaigns.services.ingest import collect_hours, store_hours
from campaigns.services.libraries import sync_library
from campaigns.services.telling import tell_rejected
from media_connectors.contracts import Page
from media_connectors.errors import AuthExpired, AuthRevoked, MediaError, PermissionDenied
from media_connectors.services.cursors import (
    Kind,
    accounts_due,
    read_cursor,
    save_balance,
    save_cursor,
    save_failure,
)
from media_connectors.services.health import report_failure, report_success
from media_connectors.services.lines import AccountLine, line_to
from xmagnet.core.clock import MEDIA_TIMEZONE
from xmagnet.core.locks import Lock, try_session_lock
from xmagnet.core.scope import organization_scope

logger = structlog.get_logger(__name__)
T = TypeVar("T")

#: accounts with live plans, and the others
LIVE_EVERY, IDLE_EVERY = timedelta(seconds=50), timedelta(minutes=10)
#: what changes without a new modification time (review, learning, delivery) is seen by reading everything again
ALL_PLANS_EVERY = timedelta(minutes=10)
#: read again what changed shortly before the last reading: the media's lists lag
OVERLAP = timedelta(minutes=10)
FUNDS_EVERY = timedelta(minutes=5)
#: back-filled conversions of the last week
WEEK_EVERY, WEEK = timedelta(minutes=30), timedelta(days=7)
_REASONS_AT_ONCE = 10
_READ_AT_ONCE = 20
_WRITE_AT_ONCE = 500
_STOPS_ALL = (AuthRevoked, AuthExpired, PermissionDenied)


@dataclass(slots=True)
class SyncReport:
    """What one sync of an account did, for logs and tests."""

    was_held: bool = False  # another worker is at it
    campaign_count: int = 0
    plan_count: int = 0
    discovered_count: int = 0
    drifted_count: int = 0
    row_count: int = 0
    failures: dict[str, str] = field(default_factory=dict)


def due_accounts(now: datetime) -> list[int]:
    """In the organization in scope: the accounts to be read now."""
    with transaction.atomic():
        live = Plan.objects.filter(status=Status.ENABLED).values_list("account_id", flat=True).distinct()
        return accounts_due(live_before=now - LIVE_EVERY, idle_before=now - IDLE_EVERY, live_ids=live)


def sync_account(organization_id: int, account_id: int, *, now: datetime) -> SyncReport:
    """Read one account; one worker an account at a time, a second one returns at once."""
    report = SyncReport()
    with organization_scope(organization_id), try_session_lock(Lock.ACCOUNT_SYNC, account_id) as is_held:
        if not is_held:
            report.was_held = True
            return report
        try:
            line = line_to(account_id)
        except MediaError as error:
            _note_failure(account_id, "plans", error, report, now)
            return report
        parts: tuple[tuple[Kind, Callable[[AccountLine, SyncReport, datetime], None]], ...] = (
            ("campaigns", _sync_campaigns),
            ("plans", _sync_plans),
            ("funds", _sync_funds),
            ("metrics", _sync_metrics),
        )
        for kind, part in parts:
            try:
                part(line, report, now)
            except MediaError as error:
                _note_failure(account_id, kind, error, report, now)
                if isinstance(error, _STOPS_ALL):
                    break
        if not report.failures:
            sync_library(line, now=now)
            report_success(account_id)
    logger.info("sync.account", account_id=account_id, plans=report.plan_count, rows=report.row_count)
    return report


def _sync_campaigns(line: AccountLine, report: SyncReport, now: datetime) -> None:
    since = _since(line.account_id, "campaigns", now)
    for campaigns in _batches(
        lambda cursor: line.call(
            lambda connector, access: connector.list_campaigns(access, cursor=cursor, modified_since=since)
        )
    ):
        with transaction.atomic():
            report.campaign_count += upsert_campaigns(line.account_id, campaigns, now=now)
    with transaction.atomic():
        _save_reading(line.account_id, "campaigns", now, is_full=since is None)


def _sync_plans(line: AccountLine, report: SyncReport, now: datetime) -> None:
    """Written down as the pages come: a large account's list would take gigabytes.

    A reading that breaks off keeps what it found, each batch with its news; it marks nothing gone and saves no cursor,
    so that the next one reads all of it again.
    """
    since = _since(line.account_id, "plans", now)
    with transaction.atomic():
        is_first = read_cursor(line.account_id, "plans").succeeded_at is None
    seen: set[str] = set()
    for plans in _batches(
        lambda cursor: line.call(
            lambda connector, access: connector.list_plans(access, cursor=cursor, modified_since=since)
        )
    ):
        with transaction.atomic():
            found = upsert_plans(line.account_id, plans, now=now, is_first=is_first)
            if found.refused:
                tell_rejected(found.refused)
        seen.update(plan.remote_id for plan in plans)
        report.plan_count += len(plans)
        report.discovered_count += found.discovered_count
        report.drifted_count += found.drifted_count
    with transaction.atomic():
        if since is None:
            report.drifted_count += mark_deleted(line.account_id, seen, now=now)
        _save_reading(line.account_id, "plans", now, is_full=since is None)
    describe_new_plans(line)
    _sync_rejections(line, now)


def _sync_rejections(line: AccountLine, now: datetime) -> None:
    """Reasons of refused plans that have none yet; those of plans approved since are dropped."""
    with transaction.atomic():
        mine = Plan.objects.filter(account_id=line.account_id)
        mine.filter(review_state=Review.APPROVED).exclude(reject_reasons=[]).update(reject_reasons=[])
        waiting = list(
            mine.filter(review_state__in=REFUSED, reject_reasons=[])
            .exclude(status=Status.DELETED)
            .values_list("remote_id", flat=True)[:200]
        )
    for at in range(0, len(waiting), _REASONS_AT_ONCE):
        ids = waiting[at : at + _REASONS_AT_ONCE]
        reasons = line.call(lambda connector, access, ids=ids: connector.reject_reasons(access, ids))  # type: ignore[misc]
        with transaction.atomic():
            for remote_id in ids:
                told = [
                    {
                        "item": reason.item,
                        "kind": reason.kind,
                        "reasons": list(reason.reasons),
                        "suggestions": list(reason.suggestions),
                    }
                    for reason in reasons
                    if reason.plan_remote_id == remote_id
                ]
                if told:
                    Plan.objects.filter(account_id=line.account_id, remote_id=remote_id).update(
                        reject_reasons=told, synced_at=now
                    )


def _sync_funds(line: AccountLine, report: SyncReport, now: datetime) -> None:
    with transaction.atomic():
        last = read_cursor(line.account_id, "funds").succeeded_at
    if last is not None and now - last < FUNDS_EVERY:
        return
    balance = line.call(lambda connector, access: connector.read_balance(access))
    with transaction.atomic():
        save_balance(line.account_id, balance)
        save_cursor(line.account_id, "funds", {}, at=now)


def _sync_metrics(line: AccountLine, report: SyncReport, now: datetime) -> None:
    """Today and yesterday, and the last week at longer intervals."""
    with transaction.atomic():
        cursor = read_cursor(line.account_id, "metrics")
    week_at = _instant(cursor.value.get("week_at"))
    is_week_due = week_at is None or now - week_at >= WEEK_EVERY
    today = now.astimezone(MEDIA_TIMEZONE).date()
    first_on = today - (WEEK if is_week_due else timedelta(days=1))
    if is_week_due:
        week_at = now
    if line.connector.hourly_days is not None:
        first_on = max(first_on, today - timedelta(days=line.connector.hourly_days - 1))
    # Collected while the pages come: a large account's week as a list of pages would take gigabytes.
    rows = line.call(
        lambda connector, access: collect_hours(
            account_id=line.account_id,
            pages=connector.read_hourly(access, first_on=first_on, last_on=today),
            first_on=first_on,
            last_on=today,
        )
    )
    result = store_hours(
        rows,
        account_id=line.account_id,
        first_on=first_on,
        last_on=today,
        now=now,
        save_cursor=lambda: save_cursor(
            line.account_id, "metrics", {"week_at": week_at.isoformat() if week_at else ""}, at=now
        ),
    )
    report.row_count = result.row_count
    unknown = sorted(result.unknown_remote_ids)
    for at in range(0, len(unknown), _READ_AT_ONCE):
        ids = unknown[at : at + _READ_AT_ONCE]
        plans = line.call(lambda connector, access, ids=ids: connector.read_plans(access, ids))  # type: ignore[misc]
        with transaction.atomic():
            found = upsert_plans(line.account_id, list(plans), now=now, is_first=False)
        report.discovered_count += found.discovered_count


def _since(account_id: int, kind: Kind, now: datetime) -> datetime | None:
    """Read what changed since then; None: everything."""
    with transaction.atomic():
        cursor = read_cursor(account_id, kind)
    full_at = _instant(cursor.value.get("full_at"))
    if cursor.succeeded_at is None or full_at is None or now - full_at >= ALL_PLANS_EVERY:
        return None
    return cursor.succeeded_at - OVERLAP


def _save_reading(account_id: int, kind: Kind, now: datetime, *, is_full: bool) -> None:
    full_at = now.isoformat() if is_full else read_cursor(account_id, kind).value.get("full_at", "")
    save_cursor(account_id, kind, {"full_at": full_at}, at=now)


def _batches(read: Callable[[str | None], Page[T]]) -> Iterator[list[T]]:
    """The items of all pages, some pages' worth at a time: no call to a media inside a transaction, and no more in
    memory than is written at once."""
    cursor: str | None = None
    items: list[T] = []
    while True:
        page = read(cursor)
        items += page.items
        cursor = page.next_cursor
        if items and (cursor is None or len(items) >= _WRITE_AT_ONCE):
            yield items
            items = []
        if cursor is None:
            return


def _note_failure(account_id: int, kind: Kind, error: MediaError, report: SyncReport, now: datetime) -> None:
    report.failures[kind] = error.message
    with transaction.atomic():
        save_failure(account_id, kind, error.message, at=now)
    report_failure(account_id, error)
    logger.warning("sync.failed", account_id=account_id, part=kind, error=type(error).__name__, code=error.code)


def _instant(text: object) -> datetime | None:
    with suppress(ValueError):
        return datetime.fromisoformat(str(text))
    return None
