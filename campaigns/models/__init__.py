"""One module a subject; other apps know only the table names."""

from campaigns.models.bulk import BulkRow, SettingTemplate
from campaigns.models.campaign import Campaign
from campaigns.models.metrics import PlanDay, PlanHour
from campaigns.models.plan import Plan

__all__ = ["BulkRow", "Campaign", "Plan", "PlanDay", "PlanHour", "SettingTemplate"]
