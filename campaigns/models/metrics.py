"""What the media reported, by plan and hour and by plan and day. Range-partitioned by day, loaded by COPY + upsert.

Django does not manage these tables (it knows no partitions); the migration's SQL and this module are kept alike by a
test. The day table is the sum of the hour table, refreshed for the touched days in the same transaction.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from campaigns.models.plan import Plan
from xmagnet.core.tenancy import TenantModel


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
    # The largest table by far: counts of one hour fit an integer, fen and milliseconds may not.
    impressions = models.IntegerField(default=0)
    clicks = models.IntegerField(default=0)
    conversions = models.IntegerField(default=0)
    billed_conversions = models.IntegerField(default=0)
    deep_conversions = models.IntegerField(default=0)
    plays = models.IntegerField(default=0)
    plays_3s = models.IntegerField(default=0)
    completed_plays = models.IntegerField(default=0)
    likes = models.IntegerField(default=0)
    comments = models.IntegerField(default=0)
    shares = models.IntegerField(default=0)
    follows = models.IntegerField(default=0)

    class Meta(Measures.Meta):
        managed = False
        db_table = "campaigns_planhour"


class PlanDay(Measures):
    pk = models.CompositePrimaryKey("organization_id", "account_id", "plan_id", "stat_date")

    class Meta(Measures.Meta):
        managed = False
        db_table = "campaigns_planday"


class PlanWindow(Measures):
    """Sums of one plan over one ``domain.periods.Window``, true for the day ``as_of``: what makes the table fast.

    ``before_…`` are the sums over the range of equal length before it: NULL where there was nothing, and in windows
    that hold none (``periods.WITH_BEFORE``). In one row, because a table of everything that is compared reads both of
    every plan.
    """

    pk = models.CompositePrimaryKey("organization_id", "window", "plan_id")
    window = models.SmallIntegerField()
    as_of = models.DateField()
    matured_conversions = models.FloatField(default=0)
    stat_date = None  # type: ignore[assignment]
    before_impressions = models.BigIntegerField(null=True)
    before_clicks = models.BigIntegerField(null=True)
    before_cost_fen = models.BigIntegerField(null=True)
    before_conversions = models.BigIntegerField(null=True)
    before_billed_conversions = models.BigIntegerField(null=True)
    before_deep_conversions = models.BigIntegerField(null=True)
    before_revenue_fen = models.BigIntegerField(null=True)
    before_plays = models.BigIntegerField(null=True)
    before_plays_3s = models.BigIntegerField(null=True)
    before_completed_plays = models.BigIntegerField(null=True)
    before_watched_ms = models.BigIntegerField(null=True)
    before_likes = models.BigIntegerField(null=True)
    before_comments = models.BigIntegerField(null=True)
    before_shares = models.BigIntegerField(null=True)
    before_follows = models.BigIntegerField(null=True)
    before_matured_conversions = models.FloatField(null=True)

    class Meta(Measures.Meta):
        managed = False
        db_table = "campaigns_planwindow"


class WindowState(TenantModel):
    """For which media day an account's windows are summed, and until when its numbers reach."""

    account_path: ClassVar[str | None] = "account"

    account = models.OneToOneField("media_connectors.MediaAccount", on_delete=models.CASCADE, related_name="+")
    rolled_on = models.DateField()
    same_hours_at = models.DateTimeField(null=True)
    ingested_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"windows of account {self.account_id} on {self.rolled_on}"


class MaturityReading(TenantModel):
    """Billed conversions of an account's day as reported when the day was so old: the evidence of the lag curve."""

    account_path: ClassVar[str | None] = "account"

    account = models.ForeignKey("media_connectors.MediaAccount", on_delete=models.CASCADE, related_name="+")
    stat_date = models.DateField()
    age = models.SmallIntegerField()  # days
    billed_conversions = models.BigIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "account", "stat_date", "age"], name="campaigns_reading_once"
            ),
        ]

    def __str__(self) -> str:
        return f"account {self.account_id} {self.stat_date} at {self.age} days"


class AccountHour(Measures):
    """The hour table summed per account: overviews and charts of the whole organization read this one."""

    pk = models.CompositePrimaryKey("organization_id", "stat_date", "account_id", "stat_hour")
    stat_hour = models.SmallIntegerField()
    plan = None  # type: ignore[assignment]

    class Meta(Measures.Meta):
        managed = False
        db_table = "campaigns_accounthour"
