"""Every list page keeps its budget of tests/query_counts.json, however many rows it shows."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.campaigns.conftest import NOW
from tests.factories import OrganizationFactory, make_account, make_agency, make_member
from tests.frontend.plans import make_delivery
from xmagnet.accounts.models import Organization, User

BUDGETS: dict[str, int] = json.loads((Path(__file__).parents[1] / "query_counts.json").read_text(encoding="utf-8"))


@pytest.fixture
def busy(db: None) -> Organization:
    """Plans on several accounts of several agencies, and colleagues."""
    organization = OrganizationFactory(name="Sunrise Life", slug="sunrise")
    make_delivery(organization, plan_count=12, days=2)
    for number in range(4):
        agency = make_agency(organization, f"Agency {number}")
        make_account(organization, agency=agency)
        make_member(organization)
    return organization


def test_pages_keep_their_query_budgets(busy: Organization, sign_in: Callable[[User], Client]) -> None:
    client = sign_in(make_member(busy))
    spent = {}
    for name in BUDGETS:
        address = reverse(name, args=("sunrise",))
        client.get(address)  # what a process keeps from its first answer is not a page's cost
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        spent[name] = [query["sql"] for query in captured if not is_bookkeeping(query["sql"])]
    over = {name: len(queries) for name, queries in spent.items() if len(queries) > BUDGETS[name]}
    assert over == {}


def is_bookkeeping(sql: str) -> bool:
    """Savepoints stand for the transaction of a request: they are no questions."""
    return sql.startswith(("SAVEPOINT", "RELEASE SAVEPOINT", "BEGIN", "COMMIT"))


def test_a_session_is_noted_once_a_minute(busy: Organization, sign_in: Callable[[User], Client]) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        client = sign_in(make_member(busy))
        client.get("/o/sunrise/jobs/", HTTP_USER_AGENT="first")
        client.get("/o/sunrise/jobs/", HTTP_USER_AGENT="too soon to be noted")
        assert UserSession.objects.get().user_agent == "first"
        clock.shift(61)
        client.get("/o/sunrise/jobs/", HTTP_USER_AGENT="later")
        session = UserSession.objects.get()
        assert (session.user_agent, session.last_seen_at) == ("later", NOW + timedelta(seconds=61))
