"""The directory of agencies."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _

from xmagnet.accounts.actor import Actor
from xmagnet.accounts.models import Agency
from xmagnet.audit.services import Entry, record
from xmagnet.core.errors import ErrorList, FieldError, InvalidInput, NotFound
from xmagnet.core.ids import new_id


def list_agencies(actor: Actor) -> QuerySet[Agency]:
    """Agencies by name; an agency's user sees only the own one."""
    agencies = Agency.objects.order_by("name")
    return agencies if actor.agency_id is None else agencies.filter(pk=actor.agency_id)


def create_agency(actor: Actor, *, name: str) -> Agency:
    """Add an agency; raises ``InvalidInput`` for an empty or taken name."""
    actor.require("agencies:manage")
    errors = ErrorList()
    name = name.strip()
    if not 1 <= len(name) <= 120:
        errors.add("/name", "required", _("Give the agency a name of at most 120 characters."))
    errors.raise_if_any()
    agency = Agency(name=name, code=slugify(name)[:40] or new_id("agency")[-12:].lower())
    try:
        with transaction.atomic():
            agency.save()
    except IntegrityError:
        detail = _("There is an agency of this name already.")
        raise InvalidInput(detail, errors=(FieldError("/name", "taken", detail),)) from None
    record(actor, Entry("agency.created", "agency", agency.pk, agency.name, agency_id=agency.pk))
    return agency


def change_agency(actor: Actor, agency_id: int, *, name: str | None = None, is_active: bool | None = None) -> Agency:
    """Rename, deactivate or reactivate an agency. Its history stays."""
    actor.require("agencies:manage")
    agency = list_agencies(actor).filter(pk=agency_id).first()
    if agency is None:
        raise NotFound
    before = {"name": agency.name, "is_active": agency.is_active}
    agency.name = name.strip() if name else agency.name
    agency.is_active = agency.is_active if is_active is None else is_active
    try:
        with transaction.atomic():
            agency.save()
    except IntegrityError:
        detail = _("There is an agency of this name already.")
        raise InvalidInput(detail, errors=(FieldError("/name", "taken", detail),)) from None
    after = {"name": agency.name, "is_active": agency.is_active}
    record(
        actor,
        Entry("agency.changed", "agency", agency.pk, agency.name, agency_id=agency.pk, before=before, after=after),
    )
    return agency
