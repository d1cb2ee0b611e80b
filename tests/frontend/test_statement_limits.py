"""No page, answer or export reads a list without an end: each is asked for in a world of thousands of everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from tests.security.routes import ROUTES
from tests.security.world import Side, make_world
from xmagnet.accounts.models import User
from xmagnet.core.scope import organization_scope

#: of everything whose number grows with use; media accounts, agencies and members are counted in hundreds
MANY = 2_500
#: an export's chunk and one more; pages and API answers are shorter
MOST_ROWS = 2_001

#: table → columns that must differ between copies, as SQL over the number ``n``
GROWING: dict[str, dict[str, str]] = {
    "campaigns_campaign": {"remote_id": "'c' || n"},
    "campaigns_plan": {"remote_id": "'p' || n", "client_ref": "'ref-' || n", "name": "'CANARY ' || n",
                       "labels": "ARRAY['label ' || n]"},
    "campaigns_bulkrow": {"row_index": "n", "line": "n + 1"},
    "campaigns_settingtemplate": {"name": "'template ' || n"},
    "campaigns_savedview": {"name": "'view ' || n"},
    "campaigns_savedaudience": {"name": "'audience ' || n"},
    "jobs_job": {"id": "'job_' || n"},
    "audit_auditevent": {},
    "webhooks_webhookdelivery": {"id": "'delivery_' || n"},
    "notices_notice": {"object_id": "'job_' || n"},
    "accounts_apitoken": {"prefix": "'t' || n", "token_sha256": "'t' || n"},
    "accounts_invitation": {"email": "n || '@example.com'", "secret_sha256": "'i' || n"},
}  # fmt: skip

#: operations with a page size
LIMITED = {"api:plans", "api:campaigns", "api:jobs", "api:job-rows"}
#: 204: nothing to show; 302: a page that leads on; 404: an object of another person
ANSWERS = {200, 204, 302, 404}
#: what is read to its end on purpose, and what ends it
ENDING: dict[str, str] = {
    "frontend:undo-job": "every change of one job, at most five fields of MAX_PLANS plans",
    "frontend:undo-event": "what was edited today on one plan, for the guarantee's limit of edits",
}


@pytest.fixture
def side(db: None) -> tuple[Side, User]:
    """An agency with thousands of everything, and somebody who may see all of it."""
    world = make_world()
    with organization_scope(world.own.organization.pk), transaction.atomic(), connection.cursor() as cursor:
        for table, differing in GROWING.items():
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_default IS NULL"
                " AND is_identity = 'NO'",
                [table],
            )
            columns = [name for (name,) in cursor.fetchall()]
            copied = ", ".join(differing.get(name, f'"{name}"') for name in columns)
            names = ", ".join(f'"{name}"' for name in columns)
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {copied} FROM (SELECT * FROM {table} LIMIT 1) one,"
                " generate_series(1, %s) n",
                [MANY],
            )
    return world.own, world.headquarters["admin"]


def test_no_statement_of_any_page_returns_thousands_of_rows(
    side: tuple[Side, User], sign_in: Callable[[User], Client]
) -> None:
    own, admin = side
    client = sign_in(admin)
    found: dict[str, str] = {}
    for name, route in ROUTES.items():
        if route.kind != "org" or "GET" not in route.permissions or name in ENDING:
            continue
        arguments = {argument: own.ids[kind] for argument, kind in route.objects.items()}
        url = reverse(name, kwargs={"org": own.organization.slug, **arguments, **route.extra})
        with connection.execute_wrapper(Watcher(name, found)):
            response = client.get(url, asked_for(name, own))
            for _ in response.streaming_content if response.streaming else ():
                pass
        assert response.status_code in ANSWERS, (name, response.status_code)
    assert sorted(found) == []


def asked_for(name: str, own: Side) -> dict[str, Any]:
    """The longest page that an operation gives; pages of people are searched for what every name holds."""
    if name == "api:materials":
        return {"account": own.ids["account"]}
    return {"limit": "1000"} if name in LIMITED else {} if name.startswith("api:") else {"q": "CANARY"}


class Watcher:
    """Notes statements that brought too many rows. The rows are counted by the cursor, which has them all."""

    def __init__(self, route: str, found: dict[str, str]) -> None:
        self.route, self.found = route, found

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        rows = context["cursor"].rowcount
        if sql.lstrip("( ").upper().startswith(("SELECT", "WITH")) and rows > MOST_ROWS:
            self.found[f"{self.route}: {rows} rows"] = sql[:300]
        return result


def test_the_watcher_sees_a_list_without_an_end(side: tuple[Side, User]) -> None:
    from campaigns.models import Plan

    found: dict[str, str] = {}
    with (
        organization_scope(side[0].organization.pk),
        transaction.atomic(),
        connection.execute_wrapper(Watcher("all plans", found)),
    ):
        list(Plan.objects.all()[:MOST_ROWS])
        assert found == {}
        list(Plan.objects.all())
    assert len(found) == 1
