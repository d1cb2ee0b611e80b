"""Rate limits as Ocean Engine documents them: three layers over a sliding second, and a penalty.

Windows run on real time, whatever the media clock does: what is limited is the number of real calls.
"""

import fnmatch
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ACCOUNT, DEVELOPER, ENDPOINT = "account", "developer", "endpoint"


@dataclass(frozen=True)
class LimitRules:
    """Calls a second by layer: ``{"default": 10, "/open_api/v3.0/promotion/*": 5}``; an absent layer is unlimited.

    ``account`` counts per (account, endpoint), ``developer`` per (app, endpoint), ``endpoint`` over all callers.
    The first matching pattern wins, then ``default``.
    """

    account: dict[str, float] = field(default_factory=dict)
    developer: dict[str, float] = field(default_factory=dict)
    endpoint: dict[str, float] = field(default_factory=dict)
    penalty_factor: float = 100.0
    penalty_seconds: float = 300.0

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "LimitRules":
        """Raises ``ValueError`` for an unknown key or a limit that is not a positive number."""
        unknown = set(record) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"unknown limit keys: {', '.join(sorted(unknown))}")
        for layer in (ACCOUNT, DEVELOPER, ENDPOINT):
            for pattern, limit in record.get(layer, {}).items():
                if not isinstance(limit, int | float) or limit <= 0:
                    raise ValueError(f"{layer} limit of {pattern!r} must be a positive number")
        return cls(**record)

    def limit_of(self, layer: str, path: str) -> float | None:
        limits: dict[str, float] = getattr(self, layer)
        for pattern, limit in limits.items():
            if pattern != "default" and fnmatch.fnmatchcase(path, pattern):
                return limit
        return limits.get("default")


@dataclass(frozen=True)
class Verdict:
    """What the limiter says of one call. ``layer`` is empty when it may pass."""

    layer: str
    limit: float
    remaining: int
    retry_in: float

    def headers(self) -> dict[str, str]:
        """The documented headers; empty where nothing limits."""
        if not self.limit:
            return {}
        headers = {
            "X-RateLimit-Dimension": "developer_qpm",
            "X-RateLimit-Limit": f"{self.limit:g}",
            "X-RateLimit-Remaining": str(self.remaining),
        }
        if self.layer:
            headers["X-RateLimit-RetryIn"] = f"{max(self.retry_in, 0.001):.3f}"
        return headers


FREE = Verdict("", 0.0, 0, 0.0)


class Limiter:
    """Counts calls and refuses those over a limit. ``rules=None`` lets everything pass."""

    def __init__(self, rules: LimitRules | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self.replace(rules)

    def replace(self, rules: LimitRules | None) -> None:
        """New rules begin with empty windows."""
        self.rules = rules
        self._seconds: dict[tuple, deque[float]] = {}
        self._minutes: dict[tuple, deque[float]] = {}
        self._punished_until: dict[tuple, float] = {}

    def check(self, path: str, app_id: int | None, account_id: int | None) -> Verdict:
        """Count one call. The account layer answers first and then does not use up the developer's quota."""
        if self.rules is None:
            return FREE
        now = self._monotonic()
        account = self._window(ACCOUNT, path, account_id, now)
        if account is not None and not account[1]:
            return self._refusal(ACCOUNT, account, now)
        punished = self._punish(path, app_id, now)
        if punished is not None:
            return punished
        developer = self._window(DEVELOPER, path, app_id, now)
        if developer is not None and not developer[1]:
            return self._refusal(DEVELOPER, developer, now)
        everyone = self._window(ENDPOINT, path, 0, now)
        if everyone is not None and not everyone[1]:
            return self._refusal(ENDPOINT, everyone, now)
        for granted in (account, developer, everyone):
            if granted is not None:
                granted[0].append(now)
        # The headers' one documented dimension is the developer's: an account's limit is met, never told ahead.
        shown = developer or everyone
        if shown is None:
            return FREE
        return Verdict("", shown[2], max(0, shown[1] - 1), 0.0)

    def _window(self, layer: str, path: str, key: int | None, now: float) -> tuple[deque[float], int, float] | None:
        """The calls granted in the last second, how many more may pass, and the limit per second."""
        limit = None if key is None or self.rules is None else self.rules.limit_of(layer, path)
        if limit is None:
            return None
        window = self._seconds.setdefault((layer, key, path), deque())
        # Below one call a second the window grows, so that 0.5 means one call in two seconds.
        span = max(1.0, 1.0 / limit)
        while window and window[0] <= now - span:
            window.popleft()
        return window, max(1, int(limit)) - len(window), limit

    def _refusal(self, layer: str, window: tuple[deque[float], int, float], now: float) -> Verdict:
        calls, _, limit = window
        return Verdict(layer, limit, 0, calls[0] + max(1.0, 1.0 / limit) - now)

    def _punish(self, path: str, app_id: int | None, now: float) -> Verdict | None:
        """Five minutes of refusals for whoever keeps sending: all calls count here, refused ones too."""
        rules = self.rules
        limit = None if app_id is None or rules is None else rules.limit_of(DEVELOPER, path)
        if rules is None or limit is None:
            return None
        key = (app_id, path)
        until = self._punished_until.get(key, 0.0)
        if now < until:
            return Verdict(DEVELOPER, limit, 0, until - now)
        minute = self._minutes.setdefault(key, deque())
        minute.append(now)
        while minute[0] <= now - 60.0:
            minute.popleft()
        if len(minute) < limit * rules.penalty_factor:
            return None
        minute.clear()
        self._punished_until[key] = now + rules.penalty_seconds
        return Verdict(DEVELOPER, limit, 0, rules.penalty_seconds)
