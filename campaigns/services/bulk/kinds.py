"""The kinds of row-driven jobs."""

from __future__ import annotations

from campaigns.choices import JobKindName
from campaigns.services.bulk.checking import PlanRowChecker
from campaigns.services.bulk.creation import CreatePlans
from campaigns.services.bulk.executors import Kind
from campaigns.services.changes.executing import ChangePlans, ChangeRowChecker

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(JobKindName.CREATE, "plans:write", PlanRowChecker, CreatePlans),
        Kind(JobKindName.UPDATE, "plans:write", ChangeRowChecker, ChangePlans),
        Kind(JobKindName.VALIDATE, "plans:write", PlanRowChecker, None),
    )
}
