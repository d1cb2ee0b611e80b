"""No page, answer or export reads a list without an end: each is asked for in a world of thousands of everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from campaigns.models import Plan
from campaigns.services.changes.planning import MAX_PLANS
from tests.security.routes import ROUTES
from tests.security.world import Side, make_world
from xmagnet.accounts.models import Membership, User
from xmagnet.accounts.roles import Role
from xmagnet.celery import app
from xmagnet.core.scope import organization_scope
from xmagnet.schedule import SCHEDULE

#: of everything whose number grows with use
MANY = 2_500
#: media accounts, agencies and people: a large advertiser has hundreds, and a page may read them all
SOME = 300
#: rows that a page reads with one statement
PAGE_ROWS = 501
#: operations with a page of 1,000, and one row to know whether more follow
LIMITED = {"api:materials", "api:plans", "api:campaigns", "api:jobs", "api:job-rows"}
LIMITED_ROWS = 1_001
#: exports and long work go in steps of 2,000; nothing reads more
STEP_ROWS = 2_001
#: who goes in such steps, or reads more than a page, and why
IN_STEPS: dict[str, str] = {
    "api:job-results": "a download, chunk by chunk",
    "frontend:job-results": "the same",
    "frontend:plan-export": "the same",
    "frontend:audit-export": "the same",
    "frontend:undo-job": "changes of a whole job, in steps; 200 are shown",
}

#: table → columns that must differ between copies, as SQL over the number ``n``
GROWING: dict[str, dict[str, str]] = {
    "accounts_agency": {"name": "'agency ' || n", "code": "'agency-' || n"},
    "media_connectors_mediaaccount": {"remote_id": "'m' || n", "name": "'account ' || n"},
    "campaigns_campaign": {"remote_id": "'c' || n"},
    "campaigns_plan": {"remote_id": "'p' || n", "client_ref": "'ref-' || n", "name": "'CANARY ' || n",
                       "labels": "ARRAY['label ' || n]"},
    "campaigns_accountmaterial": {"remote_id": "'m' || n", "name": "'CANARY ' || n"},
    "campaigns_bulkrow": {"row_index": "n", "line": "n + 1"},
    "campaigns_settingtemplate": {"name": "'template ' || n"},
    "campaigns_savedview": {"name": "'view ' || n"},
    "campaigns_savedaudience": {"name": "'audience ' || n"},
    "jobs_job": {"id": "'job_' || n"},
    "audit_auditevent": {},
    "campaigns_queuedchange": {"plan_id": "(SELECT id FROM campaigns_plan WHERE remote_id = 'p' || n)"},
    "jobs_jobevent": {},
    "webhooks_webhookdelivery": {"id": "'delivery_' || n"},
    "notices_notice": {"object_id": "'job_' || n"},
    "accounts_apitoken": {"prefix": "'t' || n", "token_sha256": "'t' || n"},
    "accounts_invitation": {"email": "n || '@example.com'", "secret_sha256": "'i' || n"},
}  # fmt: skip

#: of these, ``SOME``
COUNTED_IN_HUNDREDS = {"accounts_agency", "media_connectors_mediaaccount"}
#: 204: nothing to show; 302: a page that leads on; 404: an object of another person
ANSWERS = {200, 204, 302, 404}


@pytest.fixture
def side(db: None) -> tuple[Side, User]:
    """An agency with thousands of everything, hundreds of accounts, agencies and people; and who may see all of it."""
    world = make_world()
    organization = world.own.organization
    with organization_scope(organization.pk), transaction.atomic(), connection.cursor() as cursor:
        for table, differing in GROWING.items():
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_default IS NULL"
                " AND is_identity = 'NO'",
                [table],
            )
            columns = [name for (name,) in cursor.fetchall()]
            copied = ", ".join(differing.get(name, f'"{name}"') for name in columns)
            names = ", ".join(f'"{name}"' for name in columns)
            count = SOME if table in COUNTED_IN_HUNDREDS else MANY
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {copied} FROM (SELECT * FROM {table} ORDER BY id LIMIT 1) one,"
                " generate_series(1, %s) n",
                [count],
            )
        users = User.objects.bulk_create([User(email=f"u{n}@example.com", name=f"CANARY {n}") for n in range(SOME)])
        Membership.objects.bulk_create([Membership(user=user, role=Role.OPTIMIZER) for user in users])
    return world.own, world.headquarters["admin"]


def test_no_page_answer_or_export_reads_a_list_without_an_end(
    side: tuple[Side, User], sign_in: Callable[[User], Client]
) -> None:
    own, admin = side
    client = sign_in(admin)
    watcher = Watcher()
    for name, route in ROUTES.items():
        if route.kind != "org" or "GET" not in route.permissions:
            continue
        with watcher.of(name):
            response = client.get(address_of(name, own), asked_for(name, own))
            for _ in response.streaming_content if response.streaming else ():
                pass
        assert response.status_code in ANSWERS, (name, response.status_code)
    assert "\n".join(watcher.found) == ""


def test_no_preview_or_change_of_all_results_reads_them_all_at_once(
    side: tuple[Side, User], sign_in: Callable[[User], Client]
) -> None:
    own, admin = side
    client = sign_in(admin)
    watcher = Watcher(is_work=True)
    with organization_scope(own.organization.pk), transaction.atomic():
        count = Plan.objects.count()
    everything = {"scope": "all", "query": "", "expected": str(count)}
    forms: list[tuple[str, dict[str, Any]]] = [
        ("frontend:plan-change-preview", {**everything, "field": "bid", "kind": "percent", "value": "10"}),
        ("frontend:plan-change-apply", {**everything, "field": "bid", "kind": "percent", "value": "10"}),
        ("frontend:plan-rename-preview", {**everything, "kind": "around", "prefix": "new "}),
        ("frontend:plan-rename-apply", {**everything, "kind": "around", "prefix": "new "}),
        ("frontend:plan-copy-preview", everything),
        ("frontend:plan-copy-apply", everything),
        ("frontend:plan-labels", {**everything, "add": "autumn"}),
        ("frontend:undo-job", {}),
        ("frontend:job-launch", {"scope": "all"}),
        ("frontend:job-retry", {"only": "all_failed"}),
        ("frontend:job-cancel", {}),
        ("frontend:audit-verify", {}),
        ("frontend:notifications-read", {}),
    ]
    for name, form in forms:
        with watcher.of(name):
            response = client.post(address_of(name, own), form)
        assert response.status_code < 500, (name, response.status_code)
        assert b"is-invalid" not in response.content, name
    changes = {"filter": {}, "expected_count": count, "changes": {"budget": {"set": 900}}}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("api:plans-bulk-update", changes),
        ("api:plans-undo", {"job_id": own.ids["job"]}),
    ]
    for name, body in asked:
        for query in ("?validate_only=true", ""):
            with watcher.of(name):
                response = client.post(
                    address_of(name, own) + query,
                    json.dumps(body),
                    "application/json",
                    headers={"Idempotency-Key": name},
                )
            assert response.status_code in {200, 202}, (name, response.content)
    assert "\n".join(watcher.found) == ""


def test_no_periodic_task_reads_a_list_without_an_end(side: tuple[Side, User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *_arguments, **_options: None)
    watcher = Watcher(is_work=True)
    own, _admin = side
    for line in SCHEDULE:
        app.loader.import_default_modules()
        with watcher.of(line.task):
            app.tasks[line.task].run()
    with watcher.of("plans.prepare"):
        app.tasks["plans.prepare"].run(own.organization.pk, own.ids["job"])
    assert watcher.found == []


def test_the_watcher_sees_a_list_without_an_end(side: tuple[Side, User]) -> None:
    watcher = Watcher()
    with organization_scope(side[0].organization.pk), transaction.atomic():
        with watcher.of("some plans"):
            list(Plan.objects.all()[:PAGE_ROWS])
        assert watcher.found == []
        with watcher.of("all plans"):
            list(Plan.objects.all())
    assert len(watcher.found) == 1


def address_of(name: str, own: Side) -> str:
    """Where a route is, with the own side's objects."""
    route = ROUTES[name]
    arguments = {argument: own.ids[kind] for argument, kind in route.objects.items()}
    return reverse(name, kwargs={"org": own.organization.slug, **arguments, **route.extra})


def asked_for(name: str, own: Side) -> dict[str, Any]:
    """The longest page that an operation gives; pages of people are searched for what every name holds."""
    if name == "api:materials":
        return {"account": own.ids["account"], "limit": "1000"}
    return {"limit": "1000"} if name in LIMITED else {} if name.startswith("api:") else {"q": "CANARY"}


class Watcher:
    """Notes statements that brought too many rows. The rows are counted by the cursor, which has them all."""

    def __init__(self, *, is_work: bool = False) -> None:
        self.found: list[str] = []
        self._is_work, self._name = is_work, ""  # work goes in steps, and takes the ids of all results

    def of(self, name: str) -> AbstractContextManager[None]:
        """Watch while ``name`` works."""
        self._name = name
        return connection.execute_wrapper(self)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        cursor, name = context["cursor"], self._name
        if cursor.description is None:  # it gives back no rows
            return result
        if self._is_work:
            most = MAX_PLANS if len(cursor.description) == 1 else STEP_ROWS  # ids alone are light
        else:
            most = STEP_ROWS if name in IN_STEPS else LIMITED_ROWS if name in LIMITED else PAGE_ROWS
        if cursor.rowcount > most:
            self.found.append(f"{name}: {cursor.rowcount} rows: {sql[:300]}")
        return result
