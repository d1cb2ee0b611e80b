"""Bulk creation while workers are killed, stopped and answers are lost: is every row one plan?

Worker processes (the services that Celery's tasks call, without the broker) get kill -9 or a pause longer than their
lease; 5 % of the creations take effect at the media and their answer is lost, 3 % of the connections break before.
Leases are short, so that the run is. Compared with the naive way on the same media and faults: send, and send again
whatever was not answered.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson

from tests.benchmarks._database import own_database
from tests.benchmarks.harness import Result, tell
from tests.stacks import free_ports

ROWS = 1500
KILLS = 40
STOPS = 8
WORKERS = 3
LATENCY_MS = 30.0
READ_LAG_MS = 300.0
LOST_SHARE, BROKEN_SHARE = 0.05, 0.03
CREATES = ("*project/create/", "*promotion/create/", "*campaign/create", "*unit/create", "*creative/create")
ENGINE = {"lease_seconds": 8.0, "send_seconds": 4.0, "settle_seconds": 3.0, "parallel_sends": 4, "claim_rows": 8}
NAIVE_ATTEMPTS = 5
PATIENCE_SECONDS = 240.0


def run(*, seed: int, scale: float) -> Result:
    """Create ``ROWS · scale`` plans under ``KILLS · scale`` kills and ``STOPS · scale`` pauses, drawn by ``seed``."""
    count, kills, stops = max(60, int(ROWS * scale)), max(5, int(KILLS * scale)), max(1, int(STOPS * scale))
    with own_database("bulk_crash"), _mock_media() as url:
        return _run(url, random.Random(seed), seed, count, kills, stops)


def _run(url: str, draw: random.Random, seed: int, count: int, kills: int, stops: int) -> Result:
    from campaigns.services.bulk.accept import accept_rows
    from campaigns.services.bulk.options import BulkOptions
    from tests.campaigns.bulk.media import Media, open_media_accounts
    from tests.factories import OrganizationFactory, make_actor, make_member
    from xmagnet.core.scope import organization_scope

    media = Media(url)
    organization = OrganizationFactory(slug=f"crash-{seed}")
    actor = make_actor(organization, user_id=make_member(organization).pk)
    accounts = open_media_accounts(organization, media)
    pairs = [(platform, remote_id) for platform, found in accounts.items() for _, remote_id in found]
    rows = []
    for number in range(count):
        platform, remote_id = pairs[number % len(pairs)]
        name = f"crash{seed} {number}"
        rows.append(media.row(platform, remote_id, number % 4000) | {"client_ref": f"crash-{number}", "name": name})
    media.control("POST", "latency", latency_ms=LATENCY_MS, read_lag_ms=READ_LAG_MS)
    for path in CREATES:
        media.fault("reset_after", path, count=None, probability=LOST_SHARE)
        media.fault("reset_before", path, count=None, probability=BROKEN_SHARE)
    with organization_scope(organization.pk):
        job = accept_rows(actor, rows, options=BulkOptions(), idempotency_key="crash").job
    with _Workers(url) as workers:
        done = _torment(workers, organization, job.pk, kills, stops, draw)
        final = _wait(workers, organization, job.pk)
    tell(f"{done}; {final.state} {final.counts}")
    names = [name for name in media.names() if name.startswith(f"crash{seed} ")]
    missing, duplicates = missing_and_double(names, [str(row["name"]) for row in rows])
    lost = int(media.control("GET", "calls")["faults"].get("reset_after", 0))
    unexplained = _unexplained(organization, job.pk, names)
    account_id, remote_id = accounts["douyin"][0]
    naive_missing, naive_duplicates = _naive(media, organization, account_id, remote_id, count, seed)
    return {
        "rows": count,
        "kills": done["kill"],
        "stops": done["stop"],
        "lost_answers": lost,
        "missing": missing,
        "duplicates": duplicates,
        "unexplained": unexplained,
        "naive_missing": naive_missing,
        "naive_duplicates": naive_duplicates,
    }


def missing_and_double(names: list[str], expected: list[str]) -> tuple[int, int]:
    """Plans that are not there, and plans that are there too often, by the name without our key."""
    plain = [name.rpartition("#")[0] for name in names]
    return len(set(expected) - set(plain)), len(plain) - len(set(plain))


@contextmanager
def _mock_media() -> Iterator[str]:
    """A mock media in a process of its own; Django's settings point at it."""
    from django.conf import settings

    from media_connectors.gateway.connectors import forget_connectors

    (port,) = free_ports(1)
    command = [sys.executable, "-m", "media_connectors.mockserver", "--port", str(port), "--accounts", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    settings.MEDIA_BASE_URLS = {"oceanengine": url, "kuaishou": url}
    forget_connectors()
    _await_media(url)
    try:
        yield url
    finally:
        process.kill()
        process.wait()


def _await_media(url: str) -> None:
    import httpx

    ends_at = time.monotonic() + 30
    while time.monotonic() < ends_at:
        try:
            httpx.get(f"{url}/control/api/summary", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the mock media did not start")


@dataclass
class _Workers:
    """Worker processes; one that was killed is replaced."""

    media_url: str
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> _Workers:
        self.keep_up()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.running:
            process.kill()
            process.wait()

    def keep_up(self) -> None:
        """As many as there should be."""
        self.running = [process for process in self.running if process.poll() is None]
        while len(self.running) < WORKERS:
            self.running.append(self._start())

    def _start(self) -> subprocess.Popen[bytes]:
        from django.db import connection

        given = connection.settings_dict
        url = f"postgresql://{given['USER']}@/{given['NAME']}?host={quote(str(given['HOST']))}"
        environment = {
            **os.environ,
            "DATABASE_URL": f"{url}&port={given['PORT']}" if given["PORT"] else url,
            "MEDIA_OCEANENGINE_BASE_URL": self.media_url,
            "MEDIA_KUAISHOU_BASE_URL": self.media_url,
            "BULK_ENGINE": orjson.dumps(ENGINE).decode(),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks._bulk_worker"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def _torment(
    workers: _Workers, organization: Any, job_id: str, kills: int, stops: int, draw: random.Random
) -> dict[str, int]:
    """Kill or pause a worker process every so often while the job runs; what was done."""
    planned = ["kill"] * kills + ["stop"] * stops
    draw.shuffle(planned)
    done = {"kill": 0, "stop": 0}
    time.sleep(3.0)  # the first have started
    for deed in planned:
        time.sleep(draw.uniform(0.3, 0.9))
        if not _job(organization, job_id).is_live:
            break
        victim = draw.choice(workers.running)
        if deed == "kill":
            victim.kill()
            victim.wait()
        else:
            _pause(victim.pid, draw.uniform(2.0, ENGINE["lease_seconds"] + 3.0))
        done[deed] += 1
        workers.keep_up()
    return done


def _pause(pid: int, seconds: float) -> None:
    """Stop the process and let it go on later, while this one goes on at once."""
    os.kill(pid, signal.SIGSTOP)
    subprocess.Popen(["/bin/sh", "-c", f"sleep {seconds:.1f}; kill -CONT {pid} 2>/dev/null"])


def _job(organization: Any, job_id: str) -> Any:
    from django.db import transaction

    from xmagnet.core.scope import organization_scope
    from xmagnet.jobs.models import Job

    with organization_scope(organization.pk), transaction.atomic():
        return Job.objects.get(pk=job_id)


def _wait(workers: _Workers, organization: Any, job_id: str) -> Any:
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends_at:
        workers.keep_up()
        job = _job(organization, job_id)
        if not job.is_live:
            return job
        time.sleep(0.3)
    raise AssertionError(f"not finished: {job.state} {job.counts}")


def _unexplained(organization: Any, job_id: str, names: list[str]) -> int:
    """Rows that are neither succeeded with their plan at the media nor ended with a reason."""
    from django.db import transaction

    from campaigns.models import BulkRow
    from xmagnet.core.scope import organization_scope

    at_media = {name.rpartition("#")[2] for name in names}
    with organization_scope(organization.pk), transaction.atomic():
        rows = list(BulkRow.objects.filter(job_id=job_id))
    return sum(
        (row.state != "succeeded" or not row.plan_id) if row.row_key in at_media else not row.errors for row in rows
    )


def _naive(media: Any, organization: Any, account_id: int, remote_id: str, count: int, seed: int) -> tuple[int, int]:
    """The same number of plans by the same connectors, sending again whatever was not answered."""
    from media_connectors.errors import MediaError
    from media_connectors.services.lines import line_to
    from tests.media_connectors.rows import campaign_draft, plan_draft
    from xmagnet.core.scope import organization_scope

    material = media.materials[remote_id][0]
    with organization_scope(organization.pk):
        line = line_to(account_id)

    def until_answered(call: Any) -> str:
        for _attempt in range(NAIVE_ATTEMPTS):
            try:
                return str(line.call(call))
            except MediaError:
                continue
        return ""

    from media_connectors.contracts import MaterialKind, MaterialRef
    from xmagnet.core.clock import media_today

    campaign = until_answered(
        lambda connector, access: connector.create_campaign(access, campaign_draft(f"naive {seed} {time.time_ns()}"))
    )
    ref = MaterialRef(MaterialKind.VIDEO_VERTICAL, material["id"], material["cover_id"])

    def create(number: int) -> None:
        # A name of its own for each attempt, as a naive caller numbers or stamps them: the media refuses equal names.
        attempt = iter(range(NAIVE_ATTEMPTS))
        until_answered(
            lambda connector, access: connector.create_plan(
                access,
                plan_draft(f"naive{seed} {number}#{next(attempt)}", campaign, start_on=media_today(), materials=(ref,)),
            )
        )

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(create, range(count)))
    names = [name for name in media.names() if name.startswith(f"naive{seed} ")]
    return missing_and_double(names, [f"naive{seed} {number}" for number in range(count)])
