"""Search everything: one box over pages, jobs and whatever else has a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.choices import TITLE, MaterialSort
from campaigns.contracts import Condition
from campaigns.selectors.materials import FoundCreative, find_creatives
from campaigns.selectors.plans import visible_plans
from campaigns.selectors.templates import visible_templates
from frontend.job_words import kind_label
from frontend.navigation import find_pages
from frontend.tables.plan_state import TableState
from frontend.templatetags.kit import platform_name
from frontend.views.base import Fragment, Page, address
from media_connectors.selectors.directory import account_facts
from xmagnet.accounts.actor import Actor
from xmagnet.jobs.selectors import get_job, list_jobs
from xmagnet.notices.words import JOB_NAMES
from xmagnet.people.agencies import list_agencies
from xmagnet.people.members import list_members

MAX_LENGTH = 120
SUGGESTED_PER_GROUP = 5
LISTED_PER_GROUP = 50


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found."""

    label: str
    url: str
    icon: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class HitGroup:
    """Things of one sort."""

    label: str
    hits: tuple[Hit, ...]


def pages(actor: Actor, text: str, limit: int) -> HitGroup:
    """Pages of the menu by label."""
    found = find_pages(actor, text)[:limit]
    return HitGroup(_("Pages"), tuple(Hit(link.label, link.url, link.icon) for link in found))


def jobs(actor: Actor, text: str, limit: int) -> HitGroup:
    """Jobs by id, by what they do, or by their file."""
    if not actor.can("jobs:read"):
        return HitGroup(_("Jobs"), ())
    exact = get_job(actor, text)
    kinds = [kind for kind, label in JOB_NAMES.items() if text.casefold() in str(label).casefold()]
    wanted = Q(source__filename__icontains=text) | Q(kind__in=kinds)
    found = [exact] if exact else list(list_jobs(actor).filter(wanted)[:limit])
    return HitGroup(
        _("Jobs"),
        tuple(
            Hit(kind_label(job.kind), address(actor, "job", job.pk), "list-check", str(job.get_state_display()))
            for job in found
        ),
    )


def accounts(actor: Actor, text: str, limit: int) -> HitGroup:
    """Media accounts by name or id."""
    if not actor.can("accounts:read"):
        return HitGroup(_("Media accounts"), ())
    wanted = text.casefold()
    found = [one for one in account_facts(actor).values() if wanted in f"{one.name} {one.remote_id}".casefold()]
    page = address(actor, "accounts")
    return HitGroup(
        _("Media accounts"),
        tuple(
            Hit(one.name, f"{page}?{urlencode({'q': one.remote_id})}", "wallet", platform_name(one.platform))
            for one in found[:limit]
        ),
    )


def plans(actor: Actor, text: str, limit: int) -> HitGroup:
    """Plans by id or by a part of the name, the newest first."""
    if not actor.can("plans:read"):
        return HitGroup(_("Plans"), ())
    found = visible_plans(actor).exclude(status="deleted")
    wanted = Q(name__icontains=text) | Q(client_ref=text)
    if text.isdecimal():
        wanted |= Q(remote_id=text)
    return HitGroup(
        _("Plans"),
        tuple(
            Hit(plan.name, address(actor, "plan", plan.pk), "target", platform_name(plan.platform))
            for plan in found.filter(wanted).order_by("-created_at", "-id")[:limit]
        ),
    )


def creatives(actor: Actor, text: str, limit: int) -> HitGroup:
    """Titles and files that plans show; each leads to its plan, or to the plans that show it."""
    if not actor.can("plans:read"):
        return HitGroup(_("Creatives"), ())
    return HitGroup(
        _("Creatives"),
        tuple(
            Hit(
                one.name or one.remote_id,
                _plans_that_show(actor, one),
                "cursor-text" if one.kind == TITLE else "photo",
                " · ".join([str(MaterialSort(one.kind).label), *map(platform_name, one.platforms), one.account_name])
                .removesuffix(" · "),
            )
            for one in find_creatives(actor, text, limit=limit)
        ),
    )  # fmt: skip


def _plans_that_show(actor: Actor, one: FoundCreative) -> str:
    if one.plan_id is not None:
        return address(actor, "plan", one.plan_id)
    condition = Condition("creative", "is", (one.remote_id or one.name,))
    return f"{address(actor, 'plans')}?{TableState(conditions=(condition,)).encoded()}"


def templates(actor: Actor, text: str, limit: int) -> HitGroup:
    """Setting templates by name."""
    if not actor.can("plans:read"):
        return HitGroup(_("Templates"), ())
    found = visible_templates(actor).filter(is_draft=False, name__icontains=text).order_by("name", "-version")
    newest = {template.name: template for template in reversed(found[: limit * 5])}
    return HitGroup(
        _("Templates"),
        tuple(
            Hit(template.name, address(actor, "template", template.pk), "template")
            for template in list(newest.values())[:limit]
        ),
    )


def agencies(actor: Actor, text: str, limit: int) -> HitGroup:
    """Agencies by name."""
    if not actor.can("agencies:read"):
        return HitGroup(_("Agencies"), ())
    return HitGroup(
        _("Agencies"),
        tuple(
            Hit(agency.name, address(actor, "agency", agency.pk), "building-community", agency.code)
            for agency in list_agencies(actor).filter(name__icontains=text)[:limit]
        ),
    )


def members(actor: Actor, text: str, limit: int) -> HitGroup:
    """Members by name or email."""
    if not actor.can("members:read"):
        return HitGroup(_("Members"), ())
    page = address(actor, "members")
    found = list_members(actor).filter(Q(user__name__icontains=text) | Q(user__email__icontains=text))
    return HitGroup(
        _("Members"),
        tuple(
            Hit(str(member.user), f"{page}?{urlencode({'q': member.user.email})}", "users", member.get_role_display())
            for member in found[:limit]
        ),
    )


#: who looks; a new kind of thing joins the search by joining this table
SOURCES: tuple[Callable[[Actor, str, int], HitGroup], ...] = (
    pages,
    plans,
    creatives,
    accounts,
    jobs,
    templates,
    agencies,
    members,
)


def search(actor: Actor, text: str, limit: int) -> tuple[HitGroup, ...]:
    """Everything that the text finds, at most ``limit`` of each sort; empty groups are left out."""
    wanted = text.strip()[:MAX_LENGTH]
    if not wanted:
        return ()
    groups = (source(actor, wanted, limit) for source in SOURCES)
    return tuple(group for group in groups if group.hits)


class SearchPage(Page):
    """All results; also where Enter in the box leads."""

    permission = "overview:read"
    template_name = "frontend/search/page.html"
    title = gettext_lazy("Search")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET.get("q", "").strip()[:MAX_LENGTH]
        groups = search(self.actor, query, LISTED_PER_GROUP)
        return super().get_context_data(search_query=query, groups=groups, **kwargs)


class SearchSuggestions(Fragment):
    """What drops down under the box."""

    permission = "overview:read"
    template_name = "frontend/search/suggestions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET.get("q", "").strip()[:MAX_LENGTH]
        groups = search(self.actor, query, SUGGESTED_PER_GROUP)
        return super().get_context_data(search_query=query, groups=groups, **kwargs)
