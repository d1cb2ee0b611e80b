"""New plans: campaign (shared, created once), plan, and the creative where it is a call of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db import transaction

from campaigns.choices import Outcome as RowOutcome
from campaigns.choices import RowState, Status
from campaigns.domain.rows.keys import name_at_media
from campaigns.models import Campaign, Plan
from campaigns.services.bulk.drafts import campaign_draft, creative_draft, plan_draft
from campaigns.services.bulk.executors import Account, Answer, ClaimedRow, Jobs, Step, Verdict, Work
from campaigns.services.bulk.references import hold_references
from campaigns.services.bulk.unfinished import complete_plans, materials_of, without_creative
from campaigns.services.bulk.verdicts import failed, in_flight_elsewhere, not_sent, unsettled
from campaigns.services.materials import keep_materials
from media_connectors.choices import CommandState
from media_connectors.services.commands import Command, CommandDraft
from xmagnet.audit.services import Entry, record_many

CAMPAIGN, PLAN, CREATIVE = "campaign", "plan", "creative"
_TARGETING = (
    "gender",
    "ages",
    "regions",
    "systems",
    "interests",
    "audiences_include",
    "audiences_exclude",
    "expansion",
)


@dataclass(slots=True)
class _Progress:
    """How far a row has come in this drain."""

    campaign_id: int
    campaign_remote_id: str
    plan_remote_id: str = ""
    was_read_back: bool = False
    plan_id: int | None = None  # of a plan that an earlier row made, without its creative


class CreatePlans:
    """The executor of ``plans.create``: one drain of one account."""

    def __init__(self, account: Account, jobs: Jobs) -> None:
        self._account = account
        self._jobs = jobs
        self._campaigns: dict[str, tuple[int, str, str]] = {}  # by name: our id, remote id, setting key
        self._waiting: dict[str, list[ClaimedRow]] = {}  # by name of a campaign that is being created
        self._progress: dict[int, _Progress] = {}

    # -- what to send next -------------------------------------------------------------------------------------

    def prepare(self, rows: Sequence[ClaimedRow]) -> Work:
        """The next command of each row."""
        work = Work()
        fresh = [row for row in rows if row.id not in self._progress]
        known = [row for row in rows if row.id in self._progress]
        if fresh:
            left = self._without_existing(fresh, work)
            known += [row for row in left if row.id in self._progress]
            known += self._with_campaign([row for row in left if row.id not in self._progress], work)
        planless = [row for row in known if not self._progress[row.id].plan_remote_id]
        creativeless = [row for row in known if self._progress[row.id].plan_remote_id]
        self._open_plans(planless, work)
        self._open_creatives(creativeless, work)
        return work

    def _without_existing(self, rows: Sequence[ClaimedRow], work: Work) -> list[ClaimedRow]:
        """Rows whose ``client_ref`` no live plan has: a file sent twice makes nothing twice. And those whose plan still
        lacks its creative."""
        held = hold_references(rows, self._account.agency_id)
        with transaction.atomic():  # after the hold: the row that held the reference before has left its plan
            live = Plan.objects.filter(
                client_ref__in=[row.client_ref for row in rows], agency_id=self._account.agency_id
            ).exclude(status=Status.DELETED)
            plans = {plan.client_ref: plan for plan in live}
        left = []
        creativeless = without_creative(plans.values(), rows) if self._account.has_separate_creatives else set()
        for row in rows:
            plan = plans.get(row.client_ref)
            if plan is not None and plan.pk not in creativeless:
                known = {"plan_id": plan.pk, "plan_remote_id": plan.remote_id}
                work.verdicts.append(Verdict(row, RowState.SUCCEEDED, outcome=RowOutcome.MATCHED_EXISTING, **known))
            elif row.id not in held:
                work.verdicts.append(in_flight_elsewhere(row))
            else:
                if plan is not None:
                    self._progress[row.id] = _Progress(plan.campaign_id, "", plan.remote_id, plan_id=plan.pk)
                left.append(row)
        return left

    def _with_campaign(self, rows: Sequence[ClaimedRow], work: Work) -> list[ClaimedRow]:
        """Rows whose campaign stands; the others wait for the command that creates it."""
        by_name: dict[str, list[ClaimedRow]] = defaultdict(list)
        for row in rows:
            by_name[row.spec["campaign"]].append(row)
        for name in [name for name in by_name if name in self._waiting]:
            self._waiting[name] += by_name.pop(name)
        self._look_up_campaigns([name for name in by_name if name not in self._campaigns])
        missing = {name: members for name, members in by_name.items() if name not in self._campaigns}
        if missing:
            self._open_campaigns(missing, work)
        ready = []
        for name, members in by_name.items():
            if name not in self._campaigns:
                continue
            campaign_id, remote_id, key = self._campaigns[name]
            for row in members:
                if key and key != row.spec["setting_key"]:
                    conflict = {"field": "campaign", "code": "campaign_conflict", "params": {}}
                    work.verdicts.append(Verdict(row, RowState.FAILED, errors=[conflict]))
                else:
                    self._progress[row.id] = _Progress(campaign_id, remote_id)
                    ready.append(row)
        return ready

    def _look_up_campaigns(self, names: Sequence[str]) -> None:
        if not names:
            return
        with transaction.atomic():
            live = Campaign.objects.filter(account_id=self._account.id, name__in=names).exclude(status=Status.DELETED)
            for campaign in live.order_by("-id"):  # the oldest of a name wins
                self._campaigns[campaign.name] = (campaign.pk, campaign.remote_id, campaign.setting_key)

    def _open_campaigns(self, missing: Mapping[str, list[ClaimedRow]], work: Work) -> None:
        firsts = {name: members[0] for name, members in missing.items()}
        with transaction.atomic():
            gone = Campaign.objects.filter(account_id=self._account.id, name__in=firsts, status=Status.DELETED)
            deleted = list(gone.values_list("name", flat=True))
        drafts = {name: self._campaign_command(row, deleted.count(name)) for name, row in firsts.items()}
        commands = dict(zip(drafts, self._account.open_commands(list(drafts.values())), strict=True))
        # A campaign that the media refused for an earlier job may be asked for again by a new one.
        again = {
            name: CommandDraft(f"{drafts[name].idempotency_key}:{row.job_id[-12:]}", drafts[name].payload, row.job_id)
            for name, row in firsts.items()
            if commands[name].state == CommandState.REJECTED and commands[name].job_id != row.job_id
        }
        commands |= dict(zip(again, self._account.open_commands(list(again.values())), strict=True))
        for name, command in commands.items():
            members = missing[name]
            if command.may_send:
                self._waiting[name] = list(members)
                work.steps.append(Step(CAMPAIGN, command, (members[0],)))
            elif command.state == CommandState.CONFIRMED:
                self._keep_campaign(members[0], command.remote_id)
            elif command.state == CommandState.REJECTED:
                work.verdicts += [failed(row, command.error, platform=self._account.platform) for row in members]
            else:
                work.verdicts += [unsettled(row, command.state, self._account.policy) for row in members]

    def _campaign_command(self, row: ClaimedRow, deleted_count: int) -> CommandDraft:
        name = sha256(row.spec["campaign"].encode()).hexdigest()[:16]
        key = f"campaign:{name}:{row.spec['setting_key'][:16]}:{deleted_count}"
        return CommandDraft(key, campaign_draft(row.spec), row.job_id)

    def _keep_campaign(self, row: ClaimedRow, remote_id: str) -> None:
        """The campaign's row, unless the sync has brought it already."""
        with transaction.atomic():
            campaign, _ = Campaign.objects.update_or_create(
                account_id=self._account.id,
                remote_id=remote_id,
                defaults={"setting_key": row.spec["setting_key"]},
                create_defaults={
                    "organization_id": self._jobs.job(row.job_id).organization_id,
                    "platform": self._account.platform,
                    "name": row.spec["campaign"],
                    "status": Status.ENABLED,
                    "setting_key": row.spec["setting_key"],
                },
            )
        self._campaigns[row.spec["campaign"]] = (campaign.pk, remote_id, campaign.setting_key)

    def _open_plans(self, rows: Sequence[ClaimedRow], work: Work) -> None:
        drafts = [
            CommandDraft(
                f"row:{row.id}:plan",
                plan_draft(
                    row.spec,
                    row_key=row.row_key,
                    campaign_remote_id=self._progress[row.id].campaign_remote_id,
                    is_enabled=self._is_enabled(row),
                ),
                row.job_id,
                row.id,
            )
            for row in rows
        ]
        confirmed = []
        for row, command in zip(rows, self._account.open_commands(drafts), strict=True):
            if command.may_send:
                work.steps.append(Step(PLAN, command, (row,)))
            elif command.state == CommandState.CONFIRMED:
                self._progress[row.id].plan_remote_id = command.remote_id
                self._progress[row.id].was_read_back = not row.plan_remote_id  # else its answer was written down
                confirmed.append(row)
            else:
                work.verdicts.append(self._standing(row, command))
        if self._account.has_separate_creatives:
            self._open_creatives(confirmed, work)
        else:
            work.verdicts += [self._succeeded(row) for row in confirmed]

    def _open_creatives(self, rows: Sequence[ClaimedRow], work: Work) -> None:
        drafts = [
            CommandDraft(
                f"row:{row.id}:creative",
                creative_draft(row.spec, row_key=row.row_key, plan_remote_id=self._progress[row.id].plan_remote_id),
                row.job_id,
                row.id,
            )
            for row in rows
        ]
        for row, command in zip(rows, self._account.open_commands(drafts), strict=True):
            if command.may_send:
                work.steps.append(Step(CREATIVE, command, (row,), is_beginning=False))
            elif command.state == CommandState.CONFIRMED:
                self._progress[row.id].was_read_back = True
                work.verdicts.append(self._succeeded(row))
            else:
                work.verdicts.append(self._standing(row, command))

    def _is_enabled(self, row: ClaimedRow) -> bool:
        return bool(self._jobs.job(row.job_id).options.get("initial_status") == "enabled")

    # -- what became of it -------------------------------------------------------------------------------------

    def absorb(self, answers: Sequence[Answer]) -> Work:
        """Verdicts, and rows that have another command to send."""
        work = Work()
        for answer in answers:
            if answer.step.name == CAMPAIGN:
                self._absorb_campaign(answer, work)
                continue
            row, outcome = answer.step.rows[0], answer.outcome
            if outcome.state == CommandState.CONFIRMED:
                if answer.step.name == PLAN:
                    self._progress[row.id].plan_remote_id = outcome.remote_id
                if answer.step.name == PLAN and self._account.has_separate_creatives:
                    work.again.append(row)
                else:
                    work.verdicts.append(self._succeeded(row))
            elif outcome.state == CommandState.REJECTED:
                work.verdicts.append(self._leave(row, failed(row, outcome.error, **self._so_far(row))))
            elif outcome.state == CommandState.ABSENT:
                work.verdicts.append(self._leave(row, not_sent(row, outcome.error, **self._traces(row))))
            else:
                work.verdicts.append(
                    self._leave(row, unsettled(row, outcome.state, self._account.policy, **self._traces(row)))
                )
        return work

    def _absorb_campaign(self, answer: Answer, work: Work) -> None:
        first, outcome = answer.step.rows[0], answer.outcome
        rows = self._waiting.pop(first.spec["campaign"])
        if outcome.state == CommandState.CONFIRMED:
            self._keep_campaign(first, outcome.remote_id)
            work.again += rows
        elif outcome.state == CommandState.REJECTED:
            work.verdicts += [failed(row, outcome.error, platform=self._account.platform) for row in rows]
        elif outcome.state == CommandState.ABSENT:
            work.verdicts += [not_sent(row, outcome.error) for row in rows]
        else:
            work.verdicts += [unsettled(row, outcome.state, self._account.policy) for row in rows]

    def _standing(self, row: ClaimedRow, command: Command) -> Verdict:
        """The verdict of a command that an earlier attempt left behind."""
        if command.state == CommandState.REJECTED:
            return self._leave(row, failed(row, command.error, **self._so_far(row)))
        return self._unsettled(row, command.state)

    def _unsettled(self, row: ClaimedRow, state: CommandState) -> Verdict:
        return self._leave(row, unsettled(row, state, self._account.policy, **self._traces(row)))

    def _traces(self, row: ClaimedRow) -> dict[str, Any]:
        progress = self._progress[row.id]
        return {
            "plan_id": progress.plan_id,
            "plan_remote_id": progress.plan_remote_id,
            "campaign_id": progress.campaign_id,
        }

    def _so_far(self, row: ClaimedRow) -> dict[str, Any]:
        return {"platform": self._account.platform, **self._traces(row)}

    def _leave(self, row: ClaimedRow, verdict: Verdict) -> Verdict:
        """The row leaves our hands: should it come again in this drain, it starts from its commands."""
        self._progress.pop(row.id, None)
        return verdict

    def _succeeded(self, row: ClaimedRow) -> Verdict:
        progress = self._progress[row.id]
        outcome = RowOutcome.RECONCILED if progress.was_read_back else RowOutcome.CREATED
        return self._leave(row, Verdict(row, RowState.SUCCEEDED, outcome=outcome, **self._traces(row)))

    # -- writing down ------------------------------------------------------------------------------------------

    def record(self, verdicts: Sequence[Verdict]) -> Mapping[int, int]:
        """Plans and audit entries for rows that have one at the media, also for a row whose creative was refused."""
        made = [
            verdict
            for verdict in verdicts
            if verdict.plan_remote_id
            and verdict.plan_id is None
            and verdict.state in {RowState.SUCCEEDED, RowState.FAILED}
        ]
        completed = complete_plans(verdicts)
        if not made:
            keep_materials(completed)
            return {}
        taken = self._taken_refs(made)
        plans = Plan.objects.bulk_create(
            [self._plan(verdict, has_ref=verdict.row.client_ref not in taken) for verdict in made],
            update_conflicts=True,
            unique_fields=["organization", "account", "remote_id"],
            update_fields=_ASKED_FOR,
        )
        plan_ids = {verdict.row.id: plan.pk for verdict, plan in zip(made, plans, strict=True)}
        keep_materials([*completed, *plan_ids.values()])
        self._audit(made, plan_ids)
        return plan_ids

    def _taken_refs(self, made: Sequence[Verdict]) -> set[str]:
        """References that another live plan got meanwhile; ours goes without, it exists at the media all the same."""
        remote_ids = [verdict.plan_remote_id for verdict in made]
        live = Plan.objects.filter(
            client_ref__in=[verdict.row.client_ref for verdict in made], agency_id=self._account.agency_id
        ).exclude(status=Status.DELETED)
        others = live.exclude(account_id=self._account.id, remote_id__in=remote_ids)
        return set(others.values_list("client_ref", flat=True))

    def _plan(self, verdict: Verdict, *, has_ref: bool) -> Plan:
        row, spec = verdict.row, verdict.row.spec
        job = self._jobs.job(row.job_id)
        return Plan(
            organization_id=job.organization_id,
            account_id=self._account.id,
            campaign_id=verdict.campaign_id,
            platform=self._account.platform,
            agency_id=self._account.agency_id,
            remote_id=verdict.plan_remote_id,
            client_ref=row.client_ref if has_ref else "",
            name=name_at_media(spec["name"], row.row_key),
            status=Status.ENABLED if self._is_enabled(row) else Status.PAUSED,
            bid_type=spec["bid_type"],
            bid_fen=spec["bid_fen"],
            daily_budget_fen=spec["budget_fen"],
            schedule=spec["schedule"],
            objective=spec["objective"],
            goal=spec["goal"],
            targeting={name: spec[name] for name in _TARGETING},
            landing_url=spec["landing_url"],
            titles=spec["titles"],
            materials=materials_of(spec),
            canonical_sha256=spec["canonical_sha256"],
            job_id=row.job_id,
            created_by_id=job.user_id,
        )

    def _audit(self, made: Sequence[Verdict], plan_ids: Mapping[int, int]) -> None:
        by_job: dict[str, list[Entry]] = defaultdict(list)
        for verdict in made:
            spec = verdict.row.spec
            by_job[verdict.row.job_id].append(
                Entry(
                    action="plan.created",
                    object_type="plan",
                    object_id=plan_ids[verdict.row.id],
                    object_name=name_at_media(spec["name"], verdict.row.row_key),
                    account_id=self._account.id,
                    agency_id=self._account.agency_id,
                    after={
                        "remote_id": verdict.plan_remote_id,
                        "client_ref": verdict.row.client_ref,
                        "bid_fen": spec["bid_fen"],
                        "daily_budget_fen": spec["budget_fen"],
                        "status": "enabled" if self._is_enabled(verdict.row) else "paused",
                    },
                )
            )
        for job_id, entries in by_job.items():
            record_many(self._jobs.actor(job_id), entries)


#: what a plan that the sync found first learns from its row
_ASKED_FOR = [
    "campaign", "client_ref", "name", "bid_type", "bid_fen", "daily_budget_fen", "schedule", "objective", "goal",
    "targeting", "landing_url", "titles", "materials", "canonical_sha256", "job_id", "created_by_id",
]  # fmt: skip
