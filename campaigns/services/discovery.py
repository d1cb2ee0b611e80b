"""What the media say of campaigns and plans, written down: new ones discovered, foreign changes noted as drift."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from campaigns.choices import Review, RowState, Status
from campaigns.domain.guardrails import COLUMN_OF
from campaigns.models import BulkRow, Campaign, Plan
from campaigns.services.plan_log import plan_entry
from media_connectors.contracts import RemoteCampaign, RemotePlan
from media_connectors.selectors.directory import AccountFacts, account_facts
from xmagnet.accounts.actor import Actor
from xmagnet.audit.services import Entry, record_many
from xmagnet.core.batches import batches_of, rows_by_key
from xmagnet.core.scope import require_organization_id

#: what only people and our own commands change; a difference is drift
WATCHED = tuple(COLUMN_OF.values())
#: the media's lists may still show the old value so long after our own change
READ_LAG = timedelta(seconds=60)
REFUSED = (Review.REJECTED, Review.PARTLY_REJECTED)
_ROWS_AT_ONCE = 500
_STATES = ("delivery_status", "learning_state", "review_state", "settings", "campaign_id", "remote_modified_at")


@dataclass(frozen=True, slots=True)
class Discovered:
    """How many plans were new, and how many differed from what we had set."""

    discovered_count: int = 0
    drifted_count: int = 0
    refused: tuple[Plan, ...] = ()  # known plans that the media's review has refused since the last reading


@dataclass(frozen=True, slots=True)
class _Everything:
    """The sync sees the whole organization."""

    agency_id: int | None = None
    account_ids: frozenset[int] | None = None


def upsert_campaigns(account_id: int, campaigns: Sequence[RemoteCampaign], *, now: datetime) -> int:
    """Write campaigns that are new or changed; how many."""
    account = _account(account_id)
    remotes = {campaign.remote_id: campaign for campaign in campaigns}
    mine = Campaign.objects.filter(account_id=account_id, remote_id__in=list(remotes))
    known = {row.remote_id: row for row in mine}
    fresh, changed = [], []
    for remote in remotes.values():
        values: dict[str, Any] = {
            "name": remote.name[:200],
            "status": str(remote.status),
            "daily_budget_fen": remote.daily_budget_fen,
            "settings": remote.settings,
            "remote_modified_at": remote.modified_at,
        }
        row = known.get(remote.remote_id)
        if row is None:
            fresh.append(
                Campaign(
                    account_id=account_id,
                    platform=account.platform,
                    remote_id=remote.remote_id,
                    synced_at=now,
                    **values,
                )
            )
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            row.synced_at = now
            changed.append(row)
    Campaign.objects.bulk_create(fresh, batch_size=500, ignore_conflicts=True)
    fields = ["name", "status", "daily_budget_fen", "settings", "remote_modified_at", "synced_at"]
    Campaign.objects.bulk_update(changed, fields, batch_size=500)
    return len(fresh) + len(changed)


def upsert_plans(account_id: int, plans: Sequence[RemotePlan], *, now: datetime, is_first: bool) -> Discovered:
    """Write plans that are new or changed, in the caller's transaction.

    A difference in what only people change is recorded as ``plan.drifted`` by the media, unless a command of ours is
    on its way. At the account's first reading nothing is news.
    """
    account = _account(account_id)
    remotes = {plan.remote_id: plan for plan in plans}
    mine = Plan.objects.filter(account_id=account_id, remote_id__in=list(remotes)).select_for_update(of=("self",))
    known = {row.remote_id: row for row in mine}
    parents = Campaign.objects.filter(account_id=account_id, remote_id__in={plan.campaign_remote_id for plan in plans})
    campaigns = dict(parents.values_list("remote_id", "id"))
    busy = _plans_in_hand(account_id)
    entries, fresh, changed, refused = [], [], [], []
    drifted = 0
    for remote in remotes.values():
        row = known.get(remote.remote_id)
        campaign_id = campaigns.get(remote.campaign_remote_id)
        if row is None:
            fresh.append(_new_plan(account, remote, campaign_id, now))
            continue
        before, after = {}, {}
        if row.pk not in busy and (row.changed_at is None or now - row.changed_at > READ_LAG):
            for name, value in _watched(remote).items():
                if getattr(row, name) != value:
                    before[name], after[name] = getattr(row, name), value
                    setattr(row, name, value)
        states = {name: value for name, value in _states(remote, campaign_id).items() if getattr(row, name) != value}
        if states.get("review_state") in REFUSED:
            refused.append(row)
        for name, value in states.items():
            setattr(row, name, value)
        if after:
            drifted += 1
            entries.append(_entry("plan.drifted", account, row, before, after))
        if after or states:
            row.synced_at = now
            changed.append(row)
    Plan.objects.bulk_create(fresh, batch_size=500, ignore_conflicts=True)
    Plan.objects.bulk_update(changed, [*WATCHED, *_STATES, "synced_at"], batch_size=500)
    if fresh and not is_first:
        made = Plan.objects.filter(account_id=account_id, remote_id__in=[plan.remote_id for plan in fresh], job_id="")
        entries += [_entry("plan.discovered", account, row, None, {"remote_id": row.remote_id}) for row in made]
    if entries:
        record_many(media_actor(account), entries)
    return Discovered(len(fresh), drifted, tuple(refused))


def mark_deleted(account_id: int, present: Collection[str], *, now: datetime) -> int:
    """Plans that a whole reading did not show any more are deleted at the media; how many. In a transaction."""
    account = _account(account_id)
    live = Plan.objects.filter(account_id=account_id, created_at__lt=now - READ_LAG).exclude(status=Status.DELETED)
    # Compared here, not by the database: a large account's ids are more than a statement may bind.
    known = rows_by_key(live.values_list("id", "remote_id"), "id")
    busy = _plans_in_hand(account_id)
    gone = [pk for pk, remote_id in known if remote_id not in present and pk not in busy]
    for ids in batches_of(gone, _ROWS_AT_ONCE):
        rows = Plan.objects.filter(pk__in=ids)
        entries = [
            _entry("plan.drifted", account, row, {"status": row.status}, {"status": str(Status.DELETED)})
            for row in rows.order_by("id")
        ]
        rows.update(status=Status.DELETED, delivery_status="deleted", synced_at=now)
        record_many(media_actor(account), entries)
    return len(gone)


def media_actor(account: AccountFacts) -> Actor:
    """The media itself, for the change log: somebody changed something there, or the media did."""
    return Actor(
        organization_id=require_organization_id(),
        organization_slug="",
        organization_name="",
        role="media",
        permissions=frozenset(),
        user_name=account.platform,
        via="media",
    )


def _new_plan(account: AccountFacts, remote: RemotePlan, campaign_id: int | None, now: datetime) -> Plan:
    return Plan(
        account_id=account.id,
        platform=account.platform,
        agency_id=account.agency_id,
        remote_id=remote.remote_id,
        bid_type="target_cpa" if remote.bid_fen is not None else "max_conversion",
        objective="leads",
        remote_created_at=remote.created_at,
        created_at=remote.created_at or now,
        synced_at=now,
        **_watched(remote),
        **_states(remote, campaign_id),
    )


def _watched(remote: RemotePlan) -> dict[str, Any]:
    return {
        "bid_fen": remote.bid_fen,
        "daily_budget_fen": remote.daily_budget_fen,
        "status": str(remote.status),
        "schedule": remote.schedule,
        "name": remote.name[:200],
    }


def _states(remote: RemotePlan, campaign_id: int | None) -> dict[str, Any]:
    return {
        "delivery_status": str(remote.delivery_status),
        "learning_state": str(remote.learning_state),
        "review_state": str(remote.review_state),
        "settings": remote.settings,
        "remote_modified_at": remote.modified_at,
        **({"campaign_id": campaign_id} if campaign_id is not None else {}),
    }


def _plans_in_hand(account_id: int) -> set[int]:
    """Plans with a change on its way: what the media show of them is neither old nor foreign."""
    open_states = [RowState.SENDING, RowState.UNKNOWN]
    rows = BulkRow.objects.filter(account_id=account_id, state__in=open_states, spec__has_key="plan_id")
    return {spec["plan_id"] for spec in rows.values_list("spec", flat=True)}


def _entry(
    action: str, account: AccountFacts, plan: Plan, before: dict[str, Any] | None, after: dict[str, Any]
) -> Entry:
    return plan_entry(action, plan, agency_id=account.agency_id, before=before, after=after)


def _account(account_id: int) -> AccountFacts:
    return account_facts(_Everything())[account_id]
