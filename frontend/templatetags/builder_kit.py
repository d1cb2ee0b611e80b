"""What the builder's blocks show of their packs."""

from __future__ import annotations

from typing import Any

from django import template

from frontend import builder_words
from media_connectors.choices import VendorChoice

register = template.Library()

register.simple_tag(builder_words.region_chips, name="region_chips")


@register.simple_tag
def interest_chip(pick: Any) -> dict[str, str]:
    """A picked interest as the form carries it and as people read it."""
    return {
        "value": f"{pick.vendor}|{pick.id}|{pick.name}",
        "label": f"{pick.name} · {VendorChoice(pick.vendor).label}",
    }
