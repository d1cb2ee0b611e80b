"""Copying plans, to their own account or to others and other media: every row shown first, then one bulk job."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NoReturn

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.domain.copying import CopyNote, CopySource, CopyTarget, copied_row, copy_name
from campaigns.models import BulkRow, Plan
from campaigns.selectors.bulk.messages import sentence
from campaigns.selectors.materials import UsedMaterial, held_files, used_materials
from campaigns.services.bulk.accept import Accepted, accept_rows
from campaigns.services.bulk.checking import PlanRowChecker
from campaigns.services.bulk.executors import SourceRow
from campaigns.services.bulk.options import BulkOptions
from media_connectors.selectors.directory import AccountFacts, account_facts
from media_connectors.selectors.extras import plan_extras
from xmagnet.accounts.actor import Actor
from xmagnet.core.batches import ROWS, batches_of
from xmagnet.core.clock import media_today
from xmagnet.core.errors import InvalidInput

MAX_ROWS = 5_000
MAX_COPIES = 50
#: rows that a preview checks and shows; the job checks every row again
CHECKED = 300


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """What a person asks for. ``account_ids`` are ours, empty: each plan's own; ``files`` by our account id."""

    plan_ids: tuple[int, ...]
    account_ids: tuple[int, ...] = ()
    copies: int = 1
    prefix: str = ""
    suffix: str = ""
    files: dict[int, tuple[str, ...]] = field(default_factory=dict)  # ids of files in the account's library
    initial_status: str = "paused"


@dataclass(frozen=True, slots=True)
class CopyRow:
    """One row that would be sent, what is wrong with it, and what is not as in its source."""

    number: int
    source_name: str
    account: str
    platform: str
    row: dict[str, Any]
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    lost: tuple[str, ...]
    fitted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileChoice:
    """An account that does not hold the files of the plans, and its own files to take instead."""

    account_id: int
    account_name: str
    platform: str
    options: tuple[UsedMaterial, ...]
    chosen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CopyPreview:
    """What the request comes to; ``rows`` are the first ``CHECKED`` ones."""

    total: int
    rows: tuple[CopyRow, ...]
    invalid_count: int
    files: tuple[FileChoice, ...]


@dataclass(frozen=True, slots=True)
class _Made:
    source: CopySource
    account: AccountFacts
    row: dict[str, Any]
    notes: tuple[CopyNote, ...]


def preview_copies(actor: Actor, request: CopyRequest) -> CopyPreview:
    """The rows, checked as the bulk API checks them. Writes nothing; raises ``InvalidInput``."""
    work = _Work(actor, request)
    total = work.total()
    made = list(work.rows(limit=CHECKED))
    checked = PlanRowChecker(actor).check(
        [SourceRow(number, number + 1, {**one.row, "client_ref": f"copy-{number}"}) for number, one in enumerate(made)]
    )
    rows = tuple(
        CopyRow(
            number=number,
            source_name=one.source.name,
            account=one.account.name,
            platform=one.account.platform,
            row=one.row,
            errors=tuple(_said(problem) for problem in result.problems),
            warnings=tuple(_said(problem) for problem in result.warnings),
            lost=tuple(note_sentence(note) for note in one.notes if note.is_lost),
            fitted=tuple(note_sentence(note) for note in one.notes if not note.is_lost),
        )
        for number, (one, result) in enumerate(zip(made, checked, strict=True), start=1)
    )
    return CopyPreview(total, rows, sum(bool(row.errors) for row in rows), work.file_choices())


def copy_plans(actor: Actor, request: CopyRequest, *, key: str, skipped: Collection[int] = ()) -> Accepted:
    """A bulk creation job of the copies, without the row numbers in ``skipped``; the same key gives the same job."""
    rows = [
        {**one.row, "client_ref": f"copy-{key}-{number}"}
        for number, one in enumerate(_Work(actor, request).rows(), start=1)
        if number not in skipped
    ]
    if not rows:
        raise InvalidInput(_("Every copy was taken out."))
    options = BulkOptions(initial_status="enabled" if request.initial_status == "enabled" else "paused")
    return accept_rows(actor, rows, options=options, idempotency_key=f"copy-{key}")


class _Work:
    """The plans and accounts of one request, read once."""

    def __init__(self, actor: Actor, request: CopyRequest) -> None:
        actor.require("plans:write")
        self._request = request
        if len(request.plan_ids) > MAX_ROWS:  # before any of them is read
            _refuse_total(len(request.plan_ids))
        facts = account_facts(actor)
        mine = Plan.objects.all().visible_to(actor).select_related("campaign").order_by("id")
        self._sources = []
        for ids in batches_of(sorted(set(request.plan_ids)), ROWS):
            plans = list(mine.filter(pk__in=ids))
            made = _made_of(plans)
            self._sources += [
                (_source(plan, facts[plan.account_id], made.get(plan.pk)), facts[plan.account_id]) for plan in plans
            ]
        self._today = media_today()
        self._targets = [facts[account_id] for account_id in request.account_ids if account_id in facts]
        if not self._sources:
            raise InvalidInput(_("No plan is selected."))
        if request.account_ids and not self._targets:
            raise InvalidInput(_("Choose at least one media account."))
        if not 1 <= request.copies <= MAX_COPIES:
            raise InvalidInput(_("Between 1 and %(most)d copies.") % {"most": MAX_COPIES})
        if self.total() > MAX_ROWS:
            _refuse_total(self.total())
        self._library: dict[str, tuple[UsedMaterial, ...]] = {}
        self._held: dict[str, frozenset[str]] = {}
        if self._targets:
            ids = [account.id for account in self._targets]
            found = used_materials(actor, ids)
            shown = sorted({one["id"] for source, _own in self._sources for one in source.materials})
            held = {pair for batch in batches_of(shown, ROWS) for pair in held_files(actor, ids, batch)}
            for account in self._targets:
                self._library[account.remote_id] = tuple(one for one in found if one.account_id == account.remote_id)
                self._held[account.remote_id] = frozenset(one for of, one in held if of == account.remote_id)

    def total(self) -> int:
        """How many rows there are."""
        return len(self._sources) * self._request.copies * max(1, len(self._targets))

    def rows(self, *, limit: int = MAX_ROWS) -> Iterator[_Made]:
        """Plan by plan, account by account, copy by copy."""
        asked, made = self._request, 0
        for source, own in self._sources:
            for account in self._targets or [own]:
                target = self._target(account)
                for number in range(1, asked.copies + 1):
                    if made == limit:
                        return
                    made += 1
                    name = copy_name(
                        source.name, account.platform, prefix=asked.prefix, suffix=asked.suffix,
                        number=number, count=asked.copies,
                    )  # fmt: skip
                    yield _Made(source, account, *copied_row(source, target, name=name, today=self._today))

    def file_choices(self) -> tuple[FileChoice, ...]:
        """Accounts for which somebody must choose files."""
        return tuple(
            FileChoice(
                account.id, account.name, account.platform, self._library[account.remote_id],
                self._request.files.get(account.id, ()),
            )
            for account in self._targets
            if any(self._lacks_files(source, account) for source, _own in self._sources)
        )  # fmt: skip

    def _lacks_files(self, source: CopySource, account: AccountFacts) -> bool:
        if (source.media, source.account_id) == (account.platform, account.remote_id):
            return False
        held = self._held[account.remote_id]
        return any(one["id"] not in held for one in source.materials)

    def _target(self, account: AccountFacts) -> CopyTarget:
        library = self._library.get(account.remote_id, ())
        chosen = set(self._request.files.get(account.id, ()))
        return CopyTarget(
            account.platform,
            account.remote_id,
            tuple(
                {"kind": one.kind, "id": one.remote_id, "cover_id": one.cover_remote_id}
                for one in library
                if one.remote_id in chosen
            ),
            self._held.get(account.remote_id, frozenset()),
        )


def _made_of(plans: Iterable[Plan]) -> dict[int, dict[str, Any]]:
    """The rows that made the plans, where one of our jobs did and still is kept; by plan."""
    ours = {plan.pk: plan.job_id for plan in plans if plan.job_id}
    rows = BulkRow.objects.filter(job_id__in=set(ours.values()), plan_id__in=list(ours), job_id=F("plan__job_id"))
    first = rows.exclude(spec=None).order_by("plan_id", "id").distinct("plan_id")  # one row a plan, whatever there is
    return dict(first.values_list("plan_id", "spec"))


def _source(plan: Plan, account: AccountFacts, made: dict[str, Any] | None) -> CopySource:
    extras = plan_extras(plan.platform, plan.settings, plan.campaign.settings if plan.campaign else {})
    made = made or {}
    action = extras.call_to_action if extras.call_to_action is not None else made.get("call_to_action")
    ends = made.get("end_date")
    return CopySource(
        plan_id=plan.pk,
        media=plan.platform,
        account_id=account.remote_id,
        campaign=plan.campaign.name if plan.campaign else "",
        name=plan.name,
        objective=plan.objective,
        goal=plan.goal,
        bid_type=plan.bid_type,
        bid_fen=plan.bid_fen,
        budget_fen=plan.daily_budget_fen,
        schedule=plan.schedule,
        targeting=plan.targeting,
        landing_url=plan.landing_url,
        titles=tuple(map(str, plan.titles)),
        materials=tuple(
            {"kind": one["kind"], "id": one["remote_id"], "cover_id": one.get("cover_remote_id", "")}
            for one in plan.materials
        ),
        brand_name=extras.brand_name or made.get("brand_name", ""),
        call_to_action=action,
        end_on=extras.end_on or (date.fromisoformat(ends) if ends else None),
    )


def _said(problem: Any) -> str:
    text = sentence(problem.code, problem.params)
    return f"{problem.field}: {text}" if problem.field else text


def note_sentence(note: CopyNote) -> str:
    """What is other than in the source, for people."""
    values: dict[str, Any] = dict(note.params)
    for name in ("before", "after"):
        if f"{name}_fen" in values:
            values[name] = f"¥{values[f'{name}_fen'] / 100:,.2f}"
    count = values.get("count", 0)
    texts = {
        "hours_rounded": _("Half hours become whole hours; this media knows no others."),
        "title_length": _("The title “%(title)s” does not fit: this media wants %(least)s to %(most)s characters."),
        "title_count": _("The title “%(title)s” is one too many: this media takes %(most)s."),
        "bid_fitted": _("Bid %(before)s → %(after)s: this media's limits."),
        "budget_fitted": _("Daily budget %(before)s → %(after)s: this media's limits."),
        "interests": ngettext(
            "%(count)d interest is left out: its number means nothing on another media.",
            "%(count)d interests are left out: their numbers mean nothing on another media.", count,
        ),
        "audiences": ngettext(
            "%(count)d audience pack is left out: it belongs to the source's account.",
            "%(count)d audience packs are left out: they belong to the source's account.", count,
        ),
        "files_replaced": ngettext(
            "%(count)d file is replaced by %(instead)d of the account's own.",
            "%(count)d files are replaced by %(instead)d of the account's own.", count,
        ),
        "files": ngettext(
            "%(count)d file is not in this account's library: choose others for it.",
            "%(count)d files are not in this account's library: choose others for it.", count,
        ),
    }  # fmt: skip
    texts |= {
        "brand_not_held": _("The brand “%(text)s” is left out: this media shows the account's own name."),
        "brand_length": _("The brand “%(text)s” does not fit: this media wants %(least)s to %(most)s characters."),
        "action_unknown": _("What its button says is not known to us: the copy gets the media's own words."),
        "action_length": _("The button “%(text)s” does not fit: this media wants %(least)s to %(most)s characters."),
        "end_is_over": _("Its last day, %(day)s, is over: the copy has an open end."),
    }
    return texts[note.code] % values


def _refuse_total(total: int) -> NoReturn:
    text = _("%(total)d plans are too many for one job; at most %(most)d.")
    raise InvalidInput(text % {"total": total, "most": MAX_ROWS})
