"""Names for rows that bring none. Both depend on the row alone, so that the same row always gets the same names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaigns.domain.rows.media_rules import MediaRules, media_length


def campaign_name(spec: Mapping[str, Any], *, has_targeting: bool) -> str:
    """The campaign of a row without one: rows that a campaign can hold together share it."""
    name = f"{spec['media']}-{spec['goal']}-{spec['bid_type']}" if has_targeting else f"leads-{spec['bid_type']}"
    return f"{name}-{spec['setting_key'][:8]}"


def plan_name(spec: Mapping[str, Any], rules: MediaRules, *, suffix_length: int) -> str:
    """The plan's name from its ``client_ref``, cut to what the media takes with our suffix."""
    name: str = spec["client_ref"]
    room = rules.name_length.most - suffix_length * rules.latin_weight
    while media_length(name, rules) > room:
        name = name[:-1]
    return name.rstrip()
