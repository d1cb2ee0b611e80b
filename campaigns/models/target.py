"""What an organization aims at."""

from __future__ import annotations

from django.db import models

from xmagnet.core.tenancy import TenantModel


class DeliveryTarget(TenantModel):
    """Aims for the whole organization, or for one media instead; an empty number aims at nothing."""

    platform = models.CharField(max_length=20, blank=True)  # empty: all media together
    daily_cost_fen = models.BigIntegerField(null=True)
    cpa_fen = models.BigIntegerField(null=True)
    roi = models.DecimalField(max_digits=6, decimal_places=2, null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "platform"], name="campaigns_target_once"),
        ]

    def __str__(self) -> str:
        return self.platform or "all media"
