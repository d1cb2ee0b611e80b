"""``manage.py rotate_field_keys``: every secret at rest under the newest key, so that the old one may go."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction

from xmagnet.accounts.models import Organization
from xmagnet.core.crypto import rotate
from xmagnet.core.scope import organization_scope
from xmagnet.core.tenancy import TenantModel

CHUNK = 200


class Command(BaseCommand):
    help = "Encrypt all stored secrets again with the first of FIELD_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rows of every organization, then the second factors; safe to run again and beside a running system."""
        count = 0
        for organization_id in Organization.objects.values_list("pk", flat=True):
            with organization_scope(organization_id):
                count += sum(_rotate_rows(model, names) for model, names in encrypted_fields().items())
        count += _rotate_second_factors()
        self.stdout.write(f"{count} rows carry the newest key now.")


def encrypted_fields() -> dict[type[TenantModel], list[str]]:
    """The models with secrets and their columns, told by the name that such columns have in this house."""
    found: dict[type[TenantModel], list[str]] = {}
    for model in apps.get_models():
        names = [
            field.name
            for field in model._meta.concrete_fields
            if isinstance(field, models.BinaryField) and field.name.startswith("encrypted_")
        ]
        if names:
            if not issubclass(model, TenantModel):
                raise TypeError(f"{model.__name__} keeps secrets without an organization")
            found[model] = names
    return found


def _rotate_rows(model: type[TenantModel], names: list[str]) -> int:
    count = last = 0
    while True:
        with transaction.atomic():
            rows = list(model.objects.select_for_update().filter(pk__gt=last).order_by("pk")[:CHUNK])
            for row in rows:
                fresh = {name: rotate(getattr(row, name)) for name in names if getattr(row, name) is not None}
                model.objects.filter(pk=row.pk).update(**fresh)
        if not rows:
            return count
        count, last = count + len(rows), rows[-1].pk


def _rotate_second_factors() -> int:
    """The secret of each code generator and the seed of each set of recovery codes."""
    count = 0
    with transaction.atomic():
        for factor in Authenticator.objects.select_for_update().order_by("pk"):
            for name in ("secret", "seed"):
                if name in factor.data:
                    factor.data[name] = rotate(factor.data[name].encode()).decode()
                    count += 1
            factor.save(update_fields=["data"])
    return count
