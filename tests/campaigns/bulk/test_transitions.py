"""The row machine under any order of events: claims, zombies, expiries, verdicts. Its rows never leave the diagram."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from campaigns.choices import RowState
from campaigns.models import BulkRow
from campaigns.services.bulk.executors import ClaimedRow, Verdict
from campaigns.services.bulk.leases import claim, expire_leases, finish, renew, wake
from tests.campaigns.bulk.engine import World, submit
from xmagnet.core.scope import organization_scope

ROWS = 4
LONE_FROM = 2
ENDED = {RowState.SUCCEEDED, RowState.FAILED, RowState.DEAD, RowState.CANCELLED}
VERDICTS = [RowState.SUCCEEDED, RowState.FAILED, RowState.QUEUED, RowState.UNKNOWN, RowState.DEAD]


class RowMachine(RuleBasedStateMachine):
    """What the database does, beside what a model of a few lines says it must do."""

    world: World
    job_id: str

    def __init__(self) -> None:
        super().__init__()
        self.account_id = self.world.accounts["kuaishou"][0]
        self.scope = organization_scope(self.world.organization.pk)
        self.scope.__enter__()
        with transaction.atomic():
            self.rows.update(
                state=RowState.QUEUED, generation=0, attempt_count=0, lease_expiry_count=0, lease_until=None, owner="",
                finished_at=None, next_at=timezone.now(),
            )  # fmt: skip
            self.states = dict.fromkeys(self.rows.values_list("id", flat=True), RowState.QUEUED)
        self.generations = dict.fromkeys(self.states, 0)
        self.deaths = dict.fromkeys(self.states, 0)
        self.words: list[ClaimedRow] = []  # every row ever claimed, by whatever worker, dead or alive

    @property
    def rows(self):
        return BulkRow.objects.filter(job_id=self.job_id)

    def teardown(self) -> None:
        self.scope.__exit__(None, None, None)

    @rule(limit=st.integers(1, ROWS), may_claim_lone=st.booleans())
    def claim(self, limit: int, may_claim_lone: bool) -> None:
        queued = [row_id for row_id in sorted(self.states) if self.states[row_id] == RowState.QUEUED][:limit]
        expected: list[int] = []
        for row_id in queued:
            if self.deaths[row_id] >= LONE_FROM:
                expected = expected or ([row_id] if may_claim_lone else [])
                break
            expected.append(row_id)
        claimed = claim(
            self.account_id,
            owner="worker",
            limit=limit,
            lease_seconds=60,
            lone_from=LONE_FROM,
            may_claim_lone=may_claim_lone,
        )
        assert [row.id for row in claimed] == expected
        for row in claimed:
            self.states[row.id] = RowState.SENDING
            self.generations[row.id] += 1
            assert row.generation == self.generations[row.id]
        self.words += claimed

    @rule(data=st.data(), state=st.sampled_from(VERDICTS))
    def finish(self, data: st.DataObject, state: RowState) -> None:
        """Any worker, however late, says its word; only the holder of the current lease is heard."""
        if not self.words:
            return
        row = data.draw(st.sampled_from(self.words))
        recorded: list[Verdict] = []

        def record(verdicts):
            recorded.extend(verdicts)
            return {}

        with transaction.atomic():
            finish([Verdict(row, state, next_at=timezone.now())], record)
        is_heard = self.states[row.id] == RowState.SENDING and self.generations[row.id] == row.generation
        assert [verdict.row.id for verdict in recorded] == ([row.id] if is_heard else [])
        if is_heard:
            self.states[row.id] = state

    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        if not self.words:
            return
        row = data.draw(st.sampled_from(self.words))
        is_ours = self.states[row.id] == RowState.SENDING and self.generations[row.id] == row.generation
        assert renew([row], lease_seconds=60) == ({row.id} if is_ours else set())

    @rule(data=st.data())
    def worker_dies(self, data: st.DataObject) -> None:
        sending = sorted(row_id for row_id, state in self.states.items() if state == RowState.SENDING)
        lost = data.draw(st.sets(st.sampled_from(sending))) if sending else set()
        with transaction.atomic():
            self.rows.filter(pk__in=lost).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert expire_leases() == len(lost)
        for row_id in lost:
            self.states[row_id] = RowState.UNKNOWN
            self.deaths[row_id] += 1

    @rule()
    def wake(self) -> None:
        unknown = [row_id for row_id, state in self.states.items() if state == RowState.UNKNOWN]
        assert wake(self.account_id) == len(unknown)
        self.states |= dict.fromkeys(unknown, RowState.QUEUED)

    @invariant()
    def the_rows_are_as_the_model_says(self) -> None:
        with transaction.atomic():
            found = list(self.rows)
        assert {row.pk: row.state for row in found} == self.states
        assert {row.pk: row.generation for row in found} == self.generations
        assert {row.pk: row.lease_expiry_count for row in found} == self.deaths
        for row in found:
            assert (row.lease_until is not None) == (row.state == RowState.SENDING)
            assert (row.owner != "") == (row.state == RowState.SENDING)
            assert (row.finished_at is not None) == (row.state in ENDED)


@pytest.mark.slow
def test_no_order_of_events_leads_a_row_off_the_diagram(world: World) -> None:
    class Machine(RowMachine):
        pass

    Machine.world, Machine.job_id = world, submit(world, world.rows(ROWS))
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
