"""Every example of docs/examples runs as it stands: a live server, the real engine, the mock media."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connections, transaction
from standardwebhooks.webhooks import Webhook

from campaigns.models import Plan
from campaigns.services.bulk.draining import drain_account
from campaigns.services.bulk.leases import due_accounts
from campaigns.services.bulk.preparing import prepare_job
from tests.campaigns.bulk.conftest import media, mock_config, world  # noqa: F401  fixtures
from tests.campaigns.bulk.engine import POLICY, World, drain, submit
from tests.factories import make_api_token, make_member
from tests.stacks import free_ports, wait_until
from xmagnet.core.scope import organization_scope
from xmagnet.jobs.models import Job
from xmagnet.jobs.states import JobState

pytestmark = pytest.mark.slow
EXAMPLES = Path(settings.BASE_DIR) / "docs" / "examples"
PATIENCE_SECONDS = 90


@dataclass
class Stage:
    """A world with a server before it and the engine behind it."""

    world: World
    environment: dict[str, str]
    engine_may_run: threading.Event

    def run(self, name: str, *arguments: object) -> str:
        """Run an example and return what it printed; raise AssertionError with its complaint when it fails."""
        command = [sys.executable] if name.endswith(".py") else ["bash"]
        done = subprocess.run(
            [*command, str(EXAMPLES / name), *map(str, arguments)],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def post(self, path: str, body: Any) -> Any:
        answer = httpx.post(
            f"{self.environment['XMAGNET_URL']}/api/v1/o/{self.environment['XMAGNET_ORG']}/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.environment['XMAGNET_TOKEN']}", "Idempotency-Key": path},
            trust_env=False,
        )
        assert answer.status_code == 202, answer.text
        return answer.json()

    def plan_refs(self) -> set[str]:
        with organization_scope(self.world.organization.pk), transaction.atomic():
            return set(Plan.objects.values_list("client_ref", flat=True))

    def budgets(self) -> set[int]:
        with organization_scope(self.world.organization.pk), transaction.atomic():
            return set(Plan.objects.values_list("daily_budget_fen", flat=True))


def _work(organization_id: int, stops: threading.Event, may_run: threading.Event) -> None:
    """What the worker does: check what was accepted, send what is due."""
    while not stops.is_set():
        with organization_scope(organization_id), transaction.atomic():
            waiting = list(Job.objects.filter(state=JobState.QUEUED).values_list("pk", flat=True))
        for job_id in waiting:
            prepare_job(organization_id, job_id, POLICY)
        with organization_scope(organization_id):
            accounts = due_accounts() if may_run.is_set() else []
        for account_id in accounts:
            drain_account(organization_id, account_id, POLICY)
        stops.wait(0.1)
    connections.close_all()


@pytest.fixture
def stage(world: World, live_server: Any) -> Iterator[Stage]:  # noqa: F811
    token = make_api_token(world.organization, make_member(world.organization))
    submit(world, world.rows(1, "kuaishou", client_ref="first"), key="first")
    drain(world)
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {
        **inherited,
        "XMAGNET_URL": live_server.url,
        "XMAGNET_ORG": world.organization.slug,
        "XMAGNET_TOKEN": token,
    }
    stops, may_run = threading.Event(), threading.Event()
    may_run.set()
    engine = threading.Thread(target=_work, args=(world.organization.pk, stops, may_run))
    engine.start()
    yield Stage(world, environment, may_run)
    stops.set()
    engine.join()


def test_many_plans_in_one_request(stage: Stage):
    said = stage.run("create_plans.py", 40, "spring")
    assert said.endswith("succeeded 40 of 40 created\n")
    assert stage.plan_refs() == {"first", *(f"spring-{number}" for number in range(40))}
    assert stage.run("create_plans.py", 40, "spring") == said  # the same key: the same job
    assert len(stage.world.media.names()) == 41


def test_a_compressed_file_of_lines(stage: Stage, tmp_path: Path):
    file = tmp_path / "rows.ndjson"
    file.write_text("\n".join(json.dumps(row) for row in stage.world.rows(3, "douyin")))
    job = json.loads(stage.run("upload_ndjson.sh", file))
    assert (job["state"], job["counts"]["succeeded"], job["source"]["format"]) == ("succeeded", 3, "ndjson")
    assert stage.plan_refs() == {"first", "douyin-0", "douyin-1", "douyin-2"}


def test_a_filled_template(stage: Stage):
    assert stage.run("fill_template.py", "sheet").endswith("succeeded 3 of 3 created\n")
    assert stage.plan_refs() == {"first", "sheet-0", "sheet-1", "sheet-2"}


def test_failed_rows_corrected_and_sent_again(stage: Stage):
    rows = stage.world.rows(3, "toutiao")
    rows[1]["budget"] = 1
    job = stage.post("plans/bulk", {"rows": rows})
    wait_until(lambda: stage.plan_refs() == {"first", "toutiao-0", "toutiao-2"})
    said = stage.run("correct_and_resend.py", job["id"], 500)
    assert said.startswith("line 2 toutiao-1: budget_too_low: ")
    assert said.endswith("succeeded 1 of 1 created\n")
    assert stage.plan_refs() == {"first", "toutiao-0", "toutiao-1", "toutiao-2"}


def test_plans_listed_by_pages(stage: Stage):
    stage.run("create_plans.py", 4, "list")
    stage.environment["PAGE"] = "2"
    plans = [json.loads(line) for line in stage.run("list_plans.sh").splitlines()]
    bids = [float(plan["bid"]) for plan in plans]
    assert (len(plans), bids == sorted(bids, reverse=True)) == (3, True)  # bids of exactly 50 yuan are not above it
    assert {tuple(plan) for plan in plans} == {("id", "name", "bid", "metrics")}


def test_budgets_previewed_then_changed(stage: Stage):
    preview = json.loads(stage.run("change_budgets.sh"))
    assert (preview["counts"], preview["changes"][0]["before"], preview["changes"][0]["after"]) == (
        {"change": 1},
        "500.00",
        "600.00",
    )
    assert stage.budgets() == {500_00}
    preview, job = map(json.loads, stage.run("change_budgets.sh", "send").splitlines())
    assert (job["kind"], job["counts"]["total"]) == ("plans.update", 1)
    wait_until(lambda: stage.budgets() == {600_00})


def test_a_job_cancelled_and_tried_again(stage: Stage):
    stage.engine_may_run.clear()
    job = stage.post("plans/bulk", {"rows": stage.world.rows(2, "douyin")})
    cancelled, child = map(json.loads, stage.run("cancel_and_retry.sh", job["id"]).splitlines())
    assert (cancelled["id"], child["retry_of"], child["counts"]["total"]) == (job["id"], job["id"], 2)
    assert stage.plan_refs() == {"first"}
    stage.engine_may_run.set()
    wait_until(lambda: stage.plan_refs() == {"first", "douyin-0", "douyin-1"})


@pytest.fixture
def webhook_receiver() -> Iterator[Callable[..., Any]]:
    """The example as a running receiver: returns how to post to it."""
    (port,) = free_ports(1)
    secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    with subprocess.Popen(
        [sys.executable, str(EXAMPLES / "verify_webhook.py"), str(port)],
        env={"PATH": os.environ["PATH"], "XMAGNET_WEBHOOK_SECRET": secret},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:

        def post(body: bytes, headers: dict[str, str]) -> int:
            return httpx.post(f"http://127.0.0.1:{port}/", content=body, headers=headers, trust_env=False).status_code

        def is_up() -> bool:
            try:
                return post(b"{}", {}) == 401
            except httpx.TransportError:
                return False

        wait_until(is_up)
        post.secret, post.process = secret, process  # type: ignore[attr-defined]
        yield post
        process.kill()


def test_a_webhook_is_believed_only_with_its_signature(webhook_receiver: Any):
    from django.utils import timezone

    body, now = b'{"type":"job.completed","data":{"job_id":"job_1"}}', timezone.now()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": "v1,b2xk " + Webhook(webhook_receiver.secret).sign("msg_1", now, body.decode()),
    }
    assert webhook_receiver(body, headers) == 204
    assert webhook_receiver(body, headers) == 204  # a repeat is answered and not told again
    assert webhook_receiver(body.replace(b"_1", b"_2"), headers) == 401
    assert webhook_receiver(body, {**headers, "webhook-id": "msg_2"}) == 401
    assert webhook_receiver(body, {**headers, "webhook-timestamp": str(int(now.timestamp()) - 301)}) == 401
    webhook_receiver.process.kill()
    assert webhook_receiver.process.stdout.read() == 'job.completed {"job_id": "job_1"}\n'


def test_every_example_is_run_here():
    source = Path(__file__).read_text(encoding="utf-8")
    shared = {"client.py"}
    assert [one.name for one in EXAMPLES.iterdir() if one.is_file() and one.name not in shared | _named(source)] == []


def _named(source: str) -> set[str]:
    return {one.name for one in EXAMPLES.iterdir() if f'"{one.name}"' in source}
