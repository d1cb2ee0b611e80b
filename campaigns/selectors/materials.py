"""Files that plans already use, for choosing them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from campaigns.models import Plan
from xmagnet.accounts.actor import Actor

#: plans looked through, newest first
PLANS_LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True)
class UsedMaterial:
    """A file of one account's library and how often the newest plans use it."""

    account_id: str  # the media's id of the account
    account_name: str
    kind: str
    remote_id: str
    cover_remote_id: str
    title: str  # of the newest plan with it, so that people recognise it
    plan_count: int


def used_materials(actor: Actor, account_ids: Iterable[int]) -> tuple[UsedMaterial, ...]:
    """Files of the newest plans on the accounts, the most used first."""
    actor.require("plans:read")
    rows = _newest(actor, account_ids).values_list("account__remote_id", "account__name", "materials", "titles")
    found: dict[tuple[str, str], UsedMaterial] = {}
    for account_id, account_name, materials, titles in rows[:PLANS_LOOKED_AT]:
        for one in materials:
            key = (account_id, one["remote_id"])
            known = found.get(key)
            found[key] = UsedMaterial(
                account_id, account_name, one["kind"], one["remote_id"], one.get("cover_remote_id", ""),
                known.title if known else next(iter(titles), ""), known.plan_count + 1 if known else 1,
            )  # fmt: skip
    return tuple(sorted(found.values(), key=lambda one: (one.account_name, -one.plan_count, one.remote_id)))


@dataclass(frozen=True, slots=True)
class UsedTitle:
    """A title and how many of the newest plans show it."""

    text: str
    plan_count: int


def used_titles(actor: Actor, account_ids: Iterable[int], *, text: str = "") -> tuple[UsedTitle, ...]:
    """Titles of the newest plans on the accounts that hold the text, the most used first."""
    actor.require("plans:read")
    rows = _newest(actor, account_ids).values_list("titles", flat=True)[:PLANS_LOOKED_AT]
    wanted = text.strip().casefold()
    counts = Counter(str(title) for titles in rows for title in titles)
    found = ((title, count) for title, count in counts.most_common() if wanted in title.casefold())
    return tuple(UsedTitle(title, count) for title, count in found)


def _newest(actor: Actor, account_ids: Iterable[int]) -> QuerySet[Plan]:
    return Plan.objects.all().visible_to(actor).filter(account_id__in=list(account_ids)).order_by("-id")
