"""What differs between two kept setups, in an order and in pieces that a person can read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: belong to one session of the builder, not to what it builds
_OWN_OF_SESSION = frozenset({"client_ref_prefix"})
#: lists of named blocks, compared block by block
BLOCKS = ("audiences", "creatives", "titles", "schedules")


@dataclass(frozen=True, slots=True)
class SetupChange:
    """One difference. ``field`` is a field of the setup, ``block`` the name of the block inside it or the media."""

    field: str
    block: str
    before: str
    after: str


def setup_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[SetupChange, ...]:
    """Differences in the order of the fields; an absent block or field is ""."""
    found: list[SetupChange] = []
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if name in _OWN_OF_SESSION or old == new:
            continue
        if name in BLOCKS:
            found += _blocks(name, old or (), new or ())
        elif name == "per_media":
            found += _parts(name, old or {}, new or {})
        else:
            found.append(SetupChange(name, "", _text(old), _text(new)))
    return tuple(found)


def _blocks(name: str, before: Sequence[Any], after: Sequence[Any]) -> list[SetupChange]:
    """Blocks are the same when their names are; a nameless one is known by its place."""
    return _parts(name, _named(before), _named(after))


def _named(blocks: Sequence[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for position, block in enumerate(blocks, start=1):
        label = block.get("name") or f"#{position}"
        named[label if label not in named else f"{label} #{position}"] = {
            key: value for key, value in block.items() if key not in ("key", "name")
        }
    return named


def _parts(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[SetupChange]:
    return [
        SetupChange(name, label, _text(before.get(label)), _text(after.get(label)))
        for label in dict.fromkeys((*before, *after))
        if before.get(label) != after.get(label)
    ]


def _text(value: Any) -> str:
    """Short and stable: lists by commas, blocks as their filled fields."""
    if _is_empty(value):
        return ""
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_text(part)}" for key, part in value.items() if not _is_empty(part))
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(part) if not isinstance(part, Mapping) else _record(part) for part in value)
    return str(value)


def _is_empty(value: Any) -> bool:
    """Nothing was filled in; an unticked box counts as that."""
    return value in (None, "", [], (), {}, False)


def _record(part: Mapping[str, Any]) -> str:
    name = part.get("name") or part.get("id") or part.get("text")
    return str(name) if name else json.dumps(dict(part), ensure_ascii=False, sort_keys=True)
