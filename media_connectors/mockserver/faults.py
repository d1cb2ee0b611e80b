"""Faults on demand: by rules that stay (scenarios) or by one request's ``X-Mock-Fault`` header.

The app applies them; dialects only ask a call for ``partial_failure`` and ``read_lag``.
"""

import fnmatch
import random
from dataclasses import asdict, dataclass, field
from typing import Any

FAULTS = {
    "expired_token": "the token is answered as expired",
    "account_disabled": "the account is disabled at the medium: no call for it is allowed",
    "out_of_funds": "the call is refused because the account has no money",
    "limit_account": "over the account's limit",
    "limit_developer": "over the developer's limit",
    "limit_endpoint": "over the endpoint's limit",
    "server_error": "HTTP status=502 with an HTML page",
    "system_error": "HTTP 200 with the medium's own system error code",
    "slow": "answer ms=2000 later",
    "reset_before": "the connection is reset before anything happened",
    "reset_after": "the connection is reset after the write took effect",
    "half_page": "half of the listed rows are missing",
    "duplicate_ids": "the first listed row comes twice",
    "read_lag": "what was created less than ms=5000 ago is not listed",
    "restated_day": "numbers of past days are multiplied by factor=1.1",
    "malformed_json": "the body breaks off",
    "partial_failure": "a share=0.5 of a batch's items fails",
}


@dataclass
class FaultRule:
    """``count`` is how often it may still strike (``None``: without end)."""

    id: int
    name: str
    path: str = "*"
    medium: str = "*"
    account_id: int | None = None
    probability: float = 1.0
    count: int | None = None
    params: dict[str, float] = field(default_factory=dict)
    struck: int = 0


@dataclass(frozen=True)
class Strike:
    """The faults that one call meets, name → parameters."""

    faults: dict[str, dict[str, float]]

    def __contains__(self, name: str) -> bool:
        return name in self.faults

    def number(self, name: str, key: str, default: float) -> float:
        return float(self.faults.get(name, {}).get(key, default))


NO_FAULT = Strike({})


class Faults:
    """The scenario's rules, drawn by a seeded generator so that a run can be repeated."""

    def __init__(self, seed: int) -> None:
        self.rules: list[FaultRule] = []
        self._random = random.Random(f"faults-{seed}")
        self._next_id = 1

    def add(self, record: dict[str, Any]) -> FaultRule:
        """Raises ``ValueError`` for an unknown fault or key."""
        name = record.get("name")
        if name not in FAULTS:
            raise ValueError(f"unknown fault {name!r}; there are: {', '.join(FAULTS)}")
        unknown = set(record) - {"name", "path", "medium", "account_id", "probability", "count", "params"}
        if unknown:
            raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
        rule = FaultRule(id=self._next_id, **record)
        self._next_id += 1
        self.rules.append(rule)
        return rule

    def remove(self, rule_id: int | None = None) -> int:
        """Drop one rule, or all; returns how many."""
        kept = [] if rule_id is None else [rule for rule in self.rules if rule.id != rule_id]
        removed = len(self.rules) - len(kept)
        self.rules = kept
        return removed

    def strike(self, medium: str, path: str, account_id: int | None, header: str | None) -> Strike:
        """The faults for this call. The header reads ``slow;ms=500, partial_failure``."""
        if not self.rules and not header:
            return NO_FAULT
        found: dict[str, dict[str, float]] = {}
        for rule in self.rules:
            if rule.count == 0 or not fnmatch.fnmatchcase(medium, rule.medium):
                continue
            if not fnmatch.fnmatchcase(path, rule.path):
                continue
            if rule.account_id is not None and rule.account_id != account_id:
                continue
            if rule.probability < 1.0 and self._random.random() >= rule.probability:
                continue
            rule.struck += 1
            if rule.count is not None:
                rule.count -= 1
            found[rule.name] = rule.params
        for part in (header or "").split(","):
            name, *pairs = (piece.strip() for piece in part.split(";"))
            if name in FAULTS:
                found[name] = {key: float(value) for key, _, value in (pair.partition("=") for pair in pairs)}
        return Strike(found) if found else NO_FAULT

    def to_records(self) -> list[dict[str, Any]]:
        return [asdict(rule) for rule in self.rules]
