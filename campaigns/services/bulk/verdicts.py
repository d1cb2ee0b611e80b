"""What an outcome at the media means for a row: one place, shared by all kinds of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from campaigns.choices import RowState
from campaigns.services.bulk.executors import ClaimedRow, Verdict
from campaigns.services.bulk.policy import EnginePolicy
from media_connectors.choices import CommandState
from media_connectors.errors import MediaError
from media_connectors.services.commands import CommandError

#: reasons that only a person can mend; the job is shown as paused
NEEDS_PERSON = frozenset({"authorization", "account_refused", "no_balance", "account_paused"})
MOST_INTERNAL_ATTEMPTS = 3
#: in a job's waits only: when the media may be asked again whether a hold is over
ASK_AT = "ask_at"
#: between two looks whether a person has mended what an account waits for
HOLD_SECONDS = 20.0

#: our draft's field → the input's field
INPUT_FIELDS = {
    "bid_fen": "bid",
    "daily_budget_fen": "budget",
    "start_on": "start_date",
    "end_on": "end_date",
    "targeting": "regions",
    "campaign_remote_id": "campaign",
    "name": "name",
}
_KINDS = {
    "RateLimited": ("rate_limit", 1.0),
    "Transient": ("media_unreachable", 5.0),
    "LeaseTooShort": ("busy", 0.0),
    "HandedBack": ("", 0.0),
    "Withdrawn": ("", 0.0),
    "AuthExpired": ("authorization", HOLD_SECONDS),
    "AuthRevoked": ("authorization", HOLD_SECONDS),
    "AccountRefused": ("account_refused", HOLD_SECONDS),
    "OutOfFunds": ("no_balance", HOLD_SECONDS),
    "QuotaExhausted": ("quota", 600.0),
}


def hold_reason(error: MediaError) -> str | None:
    """Why a person must look before the account can be called; None when the error passes by itself."""
    reason, _seconds = _KINDS.get(type(error).__name__, ("", 0.0))
    return reason if reason in NEEDS_PERSON else None


def error_record(error: CommandError | Mapping[str, Any] | None, *, platform: str) -> dict[str, Any]:
    """The stored form of a media's refusal: our code and field, and the media's own words."""
    told = _as_mapping(error)
    kind = told.get("kind", "")
    code = {"PermissionDenied": "media_permission", "AuthRevoked": "media_auth", "QuotaExhausted": "media_quota"}.get(
        kind, "media_rejected"
    )
    field = told.get("field", "")
    message = told.get("message", "")
    return {
        "field": INPUT_FIELDS.get(field, field),
        "code": code,
        "params": {"message": message},
        "retryable": kind in {"PermissionDenied", "AuthRevoked", "QuotaExhausted"},
        "media": {
            "platform": platform,
            "code": told.get("code", ""),
            "message": message,
            "request_id": told.get("request_id", ""),
        },
    }


def failed(row: ClaimedRow, error: CommandError | Mapping[str, Any] | None, *, platform: str, **more: Any) -> Verdict:
    """The media refused."""
    return Verdict(row, RowState.FAILED, errors=[error_record(error, platform=platform)], **more)


def unsettled(row: ClaimedRow, state: CommandState, policy: EnginePolicy, **more: Any) -> Verdict:
    """The outcome is not known: ask the media when the lost write must have become visible."""
    seconds = policy.settle_seconds if state == CommandState.UNKNOWN else 2.0
    return Verdict(
        row, RowState.UNKNOWN, next_at=timezone.now() + timedelta(seconds=seconds), wait_reason="settling", **more
    )


def not_sent(row: ClaimedRow, error: CommandError | Mapping[str, Any] | None, **more: Any) -> Verdict:
    """Certainly not carried out: queued again, for when the media will take it."""
    told = _as_mapping(error)
    reason, seconds = _KINDS.get(told.get("kind", ""), ("media_unreachable", 5.0))
    retry_at = told.get("retry_at")
    if isinstance(retry_at, str):
        retry_at = datetime.fromisoformat(retry_at)
    next_at = retry_at or timezone.now() + timedelta(seconds=seconds)
    return Verdict(row, RowState.QUEUED, next_at=next_at, wait_reason=reason, **more)


def in_flight_elsewhere(row: ClaimedRow) -> Verdict:
    """Another row of this reference is being sent: this one learns soon whether there is a plan to match."""
    next_at = timezone.now() + timedelta(seconds=1)
    return Verdict(row, RowState.QUEUED, next_at=next_at, wait_reason="same_reference")


def dead(row: ClaimedRow) -> Verdict:
    """Its worker died every time; nobody else shall."""
    return Verdict(row, RowState.DEAD, errors=[_own("dead")])


def forbidden(row: ClaimedRow) -> Verdict:
    """The gate refuses the job's person now."""
    return Verdict(row, RowState.FAILED, errors=[_own("forbidden")])


def internal(row: ClaimedRow, policy: EnginePolicy) -> Verdict:
    """A bug of ours before anything was sent: tried again a few times, then told."""
    if row.attempt_count >= MOST_INTERNAL_ATTEMPTS:
        return Verdict(row, RowState.FAILED, errors=[_own("internal") | {"retryable": True}])
    next_at = timezone.now() + timedelta(seconds=policy.waiting_retry_seconds / 2)
    return Verdict(row, RowState.QUEUED, next_at=next_at)


def _own(code: str) -> dict[str, Any]:
    return {"field": "", "code": code, "params": {}}


def _as_mapping(error: CommandError | Mapping[str, Any] | None) -> Mapping[str, Any]:
    if error is None:
        return {}
    if isinstance(error, CommandError):
        return {name: getattr(error, name) for name in CommandError.__slots__}
    return error
