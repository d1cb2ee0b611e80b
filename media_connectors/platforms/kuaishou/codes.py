"""Kuaishou's body codes in our words.

The full official list is not public. What is not known to pass by itself is permanent: sending a wrong call again
would only use up the limits.
"""

from __future__ import annotations

import re

import httpx

from media_connectors.errors import (
    AuthExpired,
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
TOKEN_DEAD = frozenset({402000, 402004})
TRANSIENT = frozenset({400001})

_TOO_FAST = ("频繁", "限流", "too many requests", "rate limit", "QPS")
_PER_DAY = ("今日", "当日", "每日", "当天", "daily")
_USED_UP = ("上限", "超限", "limit")
_ABSENT = ("不存在", "已删除", "not exist", "not found")
_FORBIDDEN = ("无权限", "未授权", "no permission", "permission denied")
_NO_PERMISSION = re.compile("没有[^，。；]{0,40}权限")  # 没有权限, 没有广告主 123 的操作权限
_NO_MONEY = ("余额不足", "insufficient balance")


def error_for(code: int, message: str, *, request_id: str, headers: httpx.Headers) -> MediaError:
    """The error that a non-zero code means; of the generic business code the message decides."""
    lowered = message.lower()
    if code in TOKEN_DEAD:
        return AuthExpired(message, code=code, request_id=request_id)
    if _says(lowered, _TOO_FAST) or "X-RateLimit-RetryIn" in headers:
        scope = "account" if "账户" in message or "account" in lowered or "广告主" in message else "endpoint"
        return RateLimited(message, retry_after=retry_after(headers), scope=scope, code=code, request_id=request_id)
    if code in TRANSIENT:
        return Transient(message, code=code, request_id=request_id)
    if _says(lowered, _PER_DAY) and _says(lowered, _USED_UP):
        return QuotaExhausted(message, resets_at=next_media_midnight(), code=code, request_id=request_id)
    if _says(lowered, _ABSENT):
        return NotFound(message, code=code, request_id=request_id)
    if _says(lowered, _NO_MONEY):
        return OutOfFunds(message, code=code, request_id=request_id)
    if _says(lowered, _FORBIDDEN) or _NO_PERMISSION.search(message):
        return PermissionDenied(message, code=code, request_id=request_id)
    return Rejected(message, code=code, field=field_of(message), request_id=request_id)


def _says(message: str, words: tuple[str, ...]) -> bool:
    return any(word.lower() in message for word in words)
