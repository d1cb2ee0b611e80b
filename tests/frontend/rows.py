"""Looking at rows from outside a request: row-level security shows nothing without a scope."""

from typing import Any

from django.db import models, transaction

from xmagnet.accounts.models import Organization
from xmagnet.core.scope import organization_scope


def reload(row: Any) -> Any:
    """The row as it is now."""
    with organization_scope(row.organization_id), transaction.atomic():
        return type(row).objects.get(pk=row.pk)


def rows_of(organization: Organization, model: type[models.Model], **wanted: Any) -> list[Any]:
    """The organization's rows."""
    with organization_scope(organization.pk), transaction.atomic():
        return list(model.objects.filter(**wanted).order_by("pk"))


def row_of(organization: Organization, model: type[models.Model], **wanted: Any) -> Any:
    """The organization's only such row."""
    (row,) = rows_of(organization, model, **wanted)
    return row
