"""Keeping and forgetting looks at tables. Private bookkeeping of a person: not audited."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import SavedView
from xmagnet.accounts.actor import Actor
from xmagnet.core.errors import FieldError, InvalidInput, NotFound

MAX_NAME = 60
MAX_QUERY = 4000


def save_view(actor: Actor, *, table: str, name: str, query: str, is_shared: bool) -> int:
    """Keep a query string under a name, in place of the person's own view of that name; returns its id.

    Raises ``InvalidInput`` for an empty or too long name.
    """
    actor.require("plans:read")
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME or len(query) > MAX_QUERY or actor.user_id is None:
        detail = _("Give the view a name of 1 to %(most)d characters.") % {"most": MAX_NAME}
        raise InvalidInput(detail, errors=(FieldError("/name", "invalid", detail),))
    view, _created = SavedView.objects.update_or_create(
        table=table,
        owner_id=actor.user_id,
        name=name,
        defaults={
            "query": query,
            "is_shared": is_shared,
            "owner_name": actor.user_name,
            "agency_id": actor.agency_id,
            "saved_at": timezone.now(),
            "organization_id": actor.organization_id,
        },
    )
    return view.pk


def delete_view(actor: Actor, view_id: int) -> None:
    """Forget one's own view; raises ``NotFound`` for anybody else's."""
    actor.require("plans:read")
    deleted, _rows = SavedView.objects.filter(pk=view_id, owner_id=actor.user_id).delete()
    if not deleted:
        raise NotFound
