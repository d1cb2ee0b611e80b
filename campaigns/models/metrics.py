"""What the media reported, by plan and hour and by plan and day. Range-partitioned by day, loaded by COPY + upsert.

Django does not manage these tables (it knows no partitions); the migration's SQL and this module are kept alike by a
test. The day table is the sum of the hour table, refreshed for the touched days in the same transaction.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from campaigns.models.plan import Plan
from xmagnet.core.tenancy import TenantModel

#: the additive columns, in the order of ``media_connectors.contracts.MetricRow``
MEASURES = (
    "impressions", "clicks", "cost_fen", "conversions", "billed_conversions", "deep_conversions", "revenue_fen",
    "plays", "plays_3s", "completed_plays", "watched_ms", "likes", "comments", "shares", "follows",
)  # fmt: skip


class Measures(TenantModel):
    """The additive numbers; ratios are never stored (sum first, divide last)."""

    account_path: ClassVar[str | None] = "account"

    account = models.ForeignKey("media_connectors.MediaAccount", on_delete=models.DO_NOTHING, related_name="+")
    plan = models.ForeignKey(Plan, on_delete=models.DO_NOTHING, related_name="+")
    stat_date = models.DateField()
    impressions = models.BigIntegerField(default=0)
    clicks = models.BigIntegerField(default=0)
    cost_fen = models.BigIntegerField(default=0)
    conversions = models.BigIntegerField(default=0)
    billed_conversions = models.BigIntegerField(default=0)
    deep_conversions = models.BigIntegerField(default=0)
    revenue_fen = models.BigIntegerField(default=0)
    plays = models.BigIntegerField(default=0)
    plays_3s = models.BigIntegerField(default=0)
    completed_plays = models.BigIntegerField(default=0)
    watched_ms = models.BigIntegerField(default=0)
    likes = models.BigIntegerField(default=0)
    comments = models.BigIntegerField(default=0)
    shares = models.BigIntegerField(default=0)
    follows = models.BigIntegerField(default=0)

    class Meta(TenantModel.Meta):
        abstract = True


class PlanHour(Measures):
    pk = models.CompositePrimaryKey("organization_id", "account_id", "plan_id", "stat_date", "stat_hour")
    stat_hour = models.SmallIntegerField()

    class Meta(Measures.Meta):
        managed = False
        db_table = "campaigns_planhour"


class PlanDay(Measures):
    pk = models.CompositePrimaryKey("organization_id", "account_id", "plan_id", "stat_date")

    class Meta(Measures.Meta):
        managed = False
        db_table = "campaigns_planday"
