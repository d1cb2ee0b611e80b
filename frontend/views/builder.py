"""The builder: one page that says exactly what it would create, keeps what was typed, and hands it to a bulk job."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.selectors.plans import plan_detail
from campaigns.selectors.templates import TemplateCard, get_template, list_drafts, list_templates
from campaigns.services.builder import (
    TOKENS,
    AudiencePack,
    BuilderSetup,
    CreativePack,
    MaterialPick,
    MediaSettings,
    SchedulePack,
    TitleSet,
    content_of,
    media_limits,
    preview,
    setup_of,
    submit,
)
from campaigns.services.templates import DRAFT_KEY_LETTERS, draft_state, forget_draft, save_draft, save_template
from frontend import builder_words, formats
from frontend.builder_words import CELL_LABELS
from frontend.forms.builder import setup_from
from frontend.views.answers import done
from frontend.views.base import Fragment, Page
from media_connectors.choices import AccountHealth
from media_connectors.selectors.directory import AccountFacts, account_facts
from xmagnet.accounts.actor import Actor
from xmagnet.core.errors import Conflict, DomainError, InvalidInput, NotFound
from xmagnet.core.ids import ids_among, whole_number

#: what the blank blocks of the page are keyed by until they are added
BLANK_KEY = "blank"


class Builder(Page):
    """``/plans/build/``: empty, from a template or draft (``?from=``), or from a plan (``?copy=``)."""

    permission = "plans:write"
    template_name = "frontend/builder/page.html"
    title = gettext_lazy("Build plans")
    menu_item = "build"

    #: the state of the draft that the page begins with
    draft_seen = ""

    def setup_shown(self) -> BuilderSetup:
        """What the page starts with."""
        source, copied = whole_number(self.request.GET.get("from", "")), self.request.GET.get("copy", "")
        if source is not None:
            card = get_template(self.actor, source)
            setup = setup_of(card.content)
            if not card.is_draft:
                return replace(setup, client_ref_prefix=_new_prefix())
            self.draft_seen = draft_state(card.created_at)
            return setup
        setup = BuilderSetup(client_ref_prefix=_new_prefix())
        if copied:
            ids = ids_among(copied.split(","))
            return _from_plan(plan_detail(self.actor, ids[0]), setup) if ids else setup
        return setup

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        setup: BuilderSetup = kwargs.pop("setup", None) or self.setup_shown()
        by_media: dict[str, list[dict[str, Any]]] = {}
        for account in account_facts(self.actor).values():
            by_media.setdefault(account.platform, []).append(_account(account))
        return super().get_context_data(
            setup=setup,
            accounts_by_media=list(by_media.items()),
            media_settings=[(media, _media(media, setup)) for media in by_media],
            zipped=[name for group in setup.zipped for name in group],
            exclusions=[json.dumps(rule, sort_keys=True) for rule in setup.exclusions],
            overrides=[json.dumps(asdict(one), sort_keys=True) for one in setup.overrides],
            tokens=[f"{{{name}}}" for name in TOKENS],
            words=builder_words.WORDS,
            choices=builder_words.choices(),
            blank={
                "audience": AudiencePack(BLANK_KEY),
                "creative": CreativePack(BLANK_KEY),
                "title": TitleSet(BLANK_KEY),
                "schedule": SchedulePack(BLANK_KEY),
                "material": MaterialPick(),
            },
            may_launch=self.actor.can("plans:launch"),
            template_id=self.request.GET.get("from", ""),
            draft_page=self.request.POST.get("draft_page") or get_random_string(12),
            draft_seen=self.request.POST.get("draft_seen", self.draft_seen),
            unfinished=[] if self.request.GET or self.request.method == "POST" else _drafts(self.actor)[:3],
            **kwargs,
        )


class BuildPreview(Fragment):
    """What the form comes to; also keeps the draft, so that closing the page loses nothing."""

    permission = "plans:write"
    template_name = "frontend/builder/preview.html"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        setup = setup_from(request.POST)
        number = whole_number(request.POST.get("page", ""), most=9_999) or 1
        asked = setup.client_ref_prefix
        if setup.account_ids or setup.titles or setup.creatives:
            setup = _kept(self.actor, setup, request)
        found = preview(self.actor, setup, page=number, is_whole=request.POST.get("check") == "all")
        response: HttpResponse = self.render_to_response(
            self.get_context_data(
                found=found, setup=setup, rows=[_shown(row) for row in found.rows], amount_fields=("bids", "budgets"),
                is_parted=setup.client_ref_prefix != asked,
            )
        )  # fmt: skip
        return response


class BuildDraft(Fragment):
    """Keeps the draft; a page that is being left sends it as a beacon."""

    permission = "plans:write"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        _kept(self.actor, setup_from(request.POST), request)
        return HttpResponse(status=204)


class BuildSubmit(Builder):
    """Creates the job, or shows the page again with everything as it was typed and what is in the way."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        setup = setup_from(request.POST)
        try:
            job_id = submit(self.actor, setup)
        except (InvalidInput, Conflict) as refusal:
            return self._again(_kept(self.actor, setup, request), refusal)
        forget_draft(self.actor, key=setup.client_ref_prefix)
        messages.success(request, _("The rows are accepted. You may close this page: the job goes on."))
        return redirect(self.url("job", job_id))

    def _again(self, setup: BuilderSetup, refusal: DomainError) -> HttpResponse:
        context = self.get_context_data(setup=setup, refusal=refusal)
        response: HttpResponse = self.render_to_response(context, status=422)
        return response


class BuildTemplates(Fragment):
    """Templates and drafts to start from, and a name to save under."""

    permission = "plans:write"
    template_name = "frontend/builder/templates.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        templates = list_templates(self.actor)
        drafts = _drafts(self.actor)[:8]
        source = whole_number(self.request.GET.get("of", ""))
        if source is not None and (card := _own_template(self.actor, source)) is not None:
            kwargs = {"name": card.name, "is_shared": card.is_shared} | kwargs
        return super().get_context_data(templates=templates, drafts=drafts, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        name, is_shared = request.POST.get("template_name", ""), "is_shared" in request.POST
        setup = setup_from(request.POST)
        try:
            save_template(self.actor, name=name, content=content_of(setup), is_shared=is_shared)
        except InvalidInput as refusal:
            context = self.get_context_data(error=refusal.detail, name=name, is_shared=is_shared)
            response: HttpResponse = self.render_to_response(context, status=422)
            return response
        return done(_("The template is saved."))


def _kept(actor: Actor, setup: BuilderSetup, request: HttpRequest) -> BuilderSetup:
    """The setup after its draft was kept: under another key when the same draft is open in another tab."""
    page, seen = (request.POST.get(name, "")[:40] for name in ("draft_page", "draft_seen"))
    key = save_draft(actor, key=setup.client_ref_prefix, content=content_of(setup), page=page, seen=seen)
    return replace(setup, client_ref_prefix=key)


def _own_template(actor: Actor, template_id: int) -> TemplateCard | None:
    """The template that the page began with, when saving under its name makes its next version."""
    try:
        card = get_template(actor, template_id)
    except NotFound:
        return None  # deleted since, in another window
    return card if card.is_mine and not card.is_draft else None


def _drafts(actor: Actor) -> list[tuple[TemplateCard, str]]:
    return [(card, builder_words.draft_text(card.content)) for card in list_drafts(actor)]


def _new_prefix() -> str:
    return get_random_string(8, DRAFT_KEY_LETTERS)


def _account(account: AccountFacts) -> dict[str, Any]:
    why_not = ""
    if not account.is_active:
        why_not = _("paused in X-Magnet")
    elif account.health == AccountHealth.NEEDS_AUTHORIZATION:
        why_not = _("must be authorized again")
    return {
        "id": account.id, "name": account.name, "remote_id": account.remote_id, "agency_name": account.agency_name,
        "is_usable": not why_not, "why_not": why_not,
    }  # fmt: skip


def _media(media: str, setup: BuilderSetup) -> dict[str, Any]:
    own = setup.per_media.get(media, MediaSettings())
    limits = media_limits(media, setup.goal)
    text = _("Bids %(low)s–%(high)s, daily budget from %(budget)s, %(count)d titles of %(least)d–%(most)d characters.")
    counted = {name: limits[name] for name in ("least_title", "most_title", "most_titles", "latin_percent")}
    return asdict(own) | {
        "title_limits": json.dumps(counted),
        "limits": text % {
            "low": formats.money(limits["least_bid_fen"]), "high": formats.money(limits["most_bid_fen"]),
            "budget": formats.money(limits["least_budget_fen"]), "count": limits["most_titles"],
            "least": limits["least_title"], "most": limits["most_title"],
        }
    }  # fmt: skip


#: columns of the preview after number and account: (key of the errors, field that may be corrected in place)
_CELLS = (
    ("name", "name"), ("campaign", "campaign"), ("audience", ""), ("materials", ""), ("titles", "titles"),
    ("bid", "bid"), ("budget", "budget"), ("schedule", ""),
)  # fmt: skip


def _shown(row: Any) -> dict[str, Any]:
    """A preview row with its cells in the order of the table; errors of fields without a cell stand beside it."""
    titles = row.row.get("titles", ())
    raw = {
        "name": row.row.get("name", ""),
        "campaign": row.row.get("campaign", ""),
        "audience": row.labels.get("audience", ""),
        "materials": row.labels.get("creative", "") or builder_words.files_text(row.row.get("materials", ())),
        "titles": titles if isinstance(titles, str) else "|".join(titles),
        "bid": row.row.get("bid", ""),
        "budget": row.row.get("budget", ""),
        "schedule": row.labels.get("schedule", "") or builder_words.hours_text(row.row.get("schedule", "")),
    }
    cells = [
        {
            "field": field, "raw": raw[key], "value": str(raw[key]).replace("|", " / "), "label": CELL_LABELS[key],
            "errors": row.errors.get(key, []), "warnings": row.warnings.get(key, []), "is_edited": field in row.edited,
        }
        for key, field in _CELLS
    ]  # fmt: skip
    elsewhere = [text for key, texts in row.errors.items() if key not in raw for text in texts]
    doubts = [text for key, texts in row.warnings.items() if key not in raw for text in texts]
    return {"row": row, "cells": cells, "errors": elsewhere, "warnings": doubts}


def _from_plan(plan: Any, setup: BuilderSetup) -> BuilderSetup:
    """The setup that would build this plan again; files belong to its account and are marked so."""
    targeting = plan.targeting
    row = plan.row
    files = tuple(
        MaterialPick(one["kind"], one["remote_id"], one.get("cover_remote_id", ""), row.account.remote_id)
        for one in plan.materials
    )
    audience = AudiencePack(
        key="a1", name=row.name[:40], gender=targeting.get("gender", "any"), ages=_texts(targeting, "ages"),
        regions=_texts(targeting, "regions"), systems=_texts(targeting, "systems"),
        interests=_texts(targeting, "interests"), audiences_include=_texts(targeting, "audiences_include"),
        audiences_exclude=_texts(targeting, "audiences_exclude"), expansion=bool(targeting.get("expansion", False)),
    )  # fmt: skip
    return replace(
        setup,
        account_ids=(row.account.id,),
        goal=plan.goal or setup.goal,
        bid_type=row.bid_type,
        landing_url=plan.landing_url,
        audiences=(audience,),
        creatives=(CreativePack("c1", row.name[:40], files),),
        titles=(TitleSet("t1", "", tuple(map(str, plan.titles))),),
        schedules=(SchedulePack("s1", "", row.schedule),) if row.schedule else (),
        bids="" if row.bid_fen is None else f"{row.bid_fen / 100:g}",
        budgets="unlimited" if row.daily_budget_fen is None else f"{row.daily_budget_fen / 100:g}",
    )  # fmt: skip


def _texts(targeting: dict[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(one) for one in targeting.get(name, ()))
