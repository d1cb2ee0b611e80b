"""Files and titles that plans show: to be found, to be chosen again, and to find plans by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from campaigns.choices import TITLE, Status
from campaigns.models import AccountMaterial, PlanMaterial
from xmagnet.accounts.actor import Actor

#: files and titles that one answer holds at most; a search narrows them
MOST = 2_000
#: rows looked at for one thing found: the same title stands in many accounts
_ROWS_A_FIND = 10
_LIVE_USE = ~Q(uses__plan__status=Status.DELETED)


@dataclass(frozen=True, slots=True)
class UsedMaterial:
    """A file of one account's library and how many live plans show it."""

    account_id: str  # the media's id of the account
    account_name: str
    kind: str
    remote_id: str
    cover_remote_id: str
    name: str  # as the library tells it; "" while it has not
    title: str  # of the newest plan with it, so that people recognise it
    width: int
    height: int
    duration_ms: int
    plan_count: int


def used_materials(
    actor: Actor, account_ids: Iterable[int], *, text: str = "", kind: str = "", limit: int = MOST
) -> tuple[UsedMaterial, ...]:
    """Files of the accounts, the most used first: those of plans and those that their libraries told of.

    The text is looked for in a file's name, its id and the titles that it runs with; ``kind`` is how the kind begins.
    """
    actor.require("plans:read")
    files = _visible(actor).exclude(kind=TITLE).filter(account_id__in=list(account_ids), kind__startswith=kind)
    wanted = text.strip()
    if wanted:
        titles = _visible(actor).filter(kind=TITLE, **_holding("name", wanted))
        beside = PlanMaterial.objects.filter(plan__uses__material__in=titles).values("material_id")
        files = files.filter(Q(**_holding("name", wanted)) | Q(**_holding("remote_id", wanted)) | Q(pk__in=beside))
    newest = PlanMaterial.objects.filter(material=OuterRef("pk")).order_by("-plan_id")
    rows = files.annotate(
        plan_count=Count("uses__plan", filter=_LIVE_USE), title=Subquery(newest.values("plan__titles__0")[:1])
    ).order_by("-plan_count", "-pk")
    columns = ("kind", "remote_id", "cover_remote_id", "name", "title", "width", "height", "duration_ms", "plan_count")
    found = rows.values_list("account__remote_id", "account__name", *columns)[:limit]
    return tuple(
        UsedMaterial(account_id, account_name, kind, remote_id, cover, name, str(title or ""), *measures)
        for account_id, account_name, kind, remote_id, cover, name, title, *measures in found
    )


def held_files(actor: Actor, account_ids: Iterable[int], remote_ids: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Which of the files the accounts' libraries hold, as pairs of the media's ids of account and file."""
    files = _visible(actor).exclude(kind=TITLE)
    found = files.filter(account_id__in=list(account_ids), remote_id__in=list(remote_ids))
    return frozenset(found.values_list("account__remote_id", "remote_id"))


@dataclass(frozen=True, slots=True)
class UsedTitle:
    """A title and how many live plans show it."""

    text: str
    plan_count: int


def used_titles(
    actor: Actor, account_ids: Iterable[int], *, text: str = "", limit: int = MOST
) -> tuple[UsedTitle, ...]:
    """Titles of the accounts' plans that hold the text, the most used first."""
    actor.require("plans:read")
    titles = _visible(actor).filter(kind=TITLE, account_id__in=list(account_ids), **_holding("name", text.strip()))
    counted = titles.values("name").annotate(plan_count=Count("uses__plan", filter=_LIVE_USE))
    found = counted.filter(plan_count__gt=0).order_by("-plan_count", "name").values_list("name", "plan_count")
    return tuple(UsedTitle(name, count) for name, count in found[:limit])


@dataclass(frozen=True, slots=True)
class FoundCreative:
    """A title, or a file of one account, that live plans show. ``plan_id`` when it is only one plan."""

    kind: str
    name: str
    remote_id: str  # "" of a title
    platforms: tuple[str, ...]
    account_name: str  # "" when it stands in several
    plan_id: int | None


def find_creatives(actor: Actor, text: str, *, limit: int) -> tuple[FoundCreative, ...]:
    """Titles by a part of them, files by a part of the name or the beginning of the id; the newest first."""
    actor.require("plans:read")
    wanted = Q(**_holding("name", text)) | Q(remote_id__startswith=text)
    live = PlanMaterial.objects.filter(material=OuterRef("pk")).exclude(plan__status=Status.DELETED)
    rows = (
        _visible(actor)
        .filter(wanted)
        .annotate(plan_ids=ArraySubquery(live.values("plan_id")[:2]))
        .exclude(plan_ids=[])
        .order_by("-pk")
        .values_list("kind", "name", "remote_id", "account__platform", "account__name", "plan_ids")
    )
    groups: dict[tuple[str, str], list[tuple[str, str, str, list[int]]]] = {}
    for kind, name, remote_id, platform, account_name, plan_ids in rows[: limit * _ROWS_A_FIND]:
        groups.setdefault((name, remote_id), []).append((kind, platform, account_name, plan_ids))
    return tuple(_found(name, remote_id, group) for (name, remote_id), group in list(groups.items())[:limit])


def _found(name: str, remote_id: str, group: list[tuple[str, str, str, list[int]]]) -> FoundCreative:
    plan_ids = [plan_id for *_, ids in group for plan_id in ids]
    return FoundCreative(
        kind=group[0][0],
        name=name,
        remote_id=remote_id,
        platforms=tuple(sorted({platform for _, platform, _, _ in group})),
        account_name=group[0][2] if len(group) == 1 else "",
        plan_id=plan_ids[0] if len(plan_ids) == 1 else None,
    )


def _visible(actor: Actor) -> QuerySet[AccountMaterial]:
    return AccountMaterial.objects.all().visible_to(actor)  # type: ignore[no-any-return]


def _holding(column: str, text: str) -> dict[str, str]:
    """Folding the case of every name takes several times as long; most words here have none."""
    return {f"{column}__{'contains' if text.lower() == text.upper() else 'icontains'}": text}
