"""Checking rows of new plans: the row's own rules, then what only the database knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Min

from campaigns.choices import Status
from campaigns.domain.rows.canonical import canonical_sha256, setting_key
from campaigns.domain.rows.keys import SUFFIX_LENGTH
from campaigns.domain.rows.media_rules import RULES
from campaigns.domain.rows.naming import campaign_name, plan_name
from campaigns.domain.rows.problems import RowProblem, problem
from campaigns.domain.rows.reading import read_row
from campaigns.models import Campaign, Plan
from campaigns.services.bulk.executors import CheckedRow, SourceRow
from media_connectors.choices import AccountHealth
from media_connectors.selectors.directory import AccountFacts, account_facts
from xmagnet.accounts.actor import Actor
from xmagnet.core.clock import media_today
from xmagnet.jobs.models import Job


@dataclass(slots=True)
class _Found:
    """A row that reads well, while its surroundings are looked at."""

    row: SourceRow
    client_ref: str
    spec: dict[str, Any] | None
    problems: list[RowProblem]
    account: AccountFacts | None = None
    warnings: list[RowProblem] = field(default_factory=list)


class PlanRowChecker:
    """Checks rows of new plans in input order; earlier rows of the same job count."""

    def __init__(self, actor: Actor, job: Job | None = None) -> None:
        self._actor = actor
        self._today = media_today()
        facts = account_facts(actor)
        self._accounts = {(account.platform, account.remote_id): account for account in facts.values()}
        self._refs: dict[str, int] = {}
        self._canonical: dict[str, int] = {}
        self._settings: dict[tuple[int, str], str] = {}  # of new campaigns, by account and name
        self._campaign_counts: dict[int, int] = {}

    def check(self, rows: Sequence[SourceRow]) -> list[CheckedRow]:
        """One result for each row, with every problem at once."""
        found = [self._read(row) for row in rows]
        self._check_against_plans([item for item in found if item.spec is not None])
        self._check_campaigns([item for item in found if item.spec is not None and item.account is not None])
        return [_checked(item) for item in found]

    def remember(self, rows: Iterable[CheckedRow]) -> None:
        """Rows checked before a restart count as earlier rows."""
        for row in rows:
            if row.client_ref:
                self._refs.setdefault(row.client_ref, row.line)
            if row.spec is not None and row.account_id is not None:
                self._canonical.setdefault(row.spec["canonical_sha256"], row.line)
                self._settings.setdefault((row.account_id, row.spec["campaign"]), row.spec["setting_key"])

    def _read(self, row: SourceRow) -> _Found:
        read = read_row(row.source, today=self._today, name_suffix_length=SUFFIX_LENGTH)
        found = _Found(row, read.client_ref, read.spec, list(read.problems))
        if read.client_ref:
            first = self._refs.setdefault(read.client_ref, row.line)
            if first != row.line:
                found.problems.append(problem("client_ref", "client_ref_repeated", line=first))
        named = {entry.field for entry in read.problems}
        if not {"media", "account_id"} & named:
            found.account, trouble = self._account(row, read.spec)
            if trouble is not None:
                found.problems.append(trouble)
            elif found.account is not None and found.account.balance_fen is not None and found.account.balance_fen <= 0:
                found.warnings.append(problem("account_id", "balance_empty"))  # the media take the plan all the same
            if found.account is not None and found.account.health == AccountHealth.REFUSED:
                found.warnings.append(problem("account_id", "account_refused"))  # its rows wait until it works again
        if found.problems:
            found.spec = None
        elif found.spec is not None:
            self._complete(found.spec)
        return found

    def _account(self, row: SourceRow, spec: dict[str, Any] | None) -> tuple[AccountFacts | None, RowProblem | None]:
        media = spec["media"] if spec else str(row.source.get("media", "")).strip().lower()
        remote_id = spec["account_id"] if spec else str(row.source.get("account_id", "")).strip()
        account = self._accounts.get((media, remote_id))
        if account is None:
            return None, problem("account_id", "account_not_found", given=remote_id)
        if not account.is_active:
            return account, problem("account_id", "account_inactive")
        if account.health == AccountHealth.NEEDS_AUTHORIZATION:
            return account, problem("account_id", "account_needs_authorization")
        return account, None

    def _complete(self, spec: dict[str, Any]) -> None:
        """Fill what may be left out, so that the row means the same whenever it is sent."""
        rules = RULES[spec["media"]]
        spec["setting_key"] = setting_key(spec, has_targeting=rules.has_targeting_on_campaign)
        spec["canonical_sha256"] = canonical_sha256(spec)
        spec["start_date"] = spec["start_date"] or self._today.isoformat()
        spec["campaign"] = spec["campaign"] or campaign_name(spec, has_targeting=rules.has_targeting_on_campaign)
        spec["name"] = spec["name"] or plan_name(spec, rules, suffix_length=SUFFIX_LENGTH)

    def _check_against_plans(self, found: Sequence[_Found]) -> None:
        live = Plan.objects.exclude(status=Status.DELETED)
        references = [item.client_ref for item in found if item.client_ref]
        refs = {
            (reference, agency_id): plan_id
            for reference, agency_id, plan_id in live.filter(client_ref__in=references).values_list(
                "client_ref", "agency_id", "id"
            )
        }
        forms = [item.spec["canonical_sha256"] for item in found if item.spec]
        equal = live.visible_to(self._actor).filter(canonical_sha256__in=forms)  # a form may have thousands of plans
        plans = dict(equal.order_by().values_list("canonical_sha256").annotate(first=Min("id")))
        for item in found:
            form = item.spec["canonical_sha256"] if item.spec else ""
            first = self._canonical.setdefault(form, item.row.line)
            same = refs.get((item.client_ref, item.account.agency_id if item.account else None))
            if same is not None:
                item.warnings.append(problem("client_ref", "already_exists", plan=same))
            elif form in plans:
                item.warnings.append(problem("", "equal_to_plan", plan=plans[form]))
            if first != item.row.line:
                item.warnings.append(problem("", "equal_to_row", line=first))

    def _check_campaigns(self, found: Sequence[_Found]) -> None:
        known = self._known_campaigns(found)
        for item in found:
            if item.spec is None or item.account is None:
                continue
            key = (item.account.id, item.spec["campaign"])
            if key not in known and key not in self._settings:
                limit = RULES[item.spec["media"]].campaign_limit
                if self._campaign_counts[item.account.id] >= limit:
                    item.problems.append(problem("campaign", "campaign_limit", most=limit))
                    continue
                self._campaign_counts[item.account.id] += 1
            standing = known.get(key) or self._settings.setdefault(key, item.spec["setting_key"])
            if standing != item.spec["setting_key"]:
                item.problems.append(problem("campaign", "campaign_conflict"))

    def _known_campaigns(self, found: Iterable[_Found]) -> dict[tuple[int, str], str]:
        """Live campaigns by account and name; "" for one whose settings we do not know. Also counts per account."""
        names: dict[int, set[str]] = defaultdict(set)
        for item in found:
            if item.spec is not None and item.account is not None:
                names[item.account.id].add(item.spec["campaign"])
        new = [account_id for account_id in names if account_id not in self._campaign_counts]
        live = Campaign.objects.exclude(status=Status.DELETED)
        for account_id in new:
            taken = {name for account, name in self._settings if account == account_id}
            self._campaign_counts[account_id] = live.filter(account_id=account_id).exclude(
                name__in=taken
            ).count() + len(taken)
        wanted = {name for account_names in names.values() for name in account_names}
        rows = live.filter(account_id__in=list(names), name__in=wanted).values_list("account_id", "name", "setting_key")
        return {(account_id, name): key for account_id, name, key in rows}


def _checked(item: _Found) -> CheckedRow:
    return CheckedRow(
        index=item.row.index,
        line=item.row.line,
        client_ref=item.client_ref,
        account_id=item.account.id if item.account else None,
        spec=None if item.problems else item.spec,
        problems=tuple(item.problems),
        warnings=tuple(item.warnings),
    )
