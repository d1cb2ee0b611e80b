"""A small world at a frozen instant: Sunday 2026-11-22, 14:30 in Shanghai."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
import time_machine

from tests.factories import OrganizationFactory, make_account, make_actor, make_agency, make_plan

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world(db, clock):
    """Two organizations; in the first, two agencies with an account each and one plan on each account."""
    organization, other = OrganizationFactory(), OrganizationFactory()
    blue, red = make_agency(organization, "Blue"), make_agency(organization, "Red")
    blue_account = make_account(organization, agency=blue, platform="douyin", name="Blue Douyin")
    red_account = make_account(organization, agency=red, platform="kuaishou", name="Red Kuaishou")
    other_account = make_account(other, name="Other")
    return SimpleNamespace(
        organization=organization,
        other=other,
        blue=blue,
        red=red,
        blue_account=blue_account,
        red_account=red_account,
        other_account=other_account,
        blue_plan=make_plan(blue_account, name="Blue plan"),
        red_plan=make_plan(red_account, name="Red plan", bid_fen=80_00, status="paused"),
        other_plan=make_plan(other_account, name="Other plan"),
        admin=make_actor(organization),
        blue_actor=make_actor(organization, "optimizer", agency_id=blue.pk),
        limited_actor=make_actor(organization, "optimizer", account_ids=frozenset({red_account.pk})),
        other_admin=make_actor(other),
    )
