"""Models whose rows belong to one organization. Managers fail closed; PostgreSQL checks again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Protocol, Self, TypeVar

from django.db import connection, models

from xmagnet.core.scope import ScopeRequired, require_organization_id

M = TypeVar("M", bound="TenantModel")


class Narrowing(Protocol):
    """How far an actor sees inside the organization; ``None`` means no narrowing of that kind."""

    @property
    def agency_id(self) -> int | None: ...
    @property
    def account_ids(self) -> frozenset[int] | None: ...


class TenantQuerySet(models.QuerySet[M]):
    """Knows how to narrow itself to an actor and refuses rows of another organization."""

    def visible_to(self, actor: Narrowing) -> Self:
        """Only rows of the agency and the media accounts that the actor may see; every selector starts with it."""
        path = self.model.account_path
        if path is None:
            return self
        queryset = self
        if actor.agency_id is not None:
            queryset = queryset.filter(**{f"{path}__agency_id" if path else "agency_id": actor.agency_id})
        if actor.account_ids is not None:
            queryset = queryset.filter(**{f"{path}_id__in" if path else "id__in": actor.account_ids})
        return queryset

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        objects = list(objs)
        for obj in objects:
            obj.take_organization()
        return super().bulk_create(objects, *args, **kwargs)


class TenantManager(models.Manager.from_queryset(TenantQuerySet)):  # type: ignore[misc]
    """Rows of the organization in scope; raises ``ScopeRequired`` outside."""

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(organization_id=_organization_in_transaction())


def _organization_in_transaction() -> int:
    """Row-level security reads a transaction-local setting: without a transaction it would silently show nothing."""
    organization_id = require_organization_id()
    if not connection.in_atomic_block:
        raise ScopeRequired("Open a transaction (transaction.atomic) inside the scope before touching tenant rows.")
    return organization_id


class TenantModel(models.Model):
    """Base of every tenant's table.

    ``objects`` is scoped; ``all_tenants`` exists because Django's internals (relations, deletion, serialisers) need a
    plain manager, and still sees only what row-level security lets through.
    """

    #: path to the media account for ``visible_to``; "" when the row *is* an account; None: not tied to an account
    account_path: ClassVar[str | None] = None

    organization = models.ForeignKey("accounts.Organization", on_delete=models.PROTECT, related_name="+")

    objects = TenantManager()
    all_tenants = models.Manager()

    class Meta:
        abstract = True
        base_manager_name = "all_tenants"
        default_manager_name = "all_tenants"

    def take_organization(self) -> None:
        """Fill the organization from the scope; a row of another organization is a programming error."""
        organization_id = _organization_in_transaction()
        if self.organization_id is None:
            self.organization_id = organization_id
        elif self.organization_id != organization_id:
            raise ScopeRequired("A row of another organization was about to be written.")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.take_organization()
        super().save(*args, **kwargs)
