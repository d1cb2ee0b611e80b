"""What plans show: files of an account's library and titles, and which plan shows which."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from campaigns.choices import TITLE, MaterialSort
from campaigns.models.plan import Plan
from xmagnet.core.tenancy import TenantModel


class AccountMaterial(TenantModel):
    """A file or a title as one media account knows it; there is one row however many plans show it.

    Nothing of ours is kept here (the file itself, its tags, its review): that is the creative library's, which will
    point to these rows. They are made by ``services.materials`` alone.
    """

    account_path: ClassVar[str | None] = "account"

    account = models.ForeignKey("media_connectors.MediaAccount", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=MaterialSort)
    remote_id = models.CharField(max_length=128, blank=True)  # of a file, in this account; a title has none
    name = models.CharField(max_length=300, blank=True)  # the title's text; of a file as soon as its library told it
    cover_remote_id = models.CharField(max_length=128, blank=True)  # that the newest plan takes with a video
    width = models.IntegerField(default=0)  # 0 until the library told it
    height = models.IntegerField(default=0)
    duration_ms = models.IntegerField(default=0)
    first_seen_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "remote_id", "account"],
                condition=~models.Q(kind=TITLE),
                name="campaigns_material_file_once",
            ),
            models.UniqueConstraint(
                fields=["organization", "name", "account"],
                condition=models.Q(kind=TITLE),
                name="campaigns_material_title_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "name"], name="campaigns_material_file_name", condition=~models.Q(kind=TITLE)
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.remote_id


class PlanMaterial(TenantModel):
    """One plan shows one file or title. The material is of the plan's own account, so who sees one sees the other."""

    account_path: ClassVar[str | None] = "material__account"

    pk = models.CompositePrimaryKey("organization_id", "plan_id", "material_id")
    # Composite keys to (organization, id) stand in the migration; plain ones beside them would cost an index each.
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="uses", db_index=False, db_constraint=False)
    material = models.ForeignKey(
        AccountMaterial, on_delete=models.CASCADE, related_name="uses", db_index=False, db_constraint=False
    )

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["organization", "material", "plan"], name="campaigns_use_by_material")]

    def __str__(self) -> str:
        return f"{self.plan_id} shows {self.material_id}"
