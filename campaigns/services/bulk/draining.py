"""One drain: the due rows of one account, claimed in input order, sent several at a time, finished in batches.

    claim → prepare (commands durable) → send (threads, no transaction) → settle + finish (one transaction) → …

One drain an account at a time, by an advisory lock; that keeps the order and needs no other coordination. Killed
anywhere, what it held comes back: rows by their lease, commands by reading back.
"""

from __future__ import annotations

import os
import socket
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from campaigns.choices import RowState
from campaigns.models import BulkRow
from campaigns.services.bulk.doorbells import ring_drain
from campaigns.services.bulk.executors import Account, Answer, ClaimedRow, Executor, Step, Verdict, Work
from campaigns.services.bulk.failpoints import AFTER_CLAIM, AFTER_FINISH, BEFORE_FINISH, failpoint
from campaigns.services.bulk.kinds import KINDS
from campaigns.services.bulk.leases import claim, finish, next_due_at, renew, wake
from campaigns.services.bulk.policy import EnginePolicy
from campaigns.services.bulk.progress import refresh_job
from campaigns.services.bulk.senders import Senders
from campaigns.services.bulk.verdicts import NEEDS_PERSON, dead, forbidden, internal
from media_connectors.choices import CommandState
from media_connectors.errors import AuthRevoked, MediaError
from media_connectors.services.commands import Outcome, claim_unsettled, settle
from media_connectors.services.lines import AccountLine, line_to
from media_connectors.services.read_back import read_back
from xmagnet.accounts.actor import Actor
from xmagnet.accounts.guard import JobPrincipal, authorized
from xmagnet.core.errors import DomainError
from xmagnet.core.locks import Lock, try_session_lock
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job

logger = structlog.get_logger(__name__)
SOON_SECONDS = 2.0  # a row due so soon is waited for


def drain_account(organization_id: int, account_id: int, policy: EnginePolicy) -> None:
    """Work on the account's due rows for at most ``drain_seconds``, then ring again if there are more."""
    with organization_scope(organization_id), try_session_lock(Lock.ACCOUNT_DRAIN, account_id) as is_held:
        if not is_held:
            return
        drain = Drain(organization_id, account_id, policy)
        try:
            drain.run()
        finally:
            drain.refresh(is_last=True)
    if drain.has_more:
        with organization_scope(organization_id):
            ring_drain(organization_id, account_id)


@dataclass(slots=True)
class _Held:
    """A claimed row and until when its lease runs, on this process's monotonic clock."""

    row: ClaimedRow
    until: float


class JobBook:
    """The jobs in hand: each passes the gate once a drain."""

    def __init__(self, organization_id: int) -> None:
        self._organization_id = organization_id
        self._jobs: dict[str, Job] = {}
        self._actors: dict[str, Actor | None] = {}

    def job(self, job_id: str) -> Job:
        """The job's row."""
        if job_id not in self._jobs:
            with transaction.atomic():
                self._jobs[job_id] = Job.objects.get(pk=job_id)
        return self._jobs[job_id]

    def actor(self, job_id: str) -> Actor:
        """Who the job acts for; ``LookupError`` when they may no longer."""
        actor = self.actor_or_none(job_id)
        if actor is None:
            raise LookupError(job_id)
        return actor

    def actor_or_none(self, job_id: str) -> Actor | None:
        """Who the job acts for, or None when the gate refuses."""
        if job_id not in self._actors:
            job = self.job(job_id)
            principal = JobPrincipal(job.user_id, job.token_id, job.pk, job.request_id)
            try:
                with authorized(principal, self._organization_id, job.permission, via="job") as actor:
                    self._actors[job_id] = actor
            except DomainError:
                self._actors[job_id] = None
        return self._actors[job_id]


class Drain:
    """The state of one drain; lives in one thread."""

    def __init__(self, organization_id: int, account_id: int, policy: EnginePolicy) -> None:
        self.has_more = False
        self._account_id = account_id
        self._policy = policy
        self._owner = f"{socket.gethostname()}:{os.getpid()}"[:60]
        self._book = JobBook(organization_id)
        self._executors: dict[str, Executor] = {}
        self._held: dict[int, _Held] = {}
        self._ready: list[Step] = []
        self._answers: list[Answer] = []
        self._is_alone = False  # the row in hand may be what killed its workers
        self._touched: set[str] = set()
        self._waiting: dict[str, dict[str, Any]] = {}
        self._refreshed_at = 0.0
        self._flushed_at = 0.0
        self._account: Account | None = None

    def run(self) -> None:
        """Until nothing is due or the time is up; what was sent is always waited for."""
        if not self._has_due_rows():
            return
        try:
            line = line_to(self._account_id)
        except MediaError as error:
            self._hold_back(error)
            return
        self._account = self._read_account(line)
        self._read_back(line)
        ends_at = time.monotonic() + self._policy.drain_seconds
        with Senders(line, limit=self._policy.parallel_sends) as senders:
            while True:
                is_open = time.monotonic() < ends_at and not self._waiting_for_person
                if is_open and self._wants_rows:
                    self._claim(senders)
                self._submit(senders)
                if senders.in_flight:
                    self._answers += senders.collect(timeout=self._policy.flush_seconds)
                is_idle = not senders.in_flight and not self._ready
                if self._answers and (is_idle or self._should_flush()):
                    self._flush()
                    is_idle = not senders.in_flight and not self._ready
                self.refresh()
                if is_idle:
                    self._is_alone = False
                    if not is_open or not self._wait_for_due(line):
                        break
        self.has_more = not self._waiting_for_person and self._has_due_rows()

    @property
    def _wants_rows(self) -> bool:
        """As many rows ready as in flight, so that the senders have work while others are claimed and written down."""
        is_short = len(self._ready) < self._policy.parallel_sends
        return is_short and not self._is_alone and len(self._held) < 2 * self._policy.claim_rows

    # -- taking rows in ----------------------------------------------------------------------------------------

    def _has_due_rows(self) -> bool:
        wake(self._account_id)
        due_at = next_due_at(self._account_id)
        return due_at is not None and due_at <= timezone.now()

    def _wait_for_due(self, line: AccountLine) -> bool:
        """Whether there is or will very soon be something to claim."""
        if wake(self._account_id):
            self._read_back(line)
        due_at = next_due_at(self._account_id)
        if due_at is None:
            return False
        seconds = (due_at - timezone.now()).total_seconds()
        if seconds > SOON_SECONDS:
            return False
        time.sleep(max(0.0, seconds))
        return True

    def _claim(self, senders: Senders) -> None:
        rows = claim(
            self._account_id,
            owner=self._owner,
            limit=self._policy.claim_rows,
            lease_seconds=self._policy.lease_seconds,
            lone_from=self._policy.deaths_together,
            may_claim_lone=not senders.in_flight and not self._ready,
        )
        if not rows:
            return
        failpoint(AFTER_CLAIM)
        self._is_alone = rows[0].lease_expiry_count >= self._policy.deaths_together
        until = time.monotonic() + self._policy.lease_seconds
        self._held |= {row.id: _Held(row, until) for row in rows}
        self._take(self._prepare(rows))

    def _prepare(self, rows: Sequence[ClaimedRow]) -> Work:
        """``prepare`` of each kind; rows that may not run get their verdict at once."""
        work = Work()
        by_kind: dict[str, list[ClaimedRow]] = defaultdict(list)
        for row in rows:
            if self._book.actor_or_none(row.job_id) is None:
                work.verdicts.append(forbidden(row))
            else:
                by_kind[self._book.job(row.job_id).kind].append(row)
        for kind, members in by_kind.items():
            try:
                made = self._executor(kind).prepare(members)
            except Exception:
                logger.exception("bulk.prepare_errored", kind=kind)
                work.verdicts += [internal(row, self._policy) for row in members]
                continue
            work.steps += made.steps
            work.verdicts += made.verdicts
        return work

    def _executor(self, kind: str) -> Executor:
        if kind not in self._executors:
            maker = KINDS[kind].executor
            if maker is None:
                raise LookupError(f"{kind} has nothing to send")
            self._executors[kind] = maker(self._account, self._book)
        return self._executors[kind]

    def _take(self, work: Work) -> None:
        """Steps go to the senders, verdicts are written down; poison is not sent again."""
        poisoned: list[Outcome] = []
        most_deaths = self._policy.deaths_together + self._policy.deaths_alone
        for step in work.steps:
            if any(row.lease_expiry_count >= most_deaths for row in step.rows):
                poisoned.append(Outcome(step.command.id, step.command.generation, CommandState.ABSENT))
                work.verdicts += [dead(row) for row in step.rows]
            else:
                self._ready.append(step)
        self._write(poisoned, work.verdicts)

    # -- sending -----------------------------------------------------------------------------------------------

    def _submit(self, senders: Senders) -> None:
        if self._ready and senders.has_room:
            self._keep_leases()
        while self._ready and senders.has_room:
            senders.submit(self._ready.pop(0))

    def _keep_leases(self) -> None:
        """Never send when too little of the lease is left; renew in time what still waits."""
        soon = time.monotonic() + self._policy.send_seconds
        ending = [held.row for step in self._ready for row in step.rows if (held := self._held[row.id]).until < soon]
        if not ending:
            return
        until = time.monotonic() + self._policy.lease_seconds
        kept = renew(ending, lease_seconds=self._policy.lease_seconds)
        for row in ending:
            if row.id in kept:
                self._held[row.id].until = until
        lost = {row.id for row in ending} - kept
        given_up = [step for step in self._ready if any(row.id in lost for row in step.rows)]
        self._ready = [step for step in self._ready if step not in given_up]
        settle(Outcome(step.command.id, step.command.generation, CommandState.ABSENT) for step in given_up)

    # -- writing down ------------------------------------------------------------------------------------------

    def _should_flush(self) -> bool:
        is_full = len(self._answers) >= self._policy.parallel_sends
        return is_full or time.monotonic() - self._flushed_at >= self._policy.flush_seconds

    def _flush(self) -> None:
        answers, self._answers = self._answers, []
        self._flushed_at = time.monotonic()
        by_kind: dict[str, list[Answer]] = defaultdict(list)
        for answer in answers:
            by_kind[self._book.job(answer.step.rows[0].job_id).kind].append(answer)
        work = Work()
        for kind, members in by_kind.items():
            made = self._executor(kind).absorb(members)
            work.verdicts += made.verdicts
            work.again += made.again
        failpoint(BEFORE_FINISH)
        self._write([answer.outcome for answer in answers], work.verdicts)
        failpoint(AFTER_FINISH)
        if work.again:
            self._take(self._prepare(work.again))

    def _write(self, outcomes: Sequence[Outcome], verdicts: Sequence[Verdict]) -> None:
        """Settle commands and finish rows in one short transaction."""
        if not outcomes and not verdicts:
            return
        with transaction.atomic():
            settle(outcomes)
            finish(verdicts, self._record)
        for verdict in verdicts:
            self._held.pop(verdict.row.id, None)
            self._touched.add(verdict.row.job_id)
            self._note_wait(verdict)

    def _record(self, verdicts: Sequence[Verdict]) -> Mapping[int, int]:
        by_kind: dict[str, list[Verdict]] = defaultdict(list)
        for verdict in verdicts:
            by_kind[self._book.job(verdict.row.job_id).kind].append(verdict)
        plan_ids: dict[int, int] = {}
        for kind, members in by_kind.items():
            plan_ids |= self._executor(kind).record(members)
        return plan_ids

    # -- what the job tells ------------------------------------------------------------------------------------

    def _note_wait(self, verdict: Verdict) -> None:
        if verdict.wait_reason:
            self._waiting[verdict.row.job_id] = self._wait(verdict.wait_reason, verdict.next_at)
        elif verdict.state == RowState.SUCCEEDED:
            self._waiting.pop(verdict.row.job_id, None)

    def _wait(self, reason: str, until: Any) -> dict[str, Any]:
        return {
            "reason": reason,
            "account_id": self._account.remote_id if self._account else "",
            "until": until.isoformat() if until else None,
            "needs_person": reason in NEEDS_PERSON,
        }

    @property
    def _waiting_for_person(self) -> bool:
        return any(wait["needs_person"] for wait in self._waiting.values())

    def refresh(self, *, is_last: bool = False) -> None:
        """Bring the touched jobs' counts up to date, not too often."""
        now = time.monotonic()
        if not is_last and (not self._touched or now - self._refreshed_at < self._policy.refresh_seconds):
            return
        for job_id in sorted(self._touched):
            refresh_job(job_id, waiting_for=self._waiting.get(job_id))
        self._touched.clear()
        self._refreshed_at = now

    # -- around ------------------------------------------------------------------------------------------------

    def _read_account(self, line: AccountLine) -> Account:
        with transaction.atomic():
            row = BulkRow.objects.filter(account_id=self._account_id).select_related("account").first()
        account = row.account if row is not None else None
        if account is None:
            raise LookupError(self._account_id)
        return Account(
            id=account.pk,
            platform=account.platform,
            remote_id=account.remote_id,
            name=account.name,
            agency_id=account.agency_id,
            has_separate_creatives=line.connector.has_separate_creatives,
            change_batch_size=line.connector.change_batch_size,
            policy=self._policy,
        )

    def _read_back(self, line: AccountLine) -> None:
        """Ask the media about commands whose answer was lost or whose sender died."""
        policy = self._policy
        while commands := claim_unsettled(
            self._account_id, settle_seconds=policy.settle_seconds, lease_seconds=policy.lease_seconds
        ):
            outcomes = read_back(line, commands)
            settle(outcomes)
            if any(outcome.state == CommandState.UNKNOWN for outcome in outcomes):
                return  # the media cannot be asked now

    def _hold_back(self, error: MediaError) -> None:
        """The account cannot be called: its rows wait, and say for what."""
        is_revoked = isinstance(error, AuthRevoked)
        until = timezone.now() + timedelta(seconds=self._policy.waiting_retry_seconds if is_revoked else 5)
        with transaction.atomic():
            due = BulkRow.objects.filter(account_id=self._account_id, state=RowState.QUEUED)
            job_ids = set(due.values_list("job_id", flat=True))
            due.update(next_at=until)
            row = BulkRow.objects.filter(account_id=self._account_id).select_related("account").first()
        remote_id = row.account.remote_id if row is not None and row.account is not None else ""
        reason = "authorization" if is_revoked else "media_unreachable"
        for job_id in job_ids:
            self._waiting[job_id] = self._wait(reason, until) | {"account_id": remote_id}
        self._touched |= job_ids
