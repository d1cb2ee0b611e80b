from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from frontend.views.change_log import described
from frontend.views.change_previews import value_text
from tests.factories import make_account, make_actor, make_agency, make_member, make_plan
from xmagnet.accounts.models import Organization
from xmagnet.accounts.roles import Role
from xmagnet.audit.services import Entry, record
from xmagnet.core.scope import organization_scope

LOG = "/o/sunrise/changes/"


@pytest.fixture
def changed(organization: Organization) -> dict[str, Any]:
    """Three plans on two media, changed by two people in two ways."""
    agency = make_agency(organization)
    with organization_scope(organization.pk), transaction.atomic():
        douyin = make_account(organization, agency=agency)
        kuaishou = make_account(organization, platform="kuaishou")
        alpha, beta = make_plan(douyin, name="alpha"), make_plan(kuaishou, name="beta")
        li = make_actor(organization, user_id=make_member(organization).pk, user_name="Li Lei")
        han = make_actor(organization, user_id=make_member(organization).pk, user_name="Han Mei", via="api")
        record(li, changes_of(alpha, {"bid_fen": 4000}, {"bid_fen": 5000}))
        record(han, changes_of(beta, {"name": "old"}, {"name": "beta"}))
    return {"agency": agency, "kuaishou": kuaishou, "li": li}


def changes_of(plan: Any, before: dict[str, Any], after: dict[str, Any]) -> Entry:
    account = plan.account
    return Entry("plan.changed", "plan", plan.pk, plan.name, account.pk, account.agency_id, before=before, after=after)


def shown(client: Client, **values: str) -> set[str]:
    html = client.get(LOG, values).content.decode()
    return {name for name in ("alpha", "beta") if f">{name}</a>" in html}


def test_each_filter_narrows(organization: Organization, admin: Client, changed: dict[str, Any]) -> None:
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    assert shown(admin) == {"alpha", "beta"}
    assert shown(admin, person=str(changed["li"].user_id)) == {"alpha"}
    assert shown(admin, via="api") == {"beta"}
    assert shown(admin, media="kuaishou") == {"beta"}
    assert shown(admin, account=str(changed["kuaishou"].pk)) == {"beta"}
    assert shown(admin, media="douyin", account=str(changed["kuaishou"].pk)) == set()
    assert shown(admin, field="bid_fen") == {"alpha"}
    assert shown(admin, since=tomorrow) == set()
    assert shown(admin, until=timezone.localdate().isoformat()) == {"alpha", "beta"}


def test_values_that_are_no_choice_ask_for_everything(admin: Client, changed: dict[str, Any]) -> None:
    assert shown(admin, via="pigeon", media="tv", field="x'--", person="me", since="never") == {"alpha", "beta"}
    assert "No change fits" in admin.get(LOG, {"job": "job_none"}).content.decode()


def test_a_filter_does_not_widen_sight(changed: dict[str, Any], as_role: Callable[..., Client]) -> None:
    client = as_role(Role.OPTIMIZER, agency=changed["agency"])
    assert shown(client) == {"alpha"}
    assert shown(client, account=str(changed["kuaishou"].pk)) == set()
    assert shown(client, media="kuaishou") == set()


def test_a_change_links_to_its_undo(admin: Client, changed: dict[str, Any], as_role: Callable[..., Client]) -> None:
    assert "/changes/" in admin.get(LOG).content.decode()
    assert "undo" in admin.get(LOG).content.decode()
    assert ">Undo<" not in as_role(Role.ANALYST).get(LOG).content.decode()


def test_a_change_that_was_never_sent_is_not_said_to_be_changed_since() -> None:
    values = {"before": {"bid_fen": 4_400}, "after": {"bid_fen": 4_500}, "now": {"bid_fen": 4_400}}
    waiting = described(SimpleNamespace(action="plan.change_queued", **values))["fields"][0]  # type: ignore[arg-type]
    assert not waiting.is_superseded
    assert not waiting.now_is_known
    sent = described(SimpleNamespace(action="plan.changed", **values))["fields"][0]  # type: ignore[arg-type]
    assert sent.is_superseded


def test_a_plan_that_was_just_made_had_no_budget_before() -> None:
    after = {"daily_budget_fen": 30_000, "bid_fen": 4_000}
    made = SimpleNamespace(action="plan.created", before={}, after=after, now=after)
    assert [field.before for field in described(made)["fields"]] == ["—", "—"]  # type: ignore[arg-type]


def test_a_plan_that_was_not_there_had_no_status() -> None:
    assert value_text("status", None) == "—"
