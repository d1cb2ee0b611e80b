"""Renaming many plans by one rule: every new name is shown with what speaks against it, then sent as a change job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _

from campaigns.choices import Status
from campaigns.domain.guardrails import Note, Proposal, Wish, propose
from campaigns.domain.renaming import RENAME_TOKENS, Renamer, RenameRule, rule_problems
from campaigns.models import Plan
from campaigns.services.bulk.accept import Accepted
from campaigns.services.changes.facts import KnownPlan, known_plans
from campaigns.services.changes.planning import accept_changes, check_selection, planned_change
from campaigns.services.changes.previews import WHOLE, ChangePreview, PreviewPart, preview_of
from media_connectors.choices import PlatformChoice
from media_connectors.selectors.directory import AccountFacts, account_facts
from xmagnet.accounts.actor import Actor
from xmagnet.core.clock import media_today
from xmagnet.core.errors import FieldError, InvalidInput

__all__ = ["RENAME_TOKENS", "RenameRule", "preview_renames", "rename_plans"]


def preview_renames(
    actor: Actor, *, plan_ids: Sequence[int], rule: RenameRule, part: PreviewPart = WHOLE
) -> ChangePreview:
    """Before → after of every name; too long, empty, or taken in its account is refused. Writes nothing."""
    _check(actor, plan_ids, rule)
    plans = known_plans(actor, plan_ids)
    proposals = _proposals(actor, plan_ids, plans, rule)
    changes = (planned_change(actor, plans[plan_id], proposal, "held") for plan_id, proposal in proposals.items())
    return preview_of(changes, plan_ids, plans, part)


def rename_plans(
    actor: Actor,
    *,
    plan_ids: Sequence[int],
    rule: RenameRule,
    idempotency_key: str,
    skipped: Collection[int] = (),
    reason: str = "",
) -> Accepted:
    """A change job with one row for each plan that gets another name; refused and ``skipped`` ones are left out."""
    _check(actor, plan_ids, rule)
    plans = known_plans(actor, plan_ids)
    rows = [
        {"client_ref": f"{plan_id}-name", "plan_id": plan_id, "field": "name", "kind": "set", "value": proposal.after}
        for plan_id, proposal in _proposals(actor, plan_ids, plans, rule).items()
        if proposal.is_change and not proposal.is_refused and plan_id not in skipped
    ]
    params = {"accepts_void": False, "reason": reason[:300]}
    return accept_changes(actor, rows, params, {"name"}, idempotency_key, None)


def _check(actor: Actor, plan_ids: Sequence[int], rule: RenameRule) -> None:
    check_selection(actor, plan_ids, [Wish("name")])
    problems = rule_problems(rule)
    if problems:
        detail = _sentence(problems[0].code, problems[0].token)
        raise InvalidInput(detail, errors=(FieldError("/rule", problems[0].code, detail),))


def _proposals(
    actor: Actor, plan_ids: Sequence[int], plans: dict[int, KnownPlan], rule: RenameRule
) -> dict[int, Proposal]:
    """By plan, in the order of the selection: numbers count plans in sight."""
    accounts = account_facts(actor)
    renamer = Renamer(rule, on=media_today())
    ordered = [plans[plan_id] for plan_id in dict.fromkeys(plan_ids) if plan_id in plans]
    campaigns = dict(
        Plan.objects.filter(pk__in=[known.plan.pk for known in ordered]).values_list("pk", "campaign__name")
    )
    made = {
        known.plan.pk: propose(
            known.facts,
            Wish(
                "name",
                value=renamer.rename(
                    known.plan.name,
                    _values(known.plan, accounts[known.plan.account_id], campaigns[known.plan.pk] or ""),
                    number=number,
                ),
            ),
        )
        for number, known in enumerate(ordered, start=1)
    }
    return _without_collisions(made, plans)


def _without_collisions(made: dict[int, Proposal], plans: dict[int, KnownPlan]) -> dict[int, Proposal]:
    """Two live plans of an account may not end with one name: people and files tell them apart by it."""
    wanted = {plan_id: (plans[plan_id].plan.account_id, proposal.after) for plan_id, proposal in made.items()}
    counts = Counter(wanted.values())
    standing = set(
        Plan.objects.filter(
            account_id__in={account_id for account_id, _name in wanted.values()},
            name__in={name for _account_id, name in wanted.values()},
        )
        .exclude(status=Status.DELETED)
        .exclude(pk__in=list(made))
        .values_list("account_id", "name")
        .distinct()
    )
    found = {}
    for plan_id, proposal in made.items():
        notes = proposal.notes
        if proposal.is_change and wanted[plan_id] in standing:
            notes = (*notes, Note("refuse", "name_taken"))
        elif proposal.is_change and counts[wanted[plan_id]] > 1:
            notes = (*notes, Note("refuse", "name_repeated"))
        found[plan_id] = Proposal(proposal.field, proposal.before, proposal.asked, proposal.after, notes)
    return found


def _values(plan: Plan, account: AccountFacts, campaign: str) -> dict[str, str]:
    """What the template's tokens stand for."""
    return {
        "media": str(PlatformChoice(plan.platform).label),
        "account": account.name,
        "account_id": account.remote_id,
        "agency": account.agency_name,
        "campaign": campaign,
        "title": str(plan.titles[0]) if plan.titles else "",
        "bid": _yuan(plan.bid_fen),
        "budget": _yuan(plan.daily_budget_fen),
        "schedule": f"{plan.schedule.count('1') / 2:g}h" if plan.schedule else "168h",
        "goal": plan.goal,
    }


def _yuan(fen: int | None) -> str:
    return "" if fen is None else f"{fen / 100:g}"


def _sentence(code: str, token: str) -> str:
    if code == "unknown_token":
        tokens = " ".join(f"{{{name}}}" for name in RENAME_TOKENS)
        return _("There is no token {%(token)s}. Tokens: %(tokens)s") % {"token": token, "tokens": tokens}
    return {
        "nothing": _("Say what to find, or what to put before or after."),
        "empty": _("The naming template is empty."),
        "too_long": _("The naming template is too long."),
        "broken": _("A brace in the naming template is not closed."),
        "bad_format": _("What follows the colon in {%(token)s} is not understood.") % {"token": token},
    }[code]
