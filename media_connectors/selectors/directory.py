"""The media accounts an actor may see, as facts that other floors show and narrow by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Value
from django.db.models.functions import Coalesce

from media_connectors.choices import AccountHealth
from media_connectors.models import MediaAccount
from xmagnet.core.tenancy import Narrowing

#: every refresh gives a login a month of life; one with less than this left has not been refreshed for weeks
LOGIN_WARNING = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """A media account beside its plans. Money in fen; ``agency_name`` is "" for the advertiser's own accounts."""

    id: int
    remote_id: str
    name: str
    platform: str
    agency_id: int | None
    agency_name: str
    is_active: bool
    health: str
    health_message: str
    balance_fen: int | None
    low_balance_fen: int | None
    funds_synced_at: datetime | None
    plans_synced_at: datetime | None
    metrics_synced_at: datetime | None
    authorized_until: datetime | None  # when the login dies unless it is refreshed; None without a login

    def ends_soon(self, now: datetime) -> bool:
        """The login dies within days: it has not renewed itself for weeks, as it does with every refresh."""
        return (
            self.authorized_until is not None
            and self.health != AccountHealth.NEEDS_AUTHORIZATION
            and self.authorized_until < now + LOGIN_WARNING
        )

    @property
    def is_low(self) -> bool:
        """The balance is below the alarm; never without both."""
        return (
            self.balance_fen is not None
            and self.low_balance_fen is not None
            and self.balance_fen < self.low_balance_fen
        )


def account_facts(actor: Narrowing) -> dict[int, AccountFacts]:
    """All media accounts that the actor may see, by id, in one query."""
    rows = (
        MediaAccount.objects.all()
        .visible_to(actor)
        .annotate(agency_label=Coalesce("agency__name", Value("")))
        .order_by("platform", "name", "id")
        .values_list(
            "id",
            "remote_id",
            "name",
            "platform",
            "agency_id",
            "agency_label",
            "is_active",
            "health",
            "health_message",
            "balance_fen",
            "low_balance_fen",
            "funds_synced_at",
            "plans_synced_at",
            "metrics_synced_at",
            "credential__refresh_expires_at",
        )
    )
    return {row[0]: AccountFacts(*row) for row in rows}
