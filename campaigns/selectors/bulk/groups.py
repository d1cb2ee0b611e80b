"""The errors of a bulk job by kind, so that a thousand equal refusals are one line."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import caches
from django.db.models import Count, Min
from django.db.models.fields.json import KT
from django.utils.translation import get_language

from campaigns.models import BulkRow
from campaigns.selectors.bulk.rows import FAILED_STATES, job_columns, row_view
from xmagnet.accounts.actor import Actor
from xmagnet.jobs.models import Job

MAX_GROUPS = 20
#: seconds; counting the errors of a million rows takes a part of one
_KEPT_FOR = 600


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Rows whose first error is of one code on one field; ``detail`` is the sentence of the first of them."""

    code: str
    field: str
    detail: str
    count: int
    first_line: int


def error_groups(actor: Actor, job: Job) -> tuple[ErrorGroup, ...]:
    """At most ``MAX_GROUPS`` groups, the largest first. The caller got ``job`` for this actor.

    Kept until another row fails: a row that has failed stays as it is, so how many there are tells whether to look.
    """
    actor.require("jobs:read")
    failed = "-".join(str(job.counts.get(str(state), 0)) for state in FAILED_STATES)
    key = f"campaigns.error_groups:{job.organization_id}:{job.pk}:{failed}:{get_language()}"
    groups: tuple[ErrorGroup, ...] | None = caches["process"].get(key)
    if groups is None:
        groups = _grouped(job)
        caches["process"].set(key, groups, _KEPT_FOR)
    return groups


def _grouped(job: Job) -> tuple[ErrorGroup, ...]:
    rows = BulkRow.objects.filter(job_id=job.pk, state__in=FAILED_STATES, errors__isnull=False)
    found = list(
        rows.values(code=KT("errors__0__code"), name=KT("errors__0__field"))
        .annotate(count=Count("id"), first=Min("row_index"))
        .order_by("-count", "first")[:MAX_GROUPS]
    )
    firsts = {row.row_index: row for row in rows.filter(row_index__in=[group["first"] for group in found])}
    columns = job_columns(job)
    groups = []
    for group in found:
        view = row_view(firsts[group["first"]], columns)
        detail = view.errors[0].detail if view.errors else group["code"]
        groups.append(ErrorGroup(group["code"], group["name"] or "", detail, group["count"], view.line))
    return tuple(groups)
