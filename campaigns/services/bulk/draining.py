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
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from campaigns.choices import RowState
from campaigns.models import BulkRow
from campaigns.services.bulk.book import JobBook
from campaigns.services.bulk.cancelling import unwanted, without_waiting
from campaigns.services.bulk.doorbells import ring_drain
from campaigns.services.bulk.executors import Account, Answer, ClaimedRow, Executor, Step, Verdict, Work
from campaigns.services.bulk.failpoints import AFTER_CLAIM, AFTER_FINISH, BEFORE_FINISH, failpoint
from campaigns.services.bulk.holds import open_line
from campaigns.services.bulk.kinds import KINDS
from campaigns.services.bulk.leases import claim, finish, next_due_at, renew, wake
from campaigns.services.bulk.policy import EnginePolicy
from campaigns.services.bulk.progress import refresh_job
from campaigns.services.bulk.senders import Senders
from campaigns.services.bulk.verdicts import dead, forbidden, internal
from campaigns.services.bulk.waits import ACCOUNT_PAUSED, RATE_LIMIT, Waits, jobs_with_queued_rows
from media_connectors.choices import CommandState
from media_connectors.services.commands import CommandError, Outcome, claim_unsettled, settle
from media_connectors.services.lines import AccountLine
from media_connectors.services.pace import limited_until
from media_connectors.services.read_back import read_back
from xmagnet.core.locks import Lock, try_session_lock
from xmagnet.core.scope import organization_scope
from xmagnet.core.worker import is_stopping

logger = structlog.get_logger(__name__)
SOON_SECONDS = 2.0  # a row due so soon is waited for
LOOK_SECONDS = 1.0  # between two looks whether somebody paused the account
TELL_SECONDS = 2.0  # jobs whose rows do not move say so at least so often


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
            ring_drain(organization_id, account_id)


@dataclass(slots=True)
class _Held:
    """A claimed row and until when its lease runs, on this process's monotonic clock."""

    row: ClaimedRow
    until: float


class Drain:
    """The state of one drain; lives in one thread."""

    def __init__(self, organization_id: int, account_id: int, policy: EnginePolicy) -> None:
        self.has_more = False
        self._account_id = account_id
        self._policy = policy
        self._owner = f"{socket.gethostname()}:{os.getpid()}"[:60]
        self._book = JobBook(organization_id, account_id)
        self._executors: dict[str, Executor] = {}
        self._held: dict[int, _Held] = {}
        self._ready: list[Step] = []
        self._answers: list[Answer] = []
        self._is_alone = False  # the row in hand may be what killed its workers
        self._touched: set[str] = set()
        self._told: dict[str, Mapping[str, Any]] = {}  # by job: the wait that its row tells
        self._waits = Waits(account_id)
        self._limit: tuple[float, datetime | None] = (float("-inf"), None)  # when it was seen, until when
        self._refreshed_at = 0.0
        self._told_at = 0.0
        self._flushed_at = 0.0
        self._looked_at = 0.0
        self._account: Account | None = None

    def run(self) -> None:
        """Until nothing is due or the time is up; what was sent is always waited for."""
        if not self._has_due_rows():
            return
        self._account, is_active = self._read_account()
        self._waits.account_remote_id = self._account.remote_id
        if not is_active:
            self._touched |= self._waits.hold_all(ACCOUNT_PAUSED)
            return
        line, held = open_line(self._waits)
        self._touched |= held
        if line is None:
            return
        self._account = replace(
            self._account,
            has_separate_creatives=line.connector.has_separate_creatives,
            change_batch_size=line.connector.change_batch_size,
        )
        self._read_back(line)
        ends_at = time.monotonic() + self._policy.drain_seconds
        with Senders(line, limit=self._policy.parallel_sends) as senders:
            while True:
                is_open = time.monotonic() < ends_at and self._may_go_on()
                if is_open and self._wants_rows:
                    self._claim(senders)
                if not is_open:
                    self._hand_back()
                self._submit(senders)
                if senders.in_flight:
                    self._answers += senders.collect(timeout=self._policy.flush_seconds)
                is_idle = not senders.in_flight and not self._ready
                if self._answers and (is_idle or self._should_flush()):
                    self._flush()
                    is_idle = not senders.in_flight and not self._ready
                self.refresh()
                if is_idle and not self._answers:
                    self._is_alone = False
                    if not is_open or not self._wait_for_due(line):
                        break
        self.has_more = not self._is_in_vain and self._has_due_rows()

    @property
    def _is_in_vain(self) -> bool:
        """Whether sending on would only meet what somebody must mend first, or a media that is away."""
        return self._waits.needs_person or self._waits.unreachable_in_a_row >= self._policy.parallel_sends

    def _may_go_on(self) -> bool:
        """Whether more may be sent: not in vain, not by a worker that ends, and not for an account paused meanwhile."""
        if self._is_in_vain or is_stopping():
            return False
        now = time.monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            _, is_active = self._read_account()
            if not is_active:
                self._touched |= self._waits.hold_all(ACCOUNT_PAUSED)
                return False
            self._drop(unwanted(self._ready), "its job was cancelled")
        return True

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
        self._drop(unwanted(self._ready), "its job was cancelled")

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
            except Exception:  # a bug in one kind must not hold up the others; its rows end as our error, told apart
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

    def _hand_back(self) -> None:
        """The time is up: what is ready but not sent waits for the next drain, as if the media had not taken it."""
        self._drop(list(self._ready), "the drain's time was up")

    def _drop(self, steps: Sequence[Step], reason: str) -> None:
        """Ready steps that are not sent, as if the media had not taken them."""
        error = CommandError(kind="HandedBack", message=f"not sent: {reason}")
        for step in steps:
            self._ready.remove(step)
            outcome = Outcome(step.command.id, step.command.generation, CommandState.ABSENT, error=error)
            self._answers.append(Answer(step, outcome))

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
            verdicts = without_waiting(verdicts)
            finish(verdicts, self._record)
        for verdict in verdicts:
            self._held.pop(verdict.row.id, None)
            self._touched.add(verdict.row.job_id)
            self._waits.note(verdict)

    def _record(self, verdicts: Sequence[Verdict]) -> Mapping[int, int]:
        by_kind: dict[str, list[Verdict]] = defaultdict(list)
        for verdict in verdicts:
            if verdict.state != RowState.CANCELLED:  # it means nothing beyond the row
                by_kind[self._book.job(verdict.row.job_id).kind].append(verdict)
        plan_ids: dict[int, int] = {}
        for kind, members in by_kind.items():
            plan_ids |= self._executor(kind).record(members)
        return plan_ids

    # -- what the jobs tell ------------------------------------------------------------------------------------

    def refresh(self, *, is_last: bool = False) -> None:
        """Bring the touched jobs' counts up to date, not too often, and say what all jobs of the account wait for."""
        now = time.monotonic()
        if not is_last and now - self._refreshed_at < self._policy.refresh_seconds:
            return
        self._refreshed_at = now
        in_hand = self._jobs_in_hand()
        touched, self._touched = self._touched, set()
        if is_last:
            touched |= set(self._told)
        elif now - self._told_at >= TELL_SECONDS:
            touched |= in_hand  # nothing moved: they say why
        if not touched:
            return
        self._told_at = now
        until, behind = self._limited_until(), set[str]()
        if in_hand:
            behind = jobs_with_queued_rows(self._account_id, except_for=in_hand)
        first = min(in_hand, default="", key=lambda job_id: self._book.job(job_id).created_at)
        for job_id in sorted(touched | behind):
            was_limited = self._told.get(job_id, {}).get("reason") == RATE_LIMIT
            wait: Mapping[str, Any] | None = self._waits.of_job(
                job_id,
                limited_until=until if job_id in in_hand or was_limited else None,
                ahead=first if job_id in behind and job_id not in in_hand else "",
            )
            if is_last and self.has_more:
                wait = wait or self._told.get(job_id)  # the next drain begins at once
            refresh_job(job_id, account_id=self._account_id, wait=wait)
            self._told.pop(job_id, None)
            if wait:
                self._told[job_id] = wait

    def _limited_until(self) -> datetime | None:
        """When a call of the account has its turn, while calls wait for one or did so a moment ago."""
        if self._account is None:
            return None
        now, until = time.monotonic(), limited_until(self._account.platform, self._account.remote_id)
        if until is not None:
            self._limit = now, until
        seen_at, last = self._limit
        return last if now - seen_at < TELL_SECONDS else None

    def _jobs_in_hand(self) -> set[str]:
        return {held.row.job_id for held in self._held.values()}

    # -- around ------------------------------------------------------------------------------------------------

    def _read_account(self) -> tuple[Account, bool]:
        """The account that its rows name, and whether it is active."""
        with transaction.atomic():
            row = BulkRow.objects.filter(account_id=self._account_id).select_related("account").first()
        account = row.account if row is not None else None
        if account is None:
            raise LookupError(self._account_id)
        found = Account(
            id=account.pk,
            platform=account.platform,
            remote_id=account.remote_id,
            name=account.name,
            agency_id=account.agency_id,
            has_separate_creatives=False,
            change_batch_size=1,
            policy=self._policy,
        )
        return found, account.is_active

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
