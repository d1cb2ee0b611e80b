"""The kinds of row-driven jobs; other services add theirs when the app is ready (see ``campaigns.apps``)."""

from __future__ import annotations

from campaigns.choices import JobKindName
from campaigns.services.bulk.checking import PlanRowChecker
from campaigns.services.bulk.creation import CreatePlans
from campaigns.services.bulk.executors import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(JobKindName.CREATE, "plans:write", PlanRowChecker, CreatePlans),
        Kind(JobKindName.VALIDATE, "plans:write", PlanRowChecker, None),
    )
}


def register_kind(kind: Kind) -> None:
    """Add a kind; the same name twice is a programming error."""
    if kind.name in KINDS:
        raise ValueError(f"there is a kind {kind.name} already")
    KINDS[kind.name] = kind
