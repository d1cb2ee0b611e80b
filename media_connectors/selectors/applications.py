"""The developer applications of an organization, without their secrets."""

from __future__ import annotations

from dataclasses import dataclass

from media_connectors.models import MediaApplication
from xmagnet.accounts.actor import Actor


@dataclass(frozen=True, slots=True)
class ApplicationFacts:
    """An application at a vendor; ``application_id`` is the vendor's id of it."""

    id: int
    vendor: str
    application_id: str


def list_applications(actor: Actor) -> tuple[ApplicationFacts, ...]:
    """All applications, by vendor; for those who may connect accounts."""
    actor.require("accounts:manage")
    rows = MediaApplication.objects.order_by("vendor", "application_id").values_list("id", "vendor", "application_id")
    return tuple(ApplicationFacts(*row) for row in rows)
