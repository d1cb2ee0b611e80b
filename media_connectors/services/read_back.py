"""Asking the media what became of a write whose answer was lost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from media_connectors.choices import CommandState
from media_connectors.contracts import AccountAccess, ItemResult, RemotePlan
from media_connectors.errors import MediaError
from media_connectors.gateway.line import AccountLine
from media_connectors.protocols import Connector
from media_connectors.services.commands import Command, Outcome, command_error


def read_back(line: AccountLine, commands: Iterable[Command]) -> list[Outcome]:
    """One outcome for each command of ``claim_unsettled``: CONFIRMED when its effect is there, ABSENT when not.

    A command stays UNKNOWN when the media could not be asked. Outside any transaction.
    """
    return [_outcome(line, command) for command in commands]


def _outcome(line: AccountLine, command: Command) -> Outcome:
    try:
        if command.operation == "change_plans":
            return _outcome_of_changes(line, command)
        remote_id = line.call(lambda connector, access: _find(connector, access, command))
    except MediaError as error:
        return Outcome(command.id, command.generation, CommandState.UNKNOWN, error=command_error(error))
    state = CommandState.CONFIRMED if remote_id else CommandState.ABSENT
    return Outcome(command.id, command.generation, state, remote_id=remote_id)


def _find(connector: Connector, access: AccountAccess, command: Command) -> str:
    target = command.target
    if command.operation == "create_campaign":
        campaign = connector.find_campaign(access, name=target["name"])
        return campaign.remote_id if campaign else ""
    if command.operation == "create_plan":
        plan = connector.find_plan(access, campaign_remote_id=target["campaign_remote_id"], name=target["name"])
        return plan.remote_id if plan else ""
    return connector.has_creative(access, plan_remote_id=target["plan_remote_id"], name=target["name"]) or ""


def _outcome_of_changes(line: AccountLine, command: Command) -> Outcome:
    """Changes set values, so sending them again is harmless: confirmed only when every value stands."""
    changes = command.target["changes"]
    ids = [change["plan_remote_id"] for change in changes]
    plans = line.call(lambda connector, access: connector.read_plans(access, ids))
    by_id = {plan.remote_id: plan for plan in plans}
    if not all(_stands(by_id.get(change["plan_remote_id"]), change) for change in changes):
        return Outcome(command.id, command.generation, CommandState.ABSENT)
    items = tuple(ItemResult(remote_id, is_accepted=True) for remote_id in ids)
    return Outcome(command.id, command.generation, CommandState.CONFIRMED, items=items)


def _stands(plan: RemotePlan | None, change: dict[str, Any]) -> bool:
    if plan is None:
        return False
    return all(getattr(plan, name) == value for name, value in change.items() if name != "plan_remote_id")
