"""What a kind of row-driven job must bring. The engine owns leases, fences, threads and states; an executor knows what
to ask of the media and what to write down.

A kind is two classes, listed in ``kinds.py``:

* a ``RowChecker`` turns received rows into specs or problems (before anything is sent);
* an ``Executor`` lives for one drain of one account. The engine claims rows and calls, always from one thread:

  1. ``prepare(rows)``: open commands (durable) → steps to send, verdicts for rows that need no sending;
  2. the engine sends each step once, several at a time, outside any transaction;
  3. ``absorb(answers)``: verdicts, and rows ``again`` that go back to ``prepare`` for their next command;
  4. ``record(verdicts)``: inside the transaction that settles the commands and finishes the rows, only for rows whose
     fence held: write plans and audit entries.

``prepare`` must be resumable: after a crash it meets its own commands again, CONFIRMED, REJECTED, ABSENT (reopened) or
still unsettled (verdict ``unknown``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from campaigns.choices import RowState
from campaigns.domain.rows.problems import RowProblem
from campaigns.services.bulk.policy import EnginePolicy
from media_connectors.services.commands import Command, CommandDraft, Outcome, open_commands
from xmagnet.accounts.actor import Actor
from xmagnet.jobs.models import Job


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A received row."""

    index: int
    line: int
    source: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """What checking made of a row: a spec, or problems. Warnings stop nothing."""

    index: int
    line: int
    client_ref: str
    account_id: int | None  # our id
    spec: dict[str, Any] | None
    problems: tuple[RowProblem, ...] = ()
    warnings: tuple[RowProblem, ...] = ()


class RowChecker(Protocol):
    """Checks the rows of one job, chunk after chunk in input order; remembers what it saw."""

    def check(self, rows: Sequence[SourceRow]) -> list[CheckedRow]:
        """One result for each row. Reads, never writes."""

    def remember(self, rows: Iterable[CheckedRow]) -> None:
        """Rows that were checked before a restart."""


@dataclass(frozen=True, slots=True)
class ClaimedRow:
    """A row under our lease. ``generation`` is the fence."""

    id: int
    job_id: str
    index: int
    client_ref: str
    account_id: int
    generation: int
    attempt_count: int
    lease_expiry_count: int
    plan_id: int | None
    plan_remote_id: str
    row_key: str
    spec: dict[str, Any]
    warnings: list[dict[str, Any]] | None


@dataclass(frozen=True, slots=True)
class Step:
    """One command to send, for one or more rows."""

    name: str
    command: Command
    rows: tuple[ClaimedRow, ...]
    is_beginning: bool = True  # False: it finishes what stands at the media already


@dataclass(frozen=True, slots=True)
class Answer:
    """A sent step and what became of it."""

    step: Step
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a claimed row becomes. ``errors`` are stored as they are (see ``problems.RowProblem.as_record``)."""

    row: ClaimedRow
    state: RowState
    outcome: str = ""
    errors: list[dict[str, Any]] | None = None
    next_at: datetime | None = None  # for queued and unknown
    wait_reason: str = ""  # why it waits: rate_limit, quota, authorization, settling
    plan_remote_id: str = ""
    plan_id: int | None = None
    campaign_id: int | None = None
    warnings: list[dict[str, Any]] | None = None


@dataclass(slots=True)
class Work:
    """What ``prepare`` and ``absorb`` give back to the engine."""

    steps: list[Step] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    again: list[ClaimedRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Account:
    """The media account that is being drained."""

    id: int
    platform: str
    remote_id: str
    name: str
    agency_id: int | None
    has_separate_creatives: bool
    change_batch_size: int
    policy: EnginePolicy

    def open_commands(self, drafts: Sequence[CommandDraft]) -> list[Command]:
        """Make commands durable under the engine's lease; see ``media_connectors.services.commands``."""
        return open_commands(
            self.id, drafts, lease_seconds=self.policy.lease_seconds, send_seconds=self.policy.send_seconds
        )


class Jobs(Protocol):
    """The jobs whose rows are in hand."""

    def job(self, job_id: str) -> Job:
        """The job's row as it was when its first row was claimed."""

    def actor(self, job_id: str) -> Actor:
        """Who the job acts for; the gate was passed again when its first row was claimed."""


class Executor(Protocol):
    """Carries out the rows of one kind on one account; see the module's description."""

    def prepare(self, rows: Sequence[ClaimedRow]) -> Work: ...
    def absorb(self, answers: Sequence[Answer]) -> Work: ...
    def record(self, verdicts: Sequence[Verdict]) -> Mapping[int, int]:
        """Write what the verdicts mean; the ids of the plans by row id."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of row-driven job."""

    name: str
    permission: str
    checker: type[Any]  # called with (actor, job)
    executor: type[Any] | None  # called with (account, jobs); None: rows are only checked
