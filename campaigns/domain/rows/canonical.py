"""The canonical form: two rows, or a row and a live plan, are equal when their forms are (duplicates.md)."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from campaigns.domain.rows.schedule import full_week

_TARGETING = ("gender", "ages", "regions", "systems", "interests", "audiences_include", "audiences_exclude")


def canonical_sha256(spec: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical form of a spec; name, campaign and start date do not count."""
    return _digest(
        {
            "media": spec["media"],
            "account": spec["account_id"],
            "objective": spec["objective"],
            "goal": spec["goal"],
            "bid_type": spec["bid_type"],
            "bid_fen": spec["bid_fen"],
            "budget_fen": spec["budget_fen"],
            "schedule": full_week(spec["schedule"]),
            "end_date": spec["end_date"],
            "targeting": canonical_targeting(spec),
            "landing_url": spec["landing_url"].strip(),
            "titles": sorted({canonical_text(title) for title in spec["titles"]}),
            "materials": sorted({material["id"] for material in spec["materials"]}),
        }
    )


def setting_key(spec: Mapping[str, Any], *, has_targeting: bool) -> str:
    """SHA-256 over what the campaign holds: rows of one campaign name must share it.

    ``has_targeting``: Ocean Engine keeps audience, goal and days on its project; Kuaishou only the kind of bid.
    """
    form: dict[str, Any] = {"media": spec["media"], "objective": spec["objective"], "bid_type": spec["bid_type"]}
    if has_targeting:
        form["goal"] = spec["goal"]
        form["start_date"] = spec["start_date"] if spec["end_date"] else None
        form["end_date"] = spec["end_date"]
        form["targeting"] = canonical_targeting(spec)
    return _digest(form)


def canonical_targeting(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The audience with its sets sorted; all bands or both systems mean the same as none."""
    targeting: dict[str, Any] = {name: spec[name] for name in _TARGETING}
    for name in _TARGETING[1:]:
        targeting[name] = sorted(set(targeting[name]))
    if len(targeting["systems"]) > 1:
        targeting["systems"] = []
    targeting["regions"] = sorted({_region(code) for code in targeting["regions"]})
    targeting["expansion"] = spec["expansion"]
    return targeting


def canonical_text(text: str) -> str:
    """Width and case normalised, white space and punctuation dropped: what a viewer would call the same words.

    >>> canonical_text("３天 到账！") == canonical_text("3天到账")
    True
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum()) or folded.strip()


def _region(code: int) -> int:
    """Provinces are written with two or six digits (11, 110000)."""
    while code >= 100 and code % 100 == 0:
        code //= 100
    return code


def _digest(form: Mapping[str, Any]) -> str:
    text = json.dumps(form, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
