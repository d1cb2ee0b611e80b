"""Setting templates with versions, and drafts: what the builder holds, kept for later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from campaigns.models import SettingTemplate
from campaigns.selectors.templates import visible_templates
from xmagnet.accounts.actor import Actor
from xmagnet.audit.services import Entry, record
from xmagnet.core.errors import FieldError, InvalidInput, NotFound

MAX_NAME = 120
#: a person's drafts beyond these are forgotten, oldest first
KEPT_DRAFTS = 20
#: beside the setup in a draft's content: which open page kept it last
PAGE = "_page"
DRAFT_KEY_LETTERS = "abcdefghjkmnpqrstvwxyz0123456789"


def save_template(actor: Actor, *, name: str, content: dict[str, Any], is_shared: bool = False) -> int:
    """Keep a setup under a name; a name that the person already uses gets a new version. Returns its id.

    Who sees a template belongs to its name: a new version of a shared one is shared, and sharing a new version shares
    the older ones. Raises ``InvalidInput`` for an empty or too long name.
    """
    actor.require("templates:write")
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME:
        detail = _("Give the template a name of 1 to %(most)d characters.") % {"most": MAX_NAME}
        raise InvalidInput(detail, errors=(FieldError("/name", "invalid", detail),))
    with transaction.atomic():
        own = SettingTemplate.objects.filter(created_by_id=actor.user_id, name=name, is_draft=False)
        latest = own.select_for_update().order_by("-version").first()
        if is_shared:
            own.update(is_shared=True)
        template = SettingTemplate.objects.create(
            organization_id=actor.organization_id,
            name=name,
            content=content,
            version=latest.version + 1 if latest else 1,
            is_shared=is_shared or (latest is not None and latest.is_shared),
            agency_id=actor.agency_id,
            created_by_id=actor.user_id,
        )
        record(actor, Entry("template.saved", "template", template.pk, name, after={"version": template.version}))
        return template.pk


def restore_template(actor: Actor, template_id: int) -> int:
    """Make an old version of one's own template the newest again, as a new version; returns its id.

    Raises ``NotFound``.
    """
    actor.require("templates:write")
    with transaction.atomic():
        old = _own(actor, template_id)
        if old.is_draft:
            raise NotFound
        return save_template(actor, name=old.name, content=old.content)


def share_template(actor: Actor, template_id: int, *, is_shared: bool) -> None:
    """Show every version of one's own template to colleagues, or to nobody; raises ``NotFound``."""
    actor.require("templates:write")
    with transaction.atomic():
        template = _own(actor, template_id)
        SettingTemplate.objects.filter(created_by_id=actor.user_id, name=template.name, is_draft=False).update(
            is_shared=is_shared
        )
        after = {"is_shared": is_shared}
        record(actor, Entry("template.shared", "template", template.pk, template.name, after=after))


def delete_template(actor: Actor, template_id: int) -> None:
    """Forget every version of one's own template, or a draft; raises ``NotFound``."""
    actor.require("templates:write")
    with transaction.atomic():
        template = _own(actor, template_id)
        SettingTemplate.objects.filter(
            created_by_id=actor.user_id, name=template.name, is_draft=template.is_draft
        ).delete()
        if not template.is_draft:
            record(actor, Entry("template.deleted", "template", template.pk, template.name))


def save_draft(actor: Actor, *, key: str, content: dict[str, Any], page: str = "", seen: str = "") -> str:
    """Keep an unfinished setup under the key of its builder session, in place of the last one. Returns its key.

    ``page`` names the open page, ``seen`` the state of the draft that it began with (``draft_state``). When another
    page has kept something else meanwhile, this one goes on under a key of its own, so that neither loses anything.
    """
    actor.require("plans:write")
    with transaction.atomic():
        kept = SettingTemplate.objects.filter(created_by_id=actor.user_id, is_draft=True, name=_draft_name(key))
        other = kept.select_for_update().first()
        if (
            page
            and other is not None
            and other.content.get(PAGE, page) != page
            and draft_state(other.created_at) != seen
        ):
            key = get_random_string(len(key) or 8, DRAFT_KEY_LETTERS)
            content = {**content, "client_ref_prefix": key}
        content = {**content, PAGE: page}
        SettingTemplate.objects.update_or_create(
            created_by_id=actor.user_id,
            name=_draft_name(key),
            version=1,
            defaults={
                "organization_id": actor.organization_id,
                "content": content,
                "is_draft": True,
                "agency_id": actor.agency_id,
                "created_at": timezone.now(),
            },
        )
        own = SettingTemplate.objects.filter(created_by_id=actor.user_id, is_draft=True).order_by("-created_at")
        old = list(own.values_list("id", flat=True)[KEPT_DRAFTS:])
        if old:
            SettingTemplate.objects.filter(pk__in=old).delete()
        return key


def forget_draft(actor: Actor, *, key: str) -> None:
    """The setup has been sent: its draft is not needed any more."""
    SettingTemplate.objects.filter(created_by_id=actor.user_id, name=_draft_name(key), is_draft=True).delete()


def draft_state(saved_at: datetime) -> str:
    """Names one state of a draft: it changes whenever the draft is kept again."""
    return saved_at.isoformat()


def _draft_name(key: str) -> str:
    return f"draft {key}"[:MAX_NAME]


def _own(actor: Actor, template_id: int) -> SettingTemplate:
    template: SettingTemplate | None = (
        visible_templates(actor).filter(pk=template_id, created_by_id=actor.user_id).select_for_update().first()
    )
    if template is None:
        raise NotFound
    return template
