"""One module a subject; other apps know only the table names."""

from campaigns.models.audience import SavedAudience
from campaigns.models.bulk import BulkRow, SettingTemplate
from campaigns.models.campaign import Campaign
from campaigns.models.change import QueuedChange
from campaigns.models.material import AccountMaterial, PlanMaterial
from campaigns.models.metrics import AccountHour, MaturityReading, PlanDay, PlanHour, PlanWindow, WindowState
from campaigns.models.plan import Plan
from campaigns.models.target import DeliveryTarget
from campaigns.models.view import SavedView

__all__ = [
    "AccountHour",
    "AccountMaterial",
    "BulkRow",
    "Campaign",
    "DeliveryTarget",
    "MaturityReading",
    "Plan",
    "PlanDay",
    "PlanHour",
    "PlanMaterial",
    "PlanWindow",
    "QueuedChange",
    "SavedAudience",
    "SavedView",
    "SettingTemplate",
    "WindowState",
]
