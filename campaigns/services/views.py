"""Keeping and forgetting looks at tables. Private bookkeeping of a person: not audited."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import SavedView
from campaigns.selectors.views import visible_views
from xmagnet.accounts.actor import Actor
from xmagnet.core.errors import FieldError, InvalidInput, NotFound

MAX_NAME = 60
MAX_QUERY = 4000


def save_view(actor: Actor, *, table: str, name: str, query: str, is_shared: bool) -> int:
    """Keep a query string under a name, in place of the person's own view of that name; returns its id.

    Raises ``InvalidInput`` for an empty or too long name.
    """
    actor.require("plans:read")
    name = _clean(actor, name, query)
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


def change_view(
    actor: Actor, view_id: int, *, name: str | None = None, is_shared: bool | None = None, query: str | None = None
) -> None:
    """Another name, other eyes or another look for one's own view; None leaves it.

    Raises ``NotFound`` for anybody else's and ``InvalidInput`` for a name that is empty, too long or in use.
    """
    actor.require("plans:read")
    view = SavedView.objects.filter(pk=view_id, owner_id=actor.user_id).select_for_update().first()
    if view is None:
        raise NotFound
    view.name = _clean(actor, view.name if name is None else name, query or "")
    if SavedView.objects.filter(table=view.table, owner_id=view.owner_id, name=view.name).exclude(pk=view.pk).exists():
        detail = _("You have another view of that name.")
        raise InvalidInput(detail, errors=(FieldError("/name", "invalid", detail),))
    view.query = view.query if query is None else query
    if is_shared is not None:
        view.is_shared = is_shared
        if not is_shared:  # nobody opens with what they no longer see
            view.default_for = [user_id for user_id in view.default_for if user_id == actor.user_id]
    view.saved_at = timezone.now()
    view.save()


def set_default_view(actor: Actor, view_id: int, *, is_default: bool) -> None:
    """Open the table with this view from now on, or no longer; raises ``NotFound`` for one out of sight."""
    actor.require("plans:read")
    chosen = visible_views(actor).filter(pk=view_id).first()
    if chosen is None or actor.user_id is None:
        raise NotFound
    mine = SavedView.objects.filter(table=chosen.table, default_for__contains=[actor.user_id]).select_for_update()
    for view in mine:
        view.default_for = [user_id for user_id in view.default_for if user_id != actor.user_id]
        view.save(update_fields=["default_for"])
    if is_default:
        view = SavedView.objects.select_for_update().get(pk=view_id)
        view.default_for = [*view.default_for, actor.user_id]
        view.save(update_fields=["default_for"])


def delete_view(actor: Actor, view_id: int) -> None:
    """Forget one's own view; raises ``NotFound`` for anybody else's."""
    actor.require("plans:read")
    deleted, _rows = SavedView.objects.filter(pk=view_id, owner_id=actor.user_id).delete()
    if not deleted:
        raise NotFound


def _clean(actor: Actor, name: str, query: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME or len(query) > MAX_QUERY or actor.user_id is None:
        detail = _("Give the view a name of 1 to %(most)d characters.") % {"most": MAX_NAME}
        raise InvalidInput(detail, errors=(FieldError("/name", "invalid", detail),))
    return name
