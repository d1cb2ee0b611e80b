"""Ocean Engine's body codes in our words (its error page of 2026, and the older codes still seen)."""

from __future__ import annotations

import httpx

from media_connectors.errors import (
    AuthExpired,
    AuthRevoked,
    MediaError,
    NotFound,
    OutOfFunds,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    Rejected,
    Transient,
)
from media_connectors.http import retry_after
from media_connectors.platforms.daily import next_media_midnight
from media_connectors.platforms.fields import field_of

OK = 0
PARAMETER = 40000
LIMIT_SCOPES = {40100: "global", 40110: "endpoint", 40130: "account"}
TOKEN_DEAD = frozenset({40102, 40105})
REFRESH_DEAD = frozenset({40103, 40107})
NOT_ALLOWED = frozenset({40002, 40113, 40118, 40119, *range(40300, 40306)})
NOT_FOUND = frozenset({40501})
NO_MONEY = frozenset({40200, 40201})
DAILY_QUOTA = frozenset({61002, 61003})
SYSTEM = 50000

_ABSENT = ("不存在", "已删除", "does not exist", "not found", "has been deleted")


def error_for(code: int, message: str, *, request_id: str, headers: httpx.Headers) -> MediaError:
    """The error that a non-zero code means; unknown codes are permanent, because sending again would not help."""
    if code in LIMIT_SCOPES:
        return RateLimited(
            message,
            retry_after=retry_after(headers),
            scope=LIMIT_SCOPES[code],
            code=code,
            request_id=request_id,
        )
    if code in TOKEN_DEAD:
        return AuthExpired(message, code=code, request_id=request_id)
    if code in REFRESH_DEAD:
        return AuthRevoked(message, code=code, request_id=request_id)
    if code in NOT_ALLOWED:
        return PermissionDenied(message, code=code, request_id=request_id)
    if code in NO_MONEY:
        return OutOfFunds(message, code=code, request_id=request_id)
    if code == SYSTEM:
        return Transient(message, code=code, request_id=request_id)
    if code in DAILY_QUOTA:
        return QuotaExhausted(message, resets_at=next_media_midnight(), code=code, request_id=request_id)
    if code in NOT_FOUND or (code == PARAMETER and any(word in message for word in _ABSENT)):
        return NotFound(message, code=code, request_id=request_id)
    return Rejected(message, code=code, field=field_of(message), request_id=request_id)
