"""How far each kind of reading has come for an account, and the funds that were read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.db.models import F, Q

from media_connectors.choices import AccountHealth
from media_connectors.contracts import FundBalance
from media_connectors.models import MediaAccount, SyncCursor
from xmagnet.core.scope import require_organization_id
from xmagnet.notices.choices import Event
from xmagnet.notices.services import notify

Kind = Literal["campaigns", "plans", "funds", "metrics", "materials"]
_INSTANT_OF = {"plans": "plans_synced_at", "funds": "funds_synced_at", "metrics": "metrics_synced_at"}


@dataclass(frozen=True, slots=True)
class Cursor:
    """What the last reading left; an empty value when there was none."""

    value: dict[str, Any] = field(default_factory=dict)
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None


def read_cursor(account_id: int, kind: Kind) -> Cursor:
    """The cursor of one kind of reading."""
    row = SyncCursor.objects.filter(account_id=account_id, kind=kind).first()
    return Cursor(row.value, row.succeeded_at, row.failed_at) if row is not None else Cursor()


def save_cursor(account_id: int, kind: Kind, value: dict[str, Any], *, at: datetime) -> None:
    """Note a success, in the transaction that wrote what was read."""
    defaults = {"value": value, "succeeded_at": at, "error": ""}
    SyncCursor.objects.update_or_create(
        account_id=account_id,
        kind=kind,
        defaults=defaults,
        create_defaults={"organization_id": require_organization_id(), **defaults},
    )
    if kind in _INSTANT_OF:
        MediaAccount.objects.filter(pk=account_id).update(**{_INSTANT_OF[kind]: at})


def save_failure(account_id: int, kind: Kind, message: str, *, at: datetime) -> None:
    """Note a failure; how far the last success came stays."""
    defaults = {"failed_at": at, "error": message[:300]}
    SyncCursor.objects.update_or_create(
        account_id=account_id,
        kind=kind,
        defaults=defaults,
        create_defaults={"organization_id": require_organization_id(), **defaults},
    )


def save_balance(account_id: int, balance: FundBalance) -> None:
    """The account's money as just read; people are told when it falls below the alarm. In a transaction."""
    account = MediaAccount.objects.select_for_update().get(pk=account_id)
    was_low = account.is_low
    account.balance_fen, account.valid_balance_fen = balance.balance_fen, balance.valid_balance_fen
    account.save(update_fields=["balance_fen", "valid_balance_fen"])
    tell_if_low(account, was_low=was_low)


def tell_if_low(account: MediaAccount, *, was_low: bool) -> None:
    """Tell of a balance that has just fallen below its alarm, not of one that stays there."""
    if was_low or not account.is_low:
        return
    notify(
        Event.BALANCE_LOW,
        object_id=account.pk,
        data={
            "account_name": account.name,
            "remote_id": account.remote_id,
            "balance_fen": account.balance_fen,
            "limit_fen": account.low_balance_fen,
        },
        account_id=account.pk,
        agency_id=account.agency_id,
    )


def accounts_due(*, live_before: datetime, idle_before: datetime, live_ids: Iterable[int]) -> list[int]:
    """Accounts to read now, the stalest first: those with live plans more often; no paused or unauthorised ones."""
    live = Q(pk__in=list(live_ids)) & Q(metrics_synced_at__lt=live_before)
    idle = Q(metrics_synced_at__lt=idle_before)
    never = Q(metrics_synced_at__isnull=True)
    accounts = MediaAccount.objects.filter(live | idle | never, is_active=True, credential__isnull=False).exclude(
        health__in=[AccountHealth.NEEDS_AUTHORIZATION, AccountHealth.PAUSED]
    )
    return list(accounts.order_by(F("metrics_synced_at").asc(nulls_first=True), "id").values_list("id", flat=True))
