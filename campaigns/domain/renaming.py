"""New names for many plans from one rule: find and replace, before and after, or a naming template. Pure.

Plans that X-Magnet built carry a key at the end of their name (``#k3x9m2``), by which a lost answer is found again at
the media. A rule works on what stands before the key; the key stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from campaigns.domain.naming import TEXT_TOKENS, TOKENS, NamingTemplate, TemplateProblem, template_problems
from campaigns.domain.rows.keys import ALPHABET, KEY_LENGTH

#: tokens that only a setup being built knows
BUILD_ONLY = frozenset({"audience", "creative"})
#: tokens that a live plan has values for
RENAME_TOKENS = tuple(token for token in TOKENS if token not in BUILD_ONLY)
_KEYED = re.compile(rf"^(?P<stem>.*)(?P<key>#[{ALPHABET}]{{{KEY_LENGTH}}})$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RenameRule:
    """How names change. Only the fields of the ``kind`` count."""

    kind: Literal["replace", "affix", "template"]
    find: str = ""
    replacement: str = ""
    is_case_sensitive: bool = True
    prefix: str = ""
    suffix: str = ""
    template: str = ""


def rule_problems(rule: RenameRule) -> tuple[TemplateProblem, ...]:
    """What keeps the rule from being used; ``nothing`` when it says nothing, else the template's problems."""
    if rule.kind == "template":
        found = template_problems(rule.template)
        unknown = () if found else (one for one in NamingTemplate(rule.template).tokens if one in BUILD_ONLY)
        return (*found, *(TemplateProblem("unknown_token", token) for token in sorted(unknown)))
    says_something = rule.find if rule.kind == "replace" else rule.prefix or rule.suffix
    return () if says_something else (TemplateProblem("nothing"),)


def split_key(name: str) -> tuple[str, str]:
    """The name without its key, and the key with its ``#`` ("" when it has none).

    >>> split_key("车险 1#k3x9m2"), split_key("车险 #1")
    (('车险 1', '#k3x9m2'), ('车险 #1', ''))
    """
    match = _KEYED.match(name)
    return (match["stem"], match["key"]) if match else (name, "")


class Renamer:
    """Applies one rule to plan after plan. Raises ``ValueError`` for a rule with problems."""

    def __init__(self, rule: RenameRule, *, on: date) -> None:
        if rule_problems(rule):
            raise ValueError(rule_problems(rule)[0].code)
        self._rule = rule
        self._on = on
        self._template = NamingTemplate(rule.template) if rule.kind == "template" else None
        flags = re.NOFLAG if rule.is_case_sensitive else re.IGNORECASE
        self._found = re.compile(re.escape(rule.find), flags)

    def rename(self, name: str, values: Mapping[str, str], *, number: int) -> str:
        """The new name; ``values`` by token, ``number`` counts the selection from 1."""
        stem, key = split_key(name)
        if self._template is not None:
            known = {token: values.get(token, "") for token in TEXT_TOKENS}
            return self._template.render(known, on=self._on, number=number) + key
        if self._rule.kind == "replace":
            return self._found.sub(lambda _match: self._rule.replacement, stem).strip() + key
        return f"{self._rule.prefix}{stem}{self._rule.suffix}".strip() + key
