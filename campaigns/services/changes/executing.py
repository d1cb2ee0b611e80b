"""The row machine's part for ``plans.update``: rows checked against the guards, sent in batches, written down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns.choices import JobKindName, RowState, Status
from campaigns.choices import Outcome as RowOutcome
from campaigns.domain.guardrails import COLUMN_OF, Wish, held_note, propose, sentence
from campaigns.domain.rows.problems import RowProblem
from campaigns.models import Plan
from campaigns.services.bulk.executors import (
    Account,
    Answer,
    CheckedRow,
    ClaimedRow,
    Jobs,
    Kind,
    SourceRow,
    Step,
    Verdict,
    Work,
)
from campaigns.services.bulk.kinds import register_kind
from campaigns.services.bulk.verdicts import failed, not_sent, unsettled
from campaigns.services.changes.facts import KnownPlan, known_plans, live_plans_of_account
from campaigns.services.changes.planning import held_of, planned_change, set_back
from campaigns.services.changes.previews import PlannedChange
from campaigns.services.changes.queueing import queue_changes
from campaigns.services.plan_log import plan_entry
from media_connectors.choices import CommandState
from media_connectors.contracts import PlanChange, SwitchStatus
from media_connectors.services.changes import earlier_change, split_changes
from media_connectors.services.commands import CommandDraft
from xmagnet.accounts.actor import Actor
from xmagnet.audit.services import Entry, record_many
from xmagnet.jobs.models import Job

CHANGE = "change"
#: two jobs want the same field of one plan: the second waits for the first
_AFTER_THE_OTHER = timedelta(seconds=1)


class ChangeRowChecker:
    """Turns rows of wishes into what will be sent, or into the reason why nothing is."""

    def __init__(self, actor: Actor, job: Job) -> None:
        self._actor = actor
        self._held = held_of(job.params)

    def remember(self, rows: Iterable[CheckedRow]) -> None:
        """Rows do not depend on each other."""

    def check(self, rows: Sequence[SourceRow]) -> list[CheckedRow]:
        """One result for each row."""
        plans = known_plans(self._actor, {row.source["plan_id"] for row in rows})
        return [self._check(row, plans.get(row.source["plan_id"])) for row in rows]

    def _check(self, row: SourceRow, known: KnownPlan | None) -> CheckedRow:
        source, field = row.source, row.source["field"]
        if known is None:
            problem = RowProblem("plan_id", "plan_not_found")
            return CheckedRow(row.index, row.line, source["client_ref"], None, None, (problem,))
        change = self._change(known, source)
        notes = tuple(
            RowProblem(field, code, {"message": reason})
            for code, reason in zip(change.codes, change.reasons, strict=True)
        )
        if change.state in {"refused", "held", "skipped"}:
            return CheckedRow(row.index, row.line, source["client_ref"], known.plan.account_id, None, notes)
        spec = {
            "plan_id": known.plan.pk,
            "field": field,
            "before": change.before,
            "after": change.after,
            **({"expect": source["expect"]} if "expect" in source else {}),
            **({"is_queued": True} if change.state == "queued" else {}),
        }
        return CheckedRow(row.index, row.line, source["client_ref"], known.plan.account_id, spec, (), notes)

    def _change(self, known: KnownPlan, source: Mapping[str, Any]) -> PlannedChange:
        if "expect" in source:
            return set_back(self._actor, known, source, self._held)
        wish = Wish(source["field"], source["kind"], source["value"], source.get("least"), source.get("most"))
        return planned_change(self._actor, known, propose(known.facts, wish), self._held)


class ChangePlans:
    """Sends changes of one account in the media's batches; one media call carries up to ten rows."""

    def __init__(self, account: Account, jobs: Jobs) -> None:
        self._account = account
        self._jobs = jobs
        self._in_flight: dict[int, tuple[int, str]] = {}  # by row: plan and field

    def prepare(self, rows: Sequence[ClaimedRow]) -> Work:
        """Batches to send; verdicts for rows that need no sending or were sent by an earlier attempt."""
        work = Work()
        with transaction.atomic():
            plans = live_plans_of_account(self._account.id, [row.spec["plan_id"] for row in rows])
            ready = [row for row in rows if self._is_to_be_sent(row, plans.get(row.spec["plan_id"]), work)]
            ready = self._without_held(ready, work)
        batches: dict[str, list[tuple[ClaimedRow, PlanChange]]] = defaultdict(list)
        taken = set(self._in_flight.values())
        for row in ready:
            target = row.spec["plan_id"], row.spec["field"]
            if target in taken:
                work.verdicts.append(Verdict(row, RowState.QUEUED, next_at=timezone.now() + _AFTER_THE_OTHER))
                continue
            taken.add(target)
            batches[row.job_id].append((row, _plan_change(plans[target[0]], row)))
        for job_id, members in batches.items():
            self._open(job_id, members, work)
        return work

    def absorb(self, answers: Sequence[Answer]) -> Work:
        """A verdict for each row of each answered batch: the media may take some and refuse others."""
        work = Work()
        for answer in answers:
            outcome = answer.outcome
            for number, row in enumerate(answer.step.rows):
                self._in_flight.pop(row.id, None)
                if outcome.state == CommandState.CONFIRMED:
                    item = outcome.items[number] if number < len(outcome.items) else None
                    if item is None or item.is_accepted:
                        work.verdicts.append(_changed(row))
                    else:
                        told = {"kind": "Rejected", "message": item.message, "field": COLUMN_OF[row.spec["field"]]}
                        work.verdicts.append(failed(row, told, platform=self._account.platform))
                elif outcome.state == CommandState.REJECTED:
                    work.verdicts.append(failed(row, outcome.error, platform=self._account.platform))
                elif outcome.state == CommandState.ABSENT:
                    work.verdicts.append(not_sent(row, outcome.error))
                else:
                    work.verdicts.append(unsettled(row, outcome.state, self._account.policy))
        return work

    def record(self, verdicts: Sequence[Verdict]) -> Mapping[int, int]:
        """The plans' new values and the change log, in the transaction that finishes the rows."""
        done = [verdict for verdict in verdicts if verdict.state == RowState.SUCCEEDED]
        ids = {verdict.row.spec["plan_id"] for verdict in done}
        found = Plan.objects.filter(pk__in=ids).select_related("account").select_for_update(of=("self",))
        plans = {plan.pk: plan for plan in found.order_by("id")}
        now = timezone.now()
        entries: dict[str, list[Entry]] = defaultdict(list)
        columns = set()
        for verdict in done:
            spec = verdict.row.spec
            plan = plans.get(spec["plan_id"])
            if plan is None or verdict.outcome != RowOutcome.CHANGED:
                continue
            column = COLUMN_OF[spec["field"]]
            columns.add(column)
            params = self._jobs.job(verdict.row.job_id).params
            entries[verdict.row.job_id].append(
                plan_entry(
                    "plan.undone" if params.get("is_undo") else "plan.changed",
                    plan,
                    agency_id=self._account.agency_id,
                    before={column: getattr(plan, column)},
                    after={column: spec["after"]},
                    reason=params.get("reason", ""),
                )
            )
            setattr(plan, column, spec["after"])
            plan.changed_at = now
            if column == "status" and spec["after"] == Status.PAUSED:
                plan.delivery_status = "paused"
        self._queue(done, plans)
        if columns:
            Plan.objects.bulk_update(plans.values(), [*sorted(columns), "changed_at", "delivery_status"])
        for job_id, its in entries.items():
            record_many(self._jobs.actor(job_id), its)
        return {verdict.row.id: verdict.row.spec["plan_id"] for verdict in done}

    def _queue(self, done: Sequence[Verdict], plans: Mapping[int, Plan]) -> None:
        """Changes that wait for the next day, in the name of their jobs' people."""
        waiting: dict[str, list[tuple[Plan, str, Any]]] = defaultdict(list)
        for verdict in done:
            spec, plan = verdict.row.spec, plans.get(verdict.row.spec["plan_id"])
            if verdict.outcome == RowOutcome.DEFERRED and plan is not None:
                waiting[verdict.row.job_id].append((plan, spec["field"], spec["after"]))
        for job_id, wishes in waiting.items():
            queue_changes(self._jobs.actor(job_id), self._jobs.job(job_id), wishes)

    def _without_held(self, rows: Sequence[ClaimedRow], work: Work) -> list[ClaimedRow]:
        """Rows that may be sent today. Other edits may have come since the rows were checked: asked again, so that
        nobody's last edit is spent twice. What would void the guarantee now waits for tomorrow or is refused."""
        held: dict[int, RowProblem] = {}
        by_job: dict[str, list[ClaimedRow]] = defaultdict(list)
        for row in rows:
            if row.spec["field"] == "bid" and held_of(self._jobs.job(row.job_id).params) != "change":
                by_job[row.job_id].append(row)
        for job_id, members in by_job.items():
            actor = self._jobs.actor(job_id)
            known = known_plans(actor, {row.spec["plan_id"] for row in members})
            for row in members:
                plan = known.get(row.spec["plan_id"])
                note = held_note(plan.facts, row.spec["after"]) if plan is not None else None
                if note is not None:
                    held[row.id] = RowProblem("bid", note.code, {"message": sentence(note, actor.language)})
        left = []
        for row in rows:
            problem = held.get(row.id)
            plan_id, params = row.spec["plan_id"], self._jobs.job(row.job_id).params
            if row.spec.get("is_queued") or (problem is not None and held_of(params) == "queued"):
                work.verdicts.append(Verdict(row, RowState.SUCCEEDED, outcome=RowOutcome.DEFERRED, plan_id=plan_id))
            elif problem is not None:
                refused = [problem.as_record()]
                work.verdicts.append(Verdict(row, RowState.FAILED, errors=refused, plan_id=plan_id))
            else:
                left.append(row)
        return left

    def _is_to_be_sent(self, row: ClaimedRow, plan: Plan | None, work: Work) -> bool:
        """False when the row's verdict is known without sending."""
        if plan is None:
            gone = {"field": "plan_id", "code": "plan_not_found", "params": {}}
            work.verdicts.append(Verdict(row, RowState.FAILED, errors=[gone]))
            return False
        now = getattr(plan, COLUMN_OF[row.spec["field"]])
        if row.attempt_count > 1:
            change = _plan_change(plan, row)
            earlier = earlier_change(self._account.id, job_id=row.job_id, change=change)
            if earlier is not None and earlier[0] != CommandState.ABSENT:
                work.verdicts.append(self._standing(row, *earlier))
                return False
        if now == row.spec["after"]:
            work.verdicts.append(Verdict(row, RowState.SUCCEEDED, outcome=RowOutcome.UNCHANGED, plan_id=plan.pk))
            return False
        if "expect" in row.spec and now != row.spec["expect"]:
            since = {"field": row.spec["field"], "code": "changed_since", "params": {}}
            work.verdicts.append(Verdict(row, RowState.FAILED, errors=[since], plan_id=plan.pk))
            return False
        return True

    def _standing(self, row: ClaimedRow, state: CommandState, error: Any) -> Verdict:
        if state == CommandState.CONFIRMED:
            return _changed(row)
        if state == CommandState.REJECTED:
            return failed(row, error, platform=self._account.platform)
        return unsettled(row, state, self._account.policy)

    def _open(self, job_id: str, members: list[tuple[ClaimedRow, PlanChange]], work: Work) -> None:
        row_of = {id(change): row for row, change in members}
        batches = split_changes(self._account.platform, [change for _, change in members])
        rows = [tuple(row_of[id(change)] for change in batch) for batch in batches]
        drafts = [
            CommandDraft(_key(of_batch), batch, job_id, of_batch[0].id)
            for batch, of_batch in zip(batches, rows, strict=True)
        ]
        for command, of_batch in zip(self._account.open_commands(drafts), rows, strict=True):
            if command.may_send:
                self._in_flight |= {row.id: (row.spec["plan_id"], row.spec["field"]) for row in of_batch}
                work.steps.append(Step(CHANGE, command, of_batch))
            else:
                work.verdicts += [self._standing(row, command.state, command.error) for row in of_batch]


def register() -> None:
    """Let the row machine carry changes."""
    register_kind(Kind(JobKindName.UPDATE, "plans:write", ChangeRowChecker, ChangePlans))


def _key(rows: Sequence[ClaimedRow]) -> str:
    """The same rows at the same attempt are the same command."""
    text = ",".join(f"{row.id}.{row.attempt_count}" for row in rows)
    return f"change:{rows[0].id}:{sha256(text.encode()).hexdigest()[:24]}"


def _changed(row: ClaimedRow) -> Verdict:
    return Verdict(row, RowState.SUCCEEDED, outcome=RowOutcome.CHANGED, plan_id=row.spec["plan_id"])


def _plan_change(plan: Plan, row: ClaimedRow) -> PlanChange:
    after = row.spec["after"]
    column = COLUMN_OF[row.spec["field"]]
    value: dict[str, Any] = {column: SwitchStatus(after) if column == "status" else after}
    return PlanChange(plan.remote_id, **value)
