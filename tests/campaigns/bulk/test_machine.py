"""Rows against a real mock media on a real port: accepted, checked, sent, settled."""

from __future__ import annotations

import pytest
from django.db import transaction

from campaigns.models import Campaign, Plan
from tests.campaigns.bulk.engine import World, drain, job_of, rows_of, submit
from xmagnet.audit.models import AuditEvent
from xmagnet.core.scope import organization_scope


def test_kuaishou_is_asked_once_for_its_regions_and_a_foreign_code_fails_its_row(world: World):
    shenzhen, foreign = 440_300, 440_305  # Nanshan: a district that we know no region of
    rows = [*world.rows(6, "kuaishou", regions=[shenzhen]), world.rows(7, "kuaishou", regions=[shenzhen, foreign])[6]]
    job_id = submit(world, rows)
    drain(world)

    *made, refused = rows_of(world, job_id)
    assert [row.state for row in made] == ["succeeded"] * 6
    assert (refused.state, len(world.media.names())) == ("failed", 6)
    assert [(error["field"], error["code"]) for error in refused.errors] == [("regions", "media_rejected")]
    assert (world.media.calls_of("v1/region/list"), world.media.calls_of("unit/create")) == (1, 6)


@pytest.mark.parametrize("platform", ["douyin", "toutiao", "kuaishou"])
def test_rows_become_plans_at_the_media(world: World, platform: str):
    job_id = submit(world, world.rows(5, platform))
    drain(world)

    job = job_of(world, job_id)
    rows = rows_of(world, job_id)
    assert [(row.state, row.outcome, row.errors) for row in rows] == [("succeeded", "created", None)] * 5
    assert (job.state, job.counts) == ("succeeded", {"succeeded": 5})
    assert sorted(world.media.names()) == sorted(f"车险 {row.row_index}#{row.row_key}" for row in rows)
    with organization_scope(world.organization.pk), transaction.atomic():
        plans = {plan.pk: plan for plan in Plan.objects.all()}
        assert Campaign.objects.get().name == f"春季 {platform}"
        events = AuditEvent.objects.filter(action="plan.created", job_id=job_id)
        assert events.count() == 5
    assert [plans[row.plan_id].remote_id for row in rows] == [row.plan_remote_id for row in rows]
    assert {plan.status for plan in plans.values()} == {"paused"}
